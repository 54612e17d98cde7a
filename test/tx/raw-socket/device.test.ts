import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { beforeEach, describe, it, mock } from 'node:test';
import { ERRNO } from '../../../src/errors.js';
import { loadRawSocket, type RawSocketWrap } from '../../../src/tx/raw-socket/module.js';
import { openRawSocket, type RawSocketOptions } from '../../../src/tx/raw-socket/raw-socket.js';
import { type FakeKernel, hex, newKernel } from '../fake-kernel.js';
import { batchOf, pushFrame, to4, to6 } from '../rows.js';

/** The fake package's. The driver looks for it in /proc/self/fd, so it must really be open: standard input always is. */
const PACKAGE_FD = 0;
const [RCVLOWAT, RECVERR4, RECVERR6] = ['1.18', '0.11', '41.25'];

/** npm raw-socket as far as the driver knows it. */
class FakeWrap extends EventEmitter implements RawSocketWrap {
  readonly options: [string, number | string][] = [];
  constructor() {
    super();
    this.on('error', () => this.close());
  }
  readonly sent: { octets: string; address: string }[] = [];
  closed = 0;
  errors: Record<string, string> = {};
  send(buffer: Uint8Array, offset: number, len: number, address: string, done: (octets: number) => void): void {
    this.#fail('send');
    this.sent.push({ octets: hex(buffer.subarray(offset, offset + len)), address });
    done(len);
  }
  setOption(level: number, option: number, value: number | Buffer): void {
    this.#fail(`${level}.${option}`);
    this.options.push([`${level}.${option}`, typeof value === 'number' ? value : value.toString()]);
  }
  getOption(): number {
    return 4;
  }
  /** Whether libuv is to tell when the socket can be written to. */
  watched = false;
  pause(_receiving: boolean, sending: boolean): void {
    this.watched = !sending;
  }
  close(): void {
    this.closed += 1;
  }
  option(name: string): number | string | undefined {
    return this.options.findLast(([one]) => one === name)?.[1];
  }
  #fail(call: string): void {
    if (this.errors[call] !== undefined) throw new Error(this.errors[call]);
  }
}

let kernel: FakeKernel;
let wrap: FakeWrap;
let created: unknown;
/** Milliseconds that each look at the clock takes: the driver goes back to its event loop after five. */
let pace = 0;
let now = 0;
mock.method(performance, 'now', () => {
  now += pace;
  return now;
});
loadRawSocket(() => ({
  AddressFamily: { IPv4: 1, IPv6: 2 },
  createSocket: (options: unknown) => {
    created = options;
    return { wrap, pauseRecv: () => undefined };
  },
}));
beforeEach(() => {
  kernel = newKernel();
  pace = 0;
  wrap = new FakeWrap();
  kernel.answers['getsockopt'] = (...[fd, , , value]: unknown[]) => {
    (value as Int32Array)[0] = fd === PACKAGE_FD ? Number(wrap.option(RCVLOWAT)) : 1;
    return 0;
  };
  kernel.answers['if_nametoindex'] = () => 7;
});

function open(batch: { pool: RawSocketOptions['pool'] }, more: Partial<RawSocketOptions> = {}) {
  return openRawSocket({ family: 4, mtu: 1500, interface: 'near0', pool: batch.pool, ...more });
}

describe('the driver raw-socket', () => {
  it('opens a socket whose headers are its own, that fragments pass whole, and that hears of errors', async () => {
    const batch = batchOf(to4());
    const device = await open(batch);
    assert.deepEqual(created, { protocol: 255, addressFamily: 1 });
    assert.equal(wrap.listenerCount('error'), 1, 'ours; the package’s own would close the socket');
    const set = ['0.11', '1.6', '0.22', '0.10', '1.32', '1.25'].map((name) => wrap.option(name));
    assert.deepEqual(set, [1, 1, 1, 3, 4 << 20, undefined]); // IP_NODEFRAG; IP_PMTUDISC_PROBE
    assert.equal(wrap.option(RCVLOWAT), 1, 'as it was before the mark');
    const { features, writesHeaders, rightsIpv4Headers, seenByCaptures, zerocopy } = device;
    assert.deepEqual(
      [features, writesHeaders, rightsIpv4Headers, seenByCaptures, zerocopy],
      [1, true, true, true, false],
    );
    await device.close();
    const six = await open(batch, { family: 6, bound: true, sendBufferSize: 1000 });
    assert.deepEqual(created, { protocol: 255, addressFamily: 2 });
    assert.deepEqual(
      ['41.25', '41.23', '1.32', '1.25'].map((name) => wrap.option(name)),
      [1, 3, 500, 'near0'], // the kernel doubles a buffer
    );
    await six.close();
  });

  it('takes the ordinary send buffer where the other is forbidden', async () => {
    const batch = batchOf(to4());
    wrap.errors['1.32'] = 'Operation not permitted';
    await (await open(batch)).close();
    assert.equal(wrap.option('1.7'), 4 << 20);
  });

  it('closes what it has opened and gives its pages back where an option is refused', async () => {
    const batch = batchOf(to4());
    const { freePages } = batch.pool;
    for (const name of [RECVERR4, '1.25', '0.10']) {
      wrap = new FakeWrap();
      wrap.errors[name!] = 'Operation not permitted';
      await assert.rejects(open(batch, { bound: true }), { code: 'EPERM', hint: /CAP_NET_RAW/ });
      assert.deepEqual([wrap.closed, batch.pool.freePages], [1, freePages], name);
    }
  });

  it('sends rows from where they lie by the socket of the package, connected once to each destination', async () => {
    const [one, other] = [to4(), to4({ destination: '192.0.2.3' })];
    const batch = batchOf(one, other, { ...one, destinationPort: 53 });
    const device = await open(batch);
    const rows = [0, 2, 1, 1, 0].map((owner) => hex(pushFrame(batch, owner, 20, 30)));
    const taken: number[] = [];
    for (let row = 0; row < 5; row += taken.at(-1)!) taken.push(device.xmit(batch, row));
    assert.deepEqual(taken, [2, 2, 1]);
    assert.deepEqual(
      kernel.sent.map(({ octets, fd }) => [hex(octets), fd]),
      rows.map((row) => [row, PACKAGE_FD]),
    );
    const name = (last: string): string => `02000000c00002${last}0000000000000000`;
    assert.deepEqual(kernel.connected.get(PACKAGE_FD), [name('02'), name('03'), name('02')]);
    assert.equal(device.xmit(batch, 4), 1);
    assert.equal(kernel.connected.get(PACKAGE_FD)!.length, 3, 'it is connected there already');
    assert.equal(device.lost().unknown, 6);
    await device.close();
  });

  it('names a link-local destination with its interface, and refuses one without', async () => {
    const flow = to6({ source: 'fe80::1', destination: 'fe80::2' });
    const batch = batchOf(flow);
    const request = { family: 6 as const, destination: flow.destination, source: flow.source };
    const unbound = await open(batch, { family: 6 });
    await assert.rejects(unbound.linkHeader(request), { message: /^interface: .*link-local/, hint: /fe80::2%eth0/ });
    await assert.rejects(unbound.linkHeader({ ...request, destination: to6({ destination: 'ff02::1' }).destination }));
    assert.equal((await unbound.linkHeader({ ...request, destination: to6().destination })).length, 0);
    assert.equal(
      (await unbound.linkHeader({ ...request, destination: to6({ destination: 'ff05::1' }).destination })).length,
      0,
    );
    await unbound.close();
    const device = await open(batch, { family: 6, bound: true });
    assert.equal((await device.linkHeader(request)).length, 0);
    pushFrame(batch, 0, 40, 10);
    assert.equal(device.xmit(batch, 0), 1);
    assert.match(kernel.connected.get(PACKAGE_FD)!.at(-1)!, /^0a000000.*07000000$/);
    await device.close();
  });

  it('tells which call failed, and connects again after that', async () => {
    const batch = batchOf(to4());
    const device = await open(batch);
    pushFrame(batch, 0, 20, 30);
    kernel.fail('connect', 'ENETUNREACH', { times: 1 });
    assert.equal(device.xmit(batch, 0), -ERRNO.ENETUNREACH);
    assert.equal(device.syscall, 'connect');
    kernel.fail('sendmmsg', 'EPERM', { times: 1 });
    assert.equal(device.xmit(batch, 0), -ERRNO.EPERM);
    assert.equal(device.syscall, 'sendmmsg');
    assert.equal(device.xmit(batch, 0), 1);
    await device.close();
  });

  it('empties the error queue after a refusal that leaves an entry there, and not where a buffer is full', async () => {
    for (const [family, name] of [
      [4, RECVERR4],
      [6, RECVERR6],
    ] as const) {
      wrap = new FakeWrap();
      const batch = batchOf(family === 4 ? to4() : to6());
      const device = await open(batch, { family });
      pushFrame(batch, 0, 40, 30);
      wrap.options.length = 0;
      for (const errno of ['EAGAIN', 'ENOBUFS'] as const) {
        kernel.fail('sendmmsg', errno);
        assert.equal(device.xmit(batch, 0), -ERRNO[errno]);
      }
      assert.deepEqual(wrap.options, []);
      kernel.fail('sendmmsg', 'EMSGSIZE');
      device.xmit(batch, 0);
      assert.deepEqual(wrap.options, [
        [name, 0],
        [name, 1],
      ]);
      kernel.counted = { packets: 0, errors: 0, dropped: 1, backlog: 0 };
      assert.equal(device.lost().qdisc, 0, 'what was refused is sent again');
      kernel.heal();
      await device.close();
    }
  });

  it('waits for its buffer where that is full, and for nothing but time where a queue below it is', async () => {
    const batch = batchOf(to4());
    const device = await open(batch);
    pushFrame(batch, 0, 20, 30);
    for (const [errno, watched] of [
      ['EAGAIN', true],
      ['ENOBUFS', false],
      ['EAGAIN', false],
      [undefined, true],
    ] as const) {
      if (errno !== undefined) kernel.fail('sendmmsg', errno, { times: 1 });
      device.xmit(batch, 0);
      const waiting = device.writable();
      assert.equal(wrap.watched, watched, errno);
      wrap.emit('sendReady');
      await waiting;
    }
    await device.close();
  });

  it('is bound to a source of this host, which rules and routes look at, but to none of lo or one link', async () => {
    for (const [source, name] of [
      ['192.0.2.1', '02000000c00002010000000000000000'],
      ['127.0.0.1', undefined],
      ['::1', undefined],
      ['fe80::1', undefined],
      ['2001:db8::1', `0a0000000000000020010db8000000000000000000000001${'0'.repeat(8)}`],
      [undefined, undefined],
    ] as const) {
      kernel.bound.clear();
      const family = source?.includes(':') ? 6 : 4;
      const device = await open(batchOf(to4()), { family, ...(source !== undefined && { source }) });
      assert.equal(kernel.bound.get(PACKAGE_FD)?.slice(0, name?.length), name, source);
      await device.close();
    }
  });

  it('says that connection tracking puts IPv6 fragments together, where it may be in use', async () => {
    for (const [family, notes] of [
      [4, 0],
      [6, 1],
    ] as const) {
      const device = await open(batchOf(to4()), { family });
      assert.equal(device.notes!.length, notes);
      await device.close();
    }
  });

  it('leaves packets with options or a source route to the package, to where their header points', async () => {
    const route = Uint8Array.of(0x83, 7, 4, 198, 51, 100, 9, 0);
    const batch = batchOf(to4({ options: route }), to4());
    const device = await open(batch);
    const row = pushFrame(batch, 0, 28, 10);
    row.set([192, 0, 2, 77], 16);
    batch.pool.memory.bytes.set(row.subarray(0, 28), batch.table.headOffset[0]!);
    pushFrame(batch, 1, 20, 10);
    assert.equal(device.xmit(batch, 0), 2);
    assert.deepEqual(wrap.sent[0], { octets: hex(row), address: '192.0.2.77' });
    assert.equal(wrap.sent[1]!.address, '192.0.2.2');
    assert.equal(kernel.sent.length, 0);
    assert.equal(device.xmit(batch, 1), 1);
    assert.equal(kernel.sent.length, 1);
    await device.close();
  });

  it('sends by the package alone where that is asked for, up to the row that it refuses', async () => {
    const batch = batchOf(to4(), to4({ destination: '192.0.2.3' }));
    const device = await open(batch, { packageCalls: true });
    assert.deepEqual([device.features, device.syscall], [0, 'sendto']);
    const page = batch.pool.allocPage();
    const rows = [0, 1, 0].map((owner) => hex(pushFrame(batch, owner, 20, 30)));
    batch.table.pushRow(0, 20, 0);
    batch.table.pushPiece(page, 0, 1481);
    assert.equal(device.xmit(batch, 0), 3, 'the fourth is longer than the MTU');
    assert.deepEqual(
      wrap.sent.map(({ octets, address }) => [octets, address]),
      [
        [rows[0], '192.0.2.2'],
        [rows[1], '192.0.2.3'],
        [rows[2], '192.0.2.2'],
      ],
    );
    assert.equal(device.xmit(batch, 3), -ERRNO.EMSGSIZE);
    wrap.errors['send'] = 'Network is down';
    assert.equal(device.xmit(batch, 1), -ERRNO.ENETDOWN);
    assert.equal(device.lost().unknown, 3);
    await device.close();
  });

  it('goes back to the event loop after five milliseconds, looking at the clock every 32 packets', async () => {
    const batch = batchOf(to4());
    const device = await open(batch, { packageCalls: true });
    for (let row = 0; row < 100; row++) pushFrame(batch, 0, 20, 0);
    assert.equal(device.xmit(batch, 0), 100);
    pace = 6;
    assert.equal(device.xmit(batch, 0), 1);
    assert.equal(device.xmit(batch, 1), 32);
    assert.equal(device.xmit(batch, 90), 7, 'row 96 is the next that looks');
    pace = 5;
    assert.equal(device.xmit(batch, 0), 33);
    await device.close();
  });

  it('comes to an end once: waiters wake, the socket is closed, pages come back', async () => {
    const batch = batchOf(to4());
    const { freePages } = batch.pool;
    const device = await open(batch);
    assert.equal(batch.pool.freePages, freePages - 1);
    pushFrame(batch, 0, 20, 0);
    const waiting = device.writable();
    await device.close();
    await device.close();
    await waiting;
    await device.writable();
    assert.deepEqual([wrap.closed, batch.pool.freePages, device.xmit(batch, 0)], [1, freePages, -ERRNO.EBADF]);
  });

  it('takes MTUs that a packet can have', async () => {
    const { pool } = batchOf(to4());
    for (const mtu of [28, 65_575]) await (await open({ pool }, { mtu })).close();
    for (const mtu of [27, 65_576]) await assert.rejects(open({ pool }, { mtu }), { message: /mtu.*28 … 65575/ });
    kernel.answers['if_nametoindex'] = () => 0;
    await assert.rejects(open({ pool }), { code: 'ENODEV', hint: /ip link/ });
  });

  it('asks the kernel to keep copies for groups from this host, or not', async () => {
    const batch = batchOf(to4());
    const device = await open(batch);
    device.setMulticastLoopback!(false);
    assert.equal(wrap.option('0.34'), 0);
    device.setMulticastLoopback!(true);
    assert.equal(wrap.option('0.34'), 1);
    const six = await open(batch, { family: 6 });
    six.setMulticastLoopback!(false);
    assert.equal(wrap.option('41.19'), 0);
    await Promise.all([device.close(), six.close()]);
  });
});
