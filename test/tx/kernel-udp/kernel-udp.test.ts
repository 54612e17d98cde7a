import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ERRNO } from '../../../src/errors.js';
import { openKernelUdp } from '../../../src/tx/kernel-udp/kernel-udp.js';
import type { TxBatch } from '../../../src/tx/net-device.js';
import { JoinedSkb } from '../../../src/ufo/joined-skb.js';
import { pushJoined, pushPayload } from '../../../src/ufo/segment.js';
import type { StreamPayload } from '../../../src/ufo/stream-skb.js';
import { type FakeKernel, hex, NEAR0, newKernel } from '../fake-kernel.js';
import { batchOf, emptyBatch, pattern, pushFrame, to4, to6 } from '../rows.js';

/** struct sockaddr_in of 192.0.2.2:9999, and of another port. */
const NAME4 = '0200270fc00002020000000000000000';
const NAME6 = `0a00270f0000000020010db8000000000000000000000002${'0'.repeat(8)}`;

const payload = (len: number): StreamPayload => ({ len, octets: pattern(len), frags: [], sum: -1 });

let kernel: FakeKernel;
beforeEach(() => {
  kernel = newKernel();
});

describe('kernel-udp', () => {
  it('sends payloads by a socket of its own, bound to the source, to where the flow goes', async () => {
    const device = await openKernelUdp({ interface: NEAR0, family: 4 });
    const batch = batchOf(to4());
    const rows = [pushFrame(batch, 0, 0, 3000), pushFrame(batch, 0, 0, 5)];
    assert.equal(device.xmit(batch, 0), 2);
    assert.deepEqual(kernel.sockets, ['2,524290,0']); // AF_INET, SOCK_DGRAM | SOCK_CLOEXEC
    const { fd } = kernel;
    assert.equal(kernel.bound.get(fd), '02000457c00002010000000000000000');
    assert.deepEqual(
      kernel.sent.map(({ octets, name, control }) => [hex(octets), name, control.length]),
      rows.map((row) => [hex(row), NAME4, 0]),
    );
    // SO_BROADCAST, IP_TTL, IP_TOS, IP_MTU_DISCOVER (don't), SO_NO_CHECK, SO_SNDBUFFORCE
    const set = [kernel.option(fd, 1, 6), kernel.option(fd, 0, 2), kernel.option(fd, 0, 1), kernel.option(fd, 0, 10)];
    assert.deepEqual([...set, kernel.option(fd, 1, 11), kernel.option(fd, 1, 32)], [1, 64, 0, 0, 0, 4 << 20]);
    assert.equal(kernel.option(fd, 1, 25), undefined); // SO_BINDTODEVICE
    await device.close();
    assert.equal(kernel.open.size, 0);
  });

  it('has the socket do what the flow says, in either family', async () => {
    const special = { ttl: 3, tos: 0x2e, checksum: false, mtu: 1400 };
    const device4 = await openKernelUdp({ interface: NEAR0, family: 4, bound: true });
    const batch4 = batchOf(to4({ ...special, dontFragment: true }));
    pushFrame(batch4, 0, 0, 10);
    device4.xmit(batch4, 0);
    const { fd } = kernel;
    const set4 = [kernel.option(fd, 0, 2), kernel.option(fd, 0, 1), kernel.option(fd, 0, 10), kernel.option(fd, 1, 11)];
    assert.deepEqual(set4, [3, 0x2e, 2, 1]); // IP_PMTUDISC_DO
    assert.equal(Buffer.from(kernel.options.get(fd)!.get('1.25')!).toString(), 'near0');
    await device4.close();

    const device6 = await openKernelUdp({ interface: NEAR0, family: 6 });
    const batch6 = batchOf(to6(special));
    pushFrame(batch6, 0, 0, 10);
    device6.xmit(batch6, 0);
    assert.equal(kernel.sockets[1], '10,524290,0');
    const six = kernel.fd;
    // IPV6_UNICAST_HOPS, IPV6_TCLASS, IPV6_MTU_DISCOVER, IPV6_MTU, IPV6_V6ONLY; UDP_NO_CHECK6_TX; SO_BROADCAST
    const set6 = [16, 67, 23, 24, 26].map((name) => kernel.option(six, 41, name));
    assert.deepEqual(
      [...set6, kernel.option(six, 17, 101), kernel.option(six, 1, 6)],
      [3, 0x2e, 0, 1400, 1, 1, undefined],
    );
    assert.equal(kernel.sent.at(-1)!.name, NAME6);
  });

  it('sends to groups by its interface, with a TTL of their own', async () => {
    for (const [family, flow, level, ttlName, byName, by] of [
      [4, to4({ destination: '239.1.2.3', ttl: 5 }), 0, 33, 32, '000000000000000007000000'],
      [6, to6({ destination: 'ff02::5', ttl: 5 }), 41, 18, 17, '07000000'],
    ] as const) {
      const device = await openKernelUdp({ interface: NEAR0, family });
      const batch = batchOf(flow);
      pushFrame(batch, 0, 0, 10);
      assert.equal(device.xmit(batch, 0), 1);
      const { fd } = kernel;
      assert.equal(kernel.option(fd, level, ttlName), 5);
      assert.equal(kernel.option(fd, level, family === 4 ? 2 : 16), undefined);
      assert.equal(hex(kernel.options.get(fd)!.get(`${level}.${byName}`)!), by);
      await device.close();
    }
    assert.match(kernel.sent.at(-1)!.name, /07000000$/, 'the scope of a link-local group');
  });

  it('sends in one call what one socket can send as it is set, and no more', async () => {
    const device = await openKernelUdp({ interface: NEAR0, family: 4 });
    const flows = [
      to4(),
      to4({ destinationPort: 53 }),
      to4({ ttl: 9 }),
      to4({ ttl: 9, sourcePort: 1112 }),
      to4({ ttl: 9, sourcePort: 1112, tos: 4 }),
      to4({ ttl: 9, sourcePort: 1112, tos: 4, checksum: false }),
      to4({ ttl: 9, sourcePort: 1112, tos: 4, checksum: false, dontFragment: true }),
      to4({ ttl: 9, sourcePort: 1112, tos: 4, checksum: false, dontFragment: true, mtu: 1400 }),
      to4({ ttl: 9, sourcePort: 1112, tos: 4, checksum: false, dontFragment: true, mtu: 1400, source: '192.0.2.9' }),
    ];
    const batch = batchOf(...flows);
    for (let owner = 0; owner < flows.length; owner++) pushFrame(batch, owner, 0, 10);
    const taken: number[] = [];
    for (let row = 0; row < flows.length; row += taken.at(-1)!) taken.push(device.xmit(batch, row));
    assert.deepEqual(taken, [2, 1, 1, 1, 1, 1, 1, 1]);
    assert.equal(kernel.open.size, 3, 'a socket for each source address and port');
    assert.deepEqual(
      kernel.sent.slice(0, 2).map(({ name }) => name),
      [NAME4, NAME4.replace('270f', '0035')],
    );
    await device.close();
    assert.equal(kernel.open.size, 0);
  });

  it('sets a shared socket up and leaves it open', async () => {
    const device = await openKernelUdp({ interface: NEAR0, family: 4, fd: kernel.newFd() });
    const batch = batchOf(to4(), to4({ sourcePort: 5 }));
    pushFrame(batch, 0, 0, 10);
    assert.equal(device.xmit(batch, 0), 1);
    await device.close();
    assert.deepEqual([kernel.open.size, kernel.sockets.length], [1, 0]);
  });

  it('tells the call that failed, and keeps no socket that it could not set up', async () => {
    const device = await openKernelUdp({ interface: NEAR0, family: 4 });
    const batch = batchOf(to4());
    pushFrame(batch, 0, 0, 10);
    for (const [call, after] of [
      ['socket', 0],
      ['bind', 0],
      ['setsockopt', 1],
    ] as const) {
      kernel.fail(call, 'EACCES', { after });
      assert.equal(device.xmit(batch, 0), -ERRNO.EACCES);
      assert.equal(device.syscall, call);
      kernel.heal();
      assert.equal(kernel.open.size, 0, call);
    }
    assert.equal(device.xmit(batch, 0), 1);
    assert.equal(device.syscall, 'sendmmsg');
    await device.close();
  });

  it('refuses headers that a payload cannot have', async () => {
    const device = await openKernelUdp({ interface: NEAR0, family: 4 });
    const batch = batchOf(to4({ options: Uint8Array.of(1, 1, 1, 0) }), to4());
    pushFrame(batch, 0, 0, 10);
    pushFrame(batch, 1, 0, 10);
    assert.equal(device.xmit(batch, 0), -ERRNO.EOPNOTSUPP);
    assert.equal(device.xmit(batch, 1), 1);
  });

  it('tries again while what failed were ICMP errors of earlier datagrams, eight times at most', async () => {
    let waiting = 3;
    const takeErrors = () => (waiting-- > 0 ? 1 : 0);
    const device = await openKernelUdp({ interface: NEAR0, family: 4, takeErrors });
    const batch = batchOf(to4());
    pushFrame(batch, 0, 0, 10);
    kernel.fail('sendmmsg', 'ECONNREFUSED', { times: 3 });
    assert.equal(device.xmit(batch, 0), 1);
    waiting = 3;
    kernel.fail('sendmmsg', 'EAGAIN');
    assert.equal(device.xmit(batch, 0), -ERRNO.EAGAIN);
    kernel.fail('sendmmsg', 'ENOBUFS');
    assert.equal(device.xmit(batch, 0), -ERRNO.ENOBUFS);
    assert.equal(waiting, 3, 'a full buffer is nobody’s ICMP error');
    waiting = 100;
    kernel.fail('sendmmsg', 'EHOSTUNREACH');
    assert.equal(device.xmit(batch, 0), -ERRNO.EHOSTUNREACH);
    assert.equal(100 - waiting, 9, 'errors taken after the first try and after each of eight more');
    waiting = 0;
    kernel.fail('sendmmsg', 'EPERM', { times: 1 });
    assert.equal(device.xmit(batch, 0), -ERRNO.EPERM, 'an error of its own is told');
  });

  it('accounts in packets, as many as the kernel cuts', async () => {
    // A last packet may fill an MTU that is not rounded: 1500 − 20 = 1480 octets, and 1500 − 40 − 8 = 1452 with 1448 before it.
    for (const [family, payload, packets] of [
      [4, 1472, 1],
      [4, 1473, 2],
      [4, 2 * 1480 - 8, 2],
      [4, 2 * 1480 - 7, 3],
      [6, 1452, 1],
      [6, 1453, 2],
      [6, 1448 + 1452 - 8, 2],
      [6, 1448 + 1452 - 7, 3],
    ] as const) {
      const device = await openKernelUdp({ interface: NEAR0, family });
      const batch = batchOf(family === 4 ? to4() : to6());
      pushFrame(batch, 0, 0, payload);
      device.xmit(batch, 0);
      assert.deepEqual([device.lost().unknown, device.lost().socket], [packets, null], `IPv${family}, ${payload}`);
    }
  });
});

describe('a socket that could be set up by half', () => {
  it('is set up anew for the flow before, and what fails then is the send', async () => {
    const device = await openKernelUdp({ interface: NEAR0, family: 4 });
    const batch = batchOf(to4(), to4({ ttl: 5, tos: 4 }));
    for (const owner of [0, 1, 0]) pushFrame(batch, owner, 0, 10);
    assert.equal(device.xmit(batch, 0), 1);
    kernel.fail('setsockopt', 'EPERM', { after: 1 });
    assert.equal(device.xmit(batch, 1), -ERRNO.EPERM);
    assert.equal(device.syscall, 'setsockopt');
    kernel.heal();
    assert.equal(device.xmit(batch, 2), 1);
    assert.equal(kernel.option(kernel.sent.at(-1)!.fd, 0, 2), 64); // IP_TTL
    kernel.fail('setsockopt', 'EPERM');
    device.xmit(batch, 1);
    kernel.heal();
    device.xmit(batch, 2);
    kernel.fail('setsockopt', 'EPERM');
    device.xmit(batch, 1);
    assert.equal(device.syscall, 'setsockopt');
    kernel.fail('sendmmsg', 'ENETDOWN');
    kernel.heal();
    assert.equal(device.xmit(batch, 2), 1);
    assert.equal(device.syscall, 'sendmmsg');
  });
});

describe('joined datagrams', () => {
  /** Rows of datagrams of these lengths, joined run by run. */
  const joined = (...runs: readonly (readonly number[])[]): TxBatch => {
    const { table, pool } = emptyBatch(512);
    const skbs = runs.map(([first, ...others], owner) => {
      const joining = new JoinedSkb(pool, to4(), payload(first!));
      joining.fill(payload(first!), 1);
      for (const len of others) joining.append(payload(len));
      joining.seal();
      if (others.length > 0) pushJoined(table, joining.skb, owner);
      else pushPayload(table, joining.skb, owner);
      return joining.skb;
    });
    return { table, pool, skbs };
  };
  const opened = async () => {
    const device = await openKernelUdp({ interface: NEAR0, family: 4 });
    assert.equal(device.usoRefusal(to4(), 100), null);
    return device;
  };
  /** Octets of each message, and where it is to be cut: `struct cmsghdr` of SOL_UDP, UDP_SEGMENT. */
  const told = () =>
    kernel.sent.map(({ octets, control }) => {
      if (control.length === 0) return [octets.length];
      assert.equal(hex(control.subarray(0, 16)), '12000000000000001100000067000000');
      return [octets.length, new DataView(control.buffer).getUint16(16, true)];
    });

  it('are a message, which says how long the first one is', async () => {
    const device = await opened();
    const batch = joined([100, 100, 100, 40], [100, 100], [200, 200], [200]);
    assert.equal(device.xmit(batch, 0), 9);
    assert.deepEqual(told(), [[340, 100], [200, 100], [400, 200], [200]]);
    assert.equal(hex(kernel.sent[0]!.octets), [100, 100, 100, 40].map((len) => hex(pattern(len))).join(''));
  });

  it('are cut in front of where the last call ended', async () => {
    const device = await opened();
    assert.equal(device.xmit(joined([100, 100, 100, 40]), 2), 2);
    assert.equal(device.xmit(joined([100, 100, 100, 40]), 3), 1);
    assert.deepEqual(told(), [[140, 100], [40]]);
  });

  it('count as the datagrams that they are, in part too', async () => {
    const device = await opened();
    const batch = joined([100, 100, 100, 50], [100, 30]);
    kernel.most = 1;
    assert.equal(device.xmit(batch, 0), 4);
    assert.equal(device.lost().unknown, 4);
    kernel.counted = { packets: 0, errors: 0, dropped: 1, backlog: 0 };
    assert.deepEqual([device.lost().qdisc, device.lost().unknown], [4, 0], 'a drop is one of up to four');
  });

  it('are as many as one drop may be, whichever message of a call they are', async () => {
    const device = await opened();
    assert.equal(device.xmit(joined([200], [100, 100, 100, 50]), 0), 5);
    kernel.counted = { packets: 1, errors: 0, dropped: 1, backlog: 0 };
    assert.deepEqual([device.lost().qdisc, device.lost().unknown], [4, 0]);
  });

  it('go one by one for good once the kernel refuses to cut them', async () => {
    for (const errno of ['EINVAL', 'EIO', 'EMSGSIZE', 'EOPNOTSUPP'] as const) {
      kernel = newKernel();
      const device = await opened();
      const batch = joined([100, 100]);
      kernel.fail('sendmmsg', errno, { times: 1 });
      assert.equal(device.xmit(batch, 0), 2);
      assert.deepEqual(told(), [[100], [100]]);
      assert.match(device.usoRefusal(to4(), 100)!, /near0 \(E/);
      kernel.fail('sendmmsg', errno, { times: 1 });
      assert.equal(device.xmit(batch, 0), -ERRNO[errno], 'single ones are not tried twice');
    }
    const device = await openKernelUdp({ interface: NEAR0, family: 4 });
    const batch = joined([100, 100]);
    kernel.fail('sendmmsg', 'ENETDOWN');
    assert.equal(device.xmit(batch, 0), -ERRNO.ENETDOWN);
    assert.equal(device.usoRefusal(to4(), 100), null);
  });

  it('are refused where they could not be told apart, or would not be cut', async () => {
    const device = await openKernelUdp({ interface: NEAR0, family: 4 });
    assert.equal(device.usoRefusal(to4(), 1473), undefined, 'what does not fit the MTU is no question');
    assert.match(device.usoRefusal(to4(), 0)!, /empty/);
    assert.match(device.usoRefusal(to4({ checksum: false }), 10)!, /checksum/);
    kernel.features = { 'tx-udp-segmentation': true };
    const other = await openKernelUdp({ interface: NEAR0, family: 4 });
    assert.match(other.usoRefusal(to4(), 10)!, /ethtool -K near0 tx-udp-segmentation off/);
    const batch = joined([100, 100]);
    other.xmit(batch, 0);
    assert.deepEqual(told(), [[100], [100]]);
    kernel.fail('ioctl', 'ENODEV');
    const unknown = await openKernelUdp({ interface: NEAR0, family: 4 });
    assert.match(unknown.usoRefusal(to4(), 10)!, /nobody knows/);
  });
});
