import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ERRNO } from '../../../src/errors.js';
import { addressOf } from '../../../src/host/libc.js';
import { rowOctets } from '../../../src/memory/gather-row.js';
import { ROWS } from '../../../src/memory/segment-kernel.js';
import { createFlow } from '../../../src/skb/flow.js';
import { CONTROL } from '../../../src/tx/xdp-live/program.js';
import { openXdpLive, type XdpLiveOptions } from '../../../src/tx/xdp-live/xdp-live.js';
import { type FakeKernel, hex, NEAR0, newKernel, octetsAt } from '../fake-kernel.js';
import { batchOf, pattern, pushFrame } from '../rows.js';

const flow = createFlow({
  ...{ source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 1, destinationPort: 9, mtu: 1500 },
});
/** bpf(2): commands, and where programs hang. */
const [MAP_CREATE, PROG_LOAD, TEST_RUN, LINK_CREATE] = [0, 5, 10, 28];
const [XDP, SCHED_CLS, ON_XDP, ON_INGRESS] = [6, 3, 37, 46];
const NDO_XMIT = 4;

let kernel: FakeKernel;
let bpf: BpfKernel;
beforeEach(() => {
  kernel = newKernel();
  bpf = new BpfKernel();
});

/** The kernel's side of live frames: maps, programs and links by descriptor, and runs that take rows as the program does. */
class BpfKernel {
  readonly control = new Uint32Array(1024);
  readonly maps: number[] = [];
  readonly programs: number[] = [];
  readonly links: { type: number; ifindex: number; flags: number }[] = [];
  readonly runs: { first: number; count: number; frameLen: number; pass: number; ingress: number }[] = [];
  /** `enum netdev_xdp_act` of the interface; null: this kernel has no such family. */
  features: number | null = NDO_XMIT;
  /** Octets of the longest frame that there is room for, and frames of a run before it ends. */
  longest = 3500;
  most = Number.POSITIVE_INFINITY;
  /** Trials that a signal ends. */
  signals = 0;
  #asked = 0;
  #taps = 0;

  constructor() {
    kernel.answers['syscall'] = (...[, command, attr, len]: unknown[]) => {
      assert.equal(len, command === TEST_RUN ? 80 : 128);
      return this.#bpf(command as number, new DataView((attr as Uint8Array).buffer));
    };
    kernel.answers['mmap'] = (...words: unknown[]) => (words[0] as number | null) ?? addressOf(this.control);
    kernel.answers['if_nametoindex'] = () => 100 + this.#taps++;
    kernel.answers['send'] = (...[, question]: unknown[]) => {
      this.#asked = new DataView((question as Uint8Array).buffer).getUint16(4, true);
      return 1;
    };
    kernel.answers['recv'] = (...[, reply]: unknown[]) => this.#answer(new DataView((reply as Uint8Array).buffer));
  }

  /** Generic netlink: the id of the family `netdev`, then features of the interface. */
  #answer(reply: DataView): number {
    if (this.features === null) return kernel.refuse('ENOENT');
    reply.setUint32(0, 32, true);
    reply.setUint16(4, 30, true);
    reply.setUint16(20, 12, true);
    reply.setUint16(22, this.#asked === 16 ? 1 : 3, true);
    reply.setUint32(24, this.#asked === 16 ? 30 : this.features, true);
    return 32;
  }

  #bpf(command: number, attr: DataView): number {
    if (command === TEST_RUN) return this.#run(attr);
    if (command === MAP_CREATE) this.maps.push(attr.getUint32(8, true));
    else if (command === PROG_LOAD) this.programs.push(attr.getUint32(0, true));
    else if (command === LINK_CREATE) {
      const type = attr.getUint32(8, true);
      if (type === ON_INGRESS && kernel.answers['tcx'] !== undefined) return kernel.refuse('EINVAL');
      this.links.push({ type, ifindex: attr.getUint32(4, true), flags: attr.getUint32(12, true) });
    }
    return kernel.newFd();
  }

  #run(attr: DataView): number {
    assert.deepEqual([attr.getUint32(40, true), attr.getUint32(64, true), attr.getUint32(72, true)], [24, 2, 64]);
    assert.equal(attr.getUint32(12, true), 0);
    const context = new DataView(octetsAt(Number(attr.getBigUint64(48, true)), 24).buffer);
    const [frameLen, count] = [attr.getUint32(8, true), attr.getUint32(32, true)];
    assert.equal(context.getUint32(4, true), frameLen);
    if (frameLen > this.longest) return kernel.refuse('EINVAL');
    const first = this.control[CONTROL.next]!;
    if (first === ROWS) return this.signals-- > 0 ? kernel.refuse('EINTR') : 0; // a trial: there is no such row
    this.runs.push({ first, count, frameLen, pass: this.control[CONTROL.pass]!, ingress: context.getUint32(12, true) });
    this.control[CONTROL.next]! += Math.min(count, this.most);
    return this.most < count ? kernel.refuse('EINTR') : 0;
  }
}

function open(batch: { pool: XdpLiveOptions['pool'] }, more: Partial<XdpLiveOptions> = {}) {
  return openXdpLive({ interface: NEAR0, pool: batch.pool, ...more });
}

describe('xdp-live', () => {
  it('hangs its program on a tap of its own, and a way by the stack on another', async () => {
    const batch = batchOf(flow);
    const device = await open(batch);
    assert.deepEqual(bpf.maps, [batch.pool.memory.wasm.buffer.byteLength, 4096]);
    assert.deepEqual(bpf.programs, [XDP, SCHED_CLS]);
    assert.deepEqual(bpf.links, [
      { type: ON_XDP, ifindex: 100, flags: 2 }, // XDP_FLAGS_SKB_MODE
      { type: ON_INGRESS, ifindex: 101, flags: 0 },
    ]);
    assert.deepEqual([device.mtu, device.seenByCaptures, device.driver], [1500, false, 'xdp-live']);
    const { features, writesHeaders, zerocopy, syscall } = device;
    assert.deepEqual([features, writesHeaders, zerocopy, syscall], [1, true, false, 'bpf']);
    assert.match(device.notes[0]!, /redirected to near0/);
    await device.close();
    await device.close();
    assert.equal(kernel.open.size, 0);
    assert.equal(device.xmit(batch, 0), -ERRNO.EBADF);
  });

  it('has the kernel make a frame of each row, by the way that the interface takes now', async () => {
    const batch = batchOf(flow);
    const device = await open(batch);
    for (const len of [100, 1486, 200]) pushFrame(batch, 0, 14, len);
    assert.equal(device.xmit(batch, 0), 3);
    bpf.features = 0; // its peer has turned GRO off
    assert.equal(device.xmit(batch, 1), 2);
    assert.deepEqual(bpf.runs, [
      { first: 0, count: 3, frameLen: 114, pass: 0, ingress: 101 },
      { first: 1, count: 2, frameLen: 1500, pass: 1, ingress: 101 },
    ]);
    assert.equal(device.lost().unknown, 5);
    kernel.counted.packets = 5;
    assert.equal(device.lost().unknown, 0);
    await device.close();
  });

  it('takes what a run that a signal ended has made, and tries later where that is nothing', async () => {
    const batch = batchOf(flow);
    const device = await open(batch);
    for (const len of [100, 100, 100]) pushFrame(batch, 0, 14, len);
    bpf.most = 2;
    assert.equal(device.xmit(batch, 0), 2);
    bpf.most = 0;
    assert.equal(device.xmit(batch, 0), -ERRNO.EAGAIN);
    bpf.longest = 50;
    assert.equal(device.xmit(batch, 0), -ERRNO.EINVAL);
    assert.equal(device.lost().unknown, 2);
    await device.close();
  });

  it('is opened whatever signals come meanwhile', async () => {
    bpf.signals = 2;
    await (await open(batchOf(flow))).close();
    assert.equal(bpf.signals, -1);
  });

  it('is refused where nothing but signals comes, and gives back all it had', async () => {
    bpf.signals = Number.POSITIVE_INFINITY;
    await assert.rejects(open(batchOf(flow)), { code: 'EINTR', syscall: 'bpf' });
    assert.equal(kernel.open.size, 0);
  });

  it('looks first at all that would make frames vanish', async () => {
    const batch = batchOf(flow);
    const device = await open(batch, { liveWay: 'redirect' });
    for (const len of [1500, 1501, 100]) pushFrame(batch, 0, 14, len);
    assert.equal(device.xmit(batch, 0), 1);
    assert.equal(device.xmit(batch, 1), -ERRNO.EMSGSIZE);
    kernel.mtu = 1499;
    assert.equal(device.xmit(batch, 0), -ERRNO.EMSGSIZE);
    for (const flags of [0x40, 0x01, 0]) {
      kernel.flags = flags; // up without a carrier, down
      assert.equal(device.xmit(batch, 2), -ERRNO.ENETDOWN);
    }
    kernel.flags = 0x41;
    bpf.features = 0;
    assert.equal(device.xmit(batch, 2), -ERRNO.EOPNOTSUPP, 'the way by the stack was not asked for');
    await device.close();
  });

  it('copies rows of foreign pages for as long as a run lasts, sixteen at most', async () => {
    const batch = batchOf(flow);
    const device = await open(batch);
    const foreign = batch.pool.adoptForeign(pattern(4000));
    for (let row = 0; row < 20; row++) {
      const own = row % 6 === 5; // among others
      batch.table.pushRow(0, 14, 14);
      batch.table.pushPiece(own ? batch.pool.allocPage() : foreign, row, 100);
    }
    const before = Array.from({ length: 20 }, (_, row) => hex(rowOctets(batch.table, batch.pool, row)));
    const heads = [...batch.table.headOffset.subarray(0, 20)];
    const during: string[] = [];
    const run = kernel.answers['syscall']!;
    kernel.answers['syscall'] = (...words) => {
      const { table, pool } = batch;
      for (let row = 0; row < 20; row++)
        during.push(
          hex(pool.memory.bytes.subarray(table.headOffset[row]!, table.headOffset[row]! + table.headLen[row]!)),
        );
      return run(...words);
    };
    assert.equal(device.xmit(batch, 0), 19, '16 of foreign pages and 3 between them');
    for (let row = 0; row < 19; row++) if (row % 6 !== 5) assert.equal(during[row], before[row], `row ${row}`);
    assert.notEqual(during[19], before[19]);
    assert.deepEqual([...batch.table.headOffset.subarray(0, 20)], heads);
    assert.deepEqual(
      before,
      Array.from({ length: 20 }, (_, row) => hex(rowOctets(batch.table, batch.pool, row))),
    );
    const { freePages } = batch.pool;
    await device.close();
    assert.equal(batch.pool.freePages, freePages + 16);
  });

  it('shares the map over one memory, and closes it with the last device', async () => {
    const batch = batchOf(flow);
    const [one, other] = [await open(batch), await open(batch)];
    assert.equal(bpf.maps.filter((len) => len > 4096).length, 1);
    await one.close();
    assert.ok(kernel.open.size > 0);
    await other.close();
    assert.equal(kernel.open.size, 0);
  });

  it('refuses interfaces where frames would vanish, and says why', async () => {
    const batch = batchOf(flow);
    const refused = async (says: RegExp, more: Partial<XdpLiveOptions> = {}): Promise<void> => {
      await assert.rejects(open(batch, more), { code: 'ERR_UFO_UNSUPPORTED', message: says });
      assert.equal(kernel.open.size, 0);
    };
    bpf.features = 0;
    await refused(/vanish on near0: it sends nothing that is redirected/, { liveWay: 'redirect' });
    bpf.features = null;
    await refused(/before Linux 6\.3/, { liveWay: 'redirect' });
    kernel.answers['tcx'] = () => 0;
    await refused(/by the stack needs tcx.*EINVAL/);
    bpf.features = NDO_XMIT;
    await (await open(batch)).close();
    await refused(/by the stack needs tcx/, { liveWay: 'pass' });
    bpf.longest = 1000;
    await refused(/MTU of near0 is 1500.*holds 986 octets/);
    bpf.longest = 10;
    await refused(/no live frames/);
  });

  it('says who may load programs, and leaves nothing open where a step fails', async () => {
    const batch = batchOf(flow);
    const { freePages } = batch.pool;
    for (const [call, errno, after] of [
      ['syscall', 'EPERM', 0],
      ['syscall', 'EACCES', 2],
      ['ioctl', 'EPERM', 0],
      ['open', 'ENOENT', 0],
      ['mmap', 'ENOMEM', 0],
      ['socket', 'EMFILE', 1],
    ] as const) {
      kernel = newKernel();
      bpf = new BpfKernel();
      kernel.fail(call, errno, { after });
      const forbidden = errno === 'EPERM' || errno === 'EACCES';
      const want = forbidden ? { code: 'ERR_UFO_UNSUPPORTED', hint: /CAP_BPF/ } : { code: errno };
      await assert.rejects(open(batch), want, `${call} ${errno}`);
      assert.deepEqual([kernel.open.size, batch.pool.freePages], [0, freePages], `${call} ${errno}`);
    }
  });

  it('needs pages for frames of the caller’s own buffers', async () => {
    const batch = batchOf(flow);
    while (batch.pool.allocPage() >= 0);
    await assert.rejects(open(batch), { code: 'ENOMEM', hint: /poolPages/ });
    assert.equal(kernel.open.size, 0);
  });

  it('has sent what it took: there is nothing to wait for', async () => {
    const device = await open(batchOf(flow));
    await device.writable();
    const reason = new Error('enough');
    await assert.rejects(device.writable(AbortSignal.abort(reason)), reason);
    await device.close();
  });
});
