import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as c from '../../src/host/constants.js';
import { addressOf, lastErrno, libc, mapFailed, viewOf } from '../../src/host/libc.js';
import { getSockOptInt, openSocket, pollWritable, setSockOptInt } from '../../src/host/socket-calls.js';

/** <bits/socket_type.h>; nothing of ours opens a stream. */
const SOCK_STREAM = 1;

describe('libc', () => {
  it('maps memory and shows it, and tells a mapping that failed', () => {
    const flags = c.MAP_PRIVATE | c.MAP_ANONYMOUS;
    const at = libc().mmap(null, 8192, c.PROT_READ | c.PROT_WRITE, flags, -1, 0);
    assert.ok(!mapFailed(at));
    const view = new Uint8Array(viewOf(at, 8192));
    view[8191] = 0xa5;
    assert.equal(new Uint8Array(viewOf(at + 8191, 1))[0], 0xa5);
    assert.equal(libc().munmap(at, 8192), 0);
    assert.ok(mapFailed(libc().mmap(null, 0, c.PROT_READ, flags, -1, 0)));
    assert.equal(lastErrno(), 22); // EINVAL: a length of 0
  });

  it('knows addresses inside one buffer', () => {
    const buffer = new Uint8Array(new ArrayBuffer(4096));
    assert.equal(addressOf(buffer.subarray(100)) - addressOf(buffer), 100);
    const wasmLike = new Uint8Array(new SharedArrayBuffer(4096), 64);
    assert.ok(Number.isSafeInteger(addressOf(wasmLike)) && addressOf(wasmLike) < 2 ** 47);
  });

  it('knows interfaces', () => {
    assert.ok(libc().if_nametoindex('lo') > 0);
    assert.equal(libc().if_nametoindex('nosuch0'), 0);
  });
});

describe('socket calls', () => {
  it('set and read options; failures name call, level and option', () => {
    const fd = openSocket(c.AF_INET, c.SOCK_DGRAM | c.SOCK_CLOEXEC, 0);
    setSockOptInt(fd, c.SOL_SOCKET, c.SO_SNDBUF, 20000);
    assert.equal(getSockOptInt(fd, c.SOL_SOCKET, c.SO_SNDBUF), 40000); // the kernel doubles it
    assert.throws(() => setSockOptInt(fd, c.SOL_SOCKET, 9999, 1), {
      code: 'ENOPROTOOPT',
      syscall: 'setsockopt',
      message: 'setsockopt ENOPROTOOPT: level 1, option 9999',
    });
    assert.throws(() => getSockOptInt(fd, c.IPPROTO_IP, c.IP_MTU), { code: 'ENOTCONN', syscall: 'getsockopt' });
    libc().close(fd);
    assert.throws(() => openSocket(9999, c.SOCK_DGRAM, 0), { code: 'EAFNOSUPPORT', syscall: 'socket' });
  });

  it('wait until a socket can be written, or the time is over, or the caller gives up', async () => {
    const udp = openSocket(c.AF_INET, c.SOCK_DGRAM | c.SOCK_CLOEXEC, 0);
    assert.equal(await pollWritable(udp, 1000), true);
    libc().close(udp);
    await assert.rejects(pollWritable(udp, 1000), { code: 'EBADF', syscall: 'poll' });

    const listening = openSocket(c.AF_INET, SOCK_STREAM | c.SOCK_CLOEXEC, 0); // never writable once it listens
    const address = new Uint8Array(16);
    address.set([c.AF_INET, 0, 0, 0, 127, 0, 0, 1]);
    assert.equal(libc().bind(listening, address, 16), 0);
    assert.equal(libc().listen(listening, 1), 0);
    const start = performance.now();
    assert.equal(await pollWritable(listening, 150), false);
    assert.ok(performance.now() - start >= 149);
    await assert.rejects(pollWritable(listening, 5000, AbortSignal.timeout(20)), { name: 'TimeoutError' });
    assert.ok(performance.now() - start < 5000, 'the signal came too late');
    libc().close(listening);
  });
});
