import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ERRNO } from '../../../src/errors.js';
import { PagePool } from '../../../src/memory/page-pool.js';
import { SegmentTable } from '../../../src/memory/segment-table.js';
import { UserMemory } from '../../../src/memory/user-memory.js';
import { allocSkb } from '../../../src/skb/skbuff.js';
import { type AfXdpOptions, openAfXdp } from '../../../src/tx/af-xdp/af-xdp.js';
import type { TxBatch } from '../../../src/tx/net-device.js';
import { answerRingOffsets, type FakeKernel, hex, NEAR0, newKernel } from '../fake-kernel.js';
import { pushFrame } from '../rows.js';

const SOL_XDP = 283;
/** Order and places of the fields of a ring: the kernel tells, so any will do. */
const LAYOUT = { producer: 64, consumer: 128, flags: 192, descriptors: 256 };
const [TX_RING, COMPLETION_RING] = [0x80000000, 0x180000000];

let kernel: FakeKernel;
let xdp: XdpKernel;
beforeEach(() => {
  kernel = newKernel();
  xdp = new XdpKernel();
});

/** The kernel's side of the rings, in the memory that they are mapped over. */
class XdpKernel {
  readonly memory = new UserMemory({ pages: 160, umemLen: 64 * 2048 });
  readonly frames: string[] = [];
  /** Addresses and lengths of what is mapped, by page offset; anonymous memory in its place once it is unmapped. */
  readonly mapped = new Map<number, { readonly at: number; readonly len: number }>();
  /** Frames that one wake-up sends, and whether they are reported as done. */
  budget = 32;
  completes = true;
  wakes = 0;
  zerocopy = 0;
  needsWakeup = 1;
  #umem = 0;
  #slots = 0;
  /** Chunks so far of a frame that takes several, and addresses that are not reported as done yet. */
  #unfinished = '';
  readonly #done: number[] = [];

  constructor() {
    kernel.answers['getsockopt'] = (...[, , name, value, len]: unknown[]) => {
      const view = new DataView((value as Uint8Array).buffer);
      if (name === 8) view.setInt32(0, this.zerocopy, true);
      if (name !== 1) return 0;
      return answerRingOffsets(value, len, [LAYOUT.producer, LAYOUT.consumer, LAYOUT.descriptors, LAYOUT.flags]);
    };
    kernel.answers['mmap'] = (...[where, len, prot, flags, fd, offset]: number[]) => {
      assert.deepEqual([prot, flags], [3, fd! >= 0 ? 0x8011 : 0x32]); // SHARED | FIXED | POPULATE, PRIVATE | FIXED | ANONYMOUS
      if (fd! < 0) assert.equal(offset, 0);
      if (fd! >= 0) this.mapped.set(offset!, { at: where! - this.memory.address, len: len! });
      else for (const [key, { at }] of this.mapped) if (at === where! - this.memory.address) this.mapped.delete(key);
      return where!;
    };
    kernel.answers['send'] = (...[, data, len, flags]: unknown[]) => {
      assert.deepEqual([data, len, flags], [null, 0, 0x40]);
      this.wakes += 1;
      return this.transmit(this.budget);
    };
  }

  word(ring: number, field: keyof typeof LAYOUT): number {
    return (this.mapped.get(ring)!.at + LAYOUT[field]) >>> 2;
  }

  get waiting(): number {
    const { words } = this.memory;
    return words[this.word(TX_RING, 'producer')]! - words[this.word(TX_RING, 'consumer')]!;
  }

  transmit(most: number): number {
    const { words, bytes } = this.memory;
    words[this.word(TX_RING, 'flags')] = this.needsWakeup;
    for (let sent = 0; sent < most && this.waiting > 0; sent++) {
      const index = words[this.word(TX_RING, 'consumer')]!++;
      const at = this.word(TX_RING, 'descriptors') + (index % this.#slots) * 4;
      const [address, len, more] = [words[at]!, words[at + 2]!, words[at + 3]!];
      const octets = hex(bytes.subarray(this.#umem + address, this.#umem + address + len));
      this.frames.push(this.#unfinished + octets);
      this.#unfinished = more === 1 ? this.frames.pop()! : '';
      this.#done.push(address);
    }
    if (this.completes) this.complete(Number.POSITIVE_INFINITY);
    return 0;
  }

  complete(most: number): void {
    const { words } = this.memory;
    for (const address of this.#done.splice(0, most)) {
      const index = words[this.word(COMPLETION_RING, 'producer')]!++;
      words[this.word(COMPLETION_RING, 'descriptors') + (index % this.#slots) * 2] = address;
    }
  }

  async open(more: Partial<AfXdpOptions> = {}) {
    const device = await openAfXdp({ interface: NEAR0, memory: this.memory, ...more });
    this.#slots = kernel.option(kernel.fd, SOL_XDP, 3)!;
    const registration = kernel.options.get(kernel.fd)!.get(`${SOL_XDP}.4`)!;
    const view = new DataView(registration.buffer);
    this.#umem = Number(view.getBigUint64(0, true)) - this.memory.address;
    return device;
  }

  batch(...lengths: readonly number[]): { batch: TxBatch; rows: string[] } {
    const pool = new PagePool(this.memory);
    const batch = { table: new SegmentTable(this.memory), pool, skbs: [allocSkb(pool, 64)] };
    return { batch, rows: lengths.map((len) => hex(pushFrame(batch, 0, 14, len - 14))) };
  }
}

describe('af-xdp', () => {
  it('registers the UMEM, sizes the rings after it, and binds to one queue', async () => {
    const device = await xdp.open({ queue: 1 });
    assert.deepEqual(kernel.sockets[0], '44,524291,0'); // AF_XDP, SOCK_RAW | SOCK_CLOEXEC
    const { fd } = kernel;
    const registration = new DataView(kernel.options.get(fd)!.get(`${SOL_XDP}.4`)!.buffer);
    assert.equal(Number(registration.getBigUint64(0, true)), xdp.memory.address + xdp.memory.umem.offset);
    assert.deepEqual(
      [Number(registration.getBigUint64(8, true)), registration.getUint32(16, true), registration.getUint32(20, true)],
      [64 * 2048, 2048, 0],
    );
    // fill ring, completion ring, transmit ring, frames a wake-up
    assert.deepEqual(
      [5, 6, 3, 9].map((name) => kernel.option(fd, SOL_XDP, name)),
      [64, 64, 64, 64],
    );
    assert.equal(kernel.bound.get(fd), '2c000800070000000100000000000000'); // XDP_USE_NEED_WAKEUP
    assert.deepEqual(
      [...xdp.mapped.values()].map(({ len }) => len),
      [256 + 64 * 16, 256 + 64 * 8],
    );
    assert.deepEqual([device.mode, device.mtu, device.seenByCaptures], ['copy', 1500, false]);
    await device.close();
    await device.close();
    assert.deepEqual([kernel.open.size, xdp.mapped.size], [0, 0]);
  });

  it('asks for what mode it was told, and says which it got', async () => {
    for (const [mode, flags, got] of [
      ['auto', '0800', 1],
      ['copy', '0a00', 0],
      ['zerocopy', '0c00', 1],
    ] as const) {
      kernel = newKernel();
      xdp = new XdpKernel();
      xdp.zerocopy = got;
      const device = await xdp.open({ mode });
      assert.equal(kernel.bound.get(kernel.fd)!.slice(4, 8), flags);
      assert.equal(device.mode, got === 1 ? 'zerocopy' : 'copy');
      await device.close();
    }
  });

  it('has the kernel send the frames as they are, and counts them', async () => {
    const device = await xdp.open();
    const { batch, rows } = xdp.batch(60, 1514, 15, 1000);
    assert.equal(device.xmit(batch, 1), 3);
    assert.deepEqual(xdp.frames, rows.slice(1));
    assert.equal(device.underWay, 0);
    assert.equal(device.lost().unknown, 3);
    kernel.counted.packets = 3;
    assert.equal(device.lost().unknown, 0);
    await device.close();
  });

  it('wakes the kernel until it has sent a burst, 64 frames at a time', async () => {
    const device = await xdp.open();
    const { batch, rows } = xdp.batch(...Array.from({ length: 100 }, (_, i) => 100 + i));
    xdp.budget = 8;
    assert.equal(device.xmit(batch, 0), 100, 'eight wake-ups send a burst');
    assert.deepEqual(xdp.frames, rows);
    const before = xdp.wakes;
    xdp.budget = 7;
    assert.equal(device.xmit(batch, 0), 64, 'and no more are made: this one was left with frames in the ring');
    assert.equal(xdp.wakes - before, 9);
    assert.equal(xdp.waiting, 64 - 8 * 7);
    assert.equal(device.xmit(batch, 64), 36, 'they go first');
    assert.deepEqual(xdp.frames.slice(100), rows);
    await device.close();
  });

  it('has no more under way than there are chunks, and waits for them', async () => {
    const device = await xdp.open();
    const { batch } = xdp.batch(...Array.from({ length: 100 }, () => 100));
    xdp.completes = false;
    assert.equal(device.xmit(batch, 0), 64);
    assert.equal(device.underWay, 64);
    assert.equal(batch.skbs[0]!.users, 2);
    assert.equal(device.xmit(batch, 64), -ERRNO.EAGAIN);
    let writable = false;
    const waiting = device.writable().then(() => {
      writable = true;
    });
    await sleep(20);
    assert.equal(writable, false);
    xdp.complete(1);
    await waiting;
    assert.equal(device.xmit(batch, 64), 1);
    xdp.completes = true;
    await device.close();
    assert.equal(batch.skbs[0]!.users, 1);
  });

  it('takes completions back when nothing more is sent', async () => {
    for (const lengths of [[100], [100, 100]]) {
      const device = await xdp.open();
      const { batch } = xdp.batch(...lengths);
      xdp.completes = false;
      device.xmit(batch, 0);
      assert.equal(device.underWay, lengths.length);
      await sleep(20); // it goes on looking
      xdp.complete(2);
      for (let waited = 0; waited < 1000 && device.underWay > 0; waited++) await sleep(1);
      assert.equal(batch.skbs[0]!.users, 1);
      await device.close();
    }
  });

  it('refuses a frame that the interface does not send now: alone, or where it stands in a batch', async () => {
    const device = await xdp.open();
    const { batch } = xdp.batch(1514, 1515, 100);
    assert.equal(device.xmit(batch, 0), 1);
    assert.equal(device.xmit(batch, 1), -ERRNO.EMSGSIZE);
    kernel.mtu = 1499;
    assert.equal(device.xmit(batch, 0), -ERRNO.EMSGSIZE);
    await device.close();
  });

  it('tells what the kernel says of the link, and takes three ways of saying “later” for none', async () => {
    const device = await xdp.open();
    const { batch } = xdp.batch(100);
    for (const errno of ['ENETDOWN', 'ENXIO', 'EBADF'] as const) {
      kernel.fail('send', errno);
      assert.equal(device.xmit(batch, 0), -ERRNO[errno]);
      await device.writable();
    }
    for (const errno of ['EAGAIN', 'EBUSY', 'ENOBUFS'] as const) {
      kernel.fail('send', errno, { times: 1 });
      assert.equal(device.xmit(batch, 0), 1, errno);
    }
    kernel.heal();
    await device.close();
    assert.equal(device.xmit(batch, 0), -ERRNO.EBADF);
    await device.writable();
  });

  it('in zero-copy mode wakes a driver that asks for it, and goes on without its answer', async () => {
    xdp.zerocopy = 1;
    const device = await xdp.open();
    const { batch } = xdp.batch(...Array.from({ length: 64 }, () => 60));
    xdp.budget = 0; // the driver sends when it likes
    xdp.memory.words[xdp.word(TX_RING, 'flags')] = 0;
    xdp.needsWakeup = 0;
    assert.equal(device.xmit(batch, 0), 64);
    assert.equal(xdp.wakes, 1);
    xdp.transmit(64);
    xdp.needsWakeup = 1;
    xdp.memory.words[xdp.word(TX_RING, 'flags')] = 1;
    assert.equal(device.xmit(batch, 0), 64);
    assert.equal(xdp.wakes, 10);
    xdp.transmit(64);
    await device.close();
  });

  it('sends frames of several chunks where the kernel can, and short ones where it cannot', async () => {
    const jumbo = { interface: { ...NEAR0, mtu: 9000 } };
    kernel.mtu = 9000;
    const device = await xdp.open(jumbo);
    assert.equal(kernel.bound.get(kernel.fd)!.slice(4, 8), '1800'); // XDP_USE_SG
    assert.equal(device.mtu, 9000);
    const { batch, rows } = xdp.batch(9014, 4096, 4097);
    assert.equal(device.xmit(batch, 0), 3);
    assert.deepEqual(xdp.frames, rows);
    await device.close();

    const full = await xdp.open({ interface: { ...NEAR0, mtu: 4096 - 14 } });
    assert.equal(kernel.bound.get(kernel.fd)!.slice(4, 8), '0800', 'a frame of a page needs one chunk');
    await full.close();

    kernel.fail('bind', 'EINVAL', { times: 1 });
    const short = await xdp.open(jumbo);
    assert.equal(kernel.bound.get(kernel.fd)!.slice(4, 8), '0800');
    assert.equal(short.mtu, 4096 - 14);
    assert.equal(short.xmit(xdp.batch(4097).batch, 0), -ERRNO.EMSGSIZE);
    await short.close();
    kernel.fail('bind', 'EPERM');
    await assert.rejects(xdp.open(jumbo), { code: 'EPERM' });
    assert.equal(kernel.open.size, 0);
  });

  it('waits a moment for a queue that another socket is just leaving', async () => {
    kernel.fail('bind', 'EBUSY', { times: 2 });
    await (await xdp.open()).close();
    kernel.fail('bind', 'EBUSY');
    await assert.rejects(xdp.open(), { code: 'EBUSY', hint: /another queue/ });
    kernel.heal();
    kernel.fail('setsockopt', 'ENOBUFS');
    await assert.rejects(xdp.open(), { code: 'ENOBUFS', message: /RLIMIT_MEMLOCK/, hint: /ulimit -l/ });
    assert.deepEqual([kernel.open.size, xdp.mapped.size], [0, 0]);
  });

  it('says what stands in the way, and leaves nothing open or mapped', async () => {
    for (const [call, errno, want] of [
      ['socket', 'EAFNOSUPPORT', { code: 'ERR_UFO_UNSUPPORTED', hint: /packet-socket/ }],
      ['socket', 'EPERM', { code: 'EPERM', hint: /CAP_NET_RAW/ }],
      ['setsockopt', 'EINVAL', { code: 'EINVAL', message: /XDP_UMEM_REG/ }],
      ['getsockopt', 'EIO', { code: 'EIO' }],
      ['mmap', 'ENOMEM', { code: 'ENOMEM' }],
      ['bind', 'ENETDOWN', { code: 'ENETDOWN', hint: /ip link set near0 up/ }],
      ['bind', 'EOPNOTSUPP', { hint: /no zero-copy/ }],
      ['bind', 'EPERM', { code: 'EPERM', message: /near0 queue 0/ }],
    ] as const) {
      kernel.heal();
      kernel.fail(call, errno);
      await assert.rejects(xdp.open(), want, `${call} ${errno}`);
      assert.equal(kernel.open.size, 0, `${call} ${errno}`);
    }
    kernel.heal();
    for (const queue of [-1, 2, 0.5]) await assert.rejects(xdp.open({ queue }), /queue.*0…1: near0 has 2/);
    await assert.rejects(openAfXdp({ interface: NEAR0, memory: new UserMemory() }), /umemLen/);
    await assert.rejects(
      openAfXdp({ interface: { ...NEAR0, mtu: 65_535 }, memory: new UserMemory({ umemLen: 32_768 }) }),
      {
        message: /umemLen.*65549/,
      },
    );
    kernel.answers['getsockopt'] = (...[, , , , len]: unknown[]) => {
      (len as Uint32Array)[0] = 96; // without flags: Linux 5.3
      return 0;
    };
    await assert.rejects(xdp.open(), { code: 'ERR_UFO_UNSUPPORTED', hint: /5\.4/ });
    assert.equal(kernel.open.size, 0);
  });

  it('gives up what the kernel never gives back', { timeout: 60_000 }, async () => {
    const device = await xdp.open();
    const { batch } = xdp.batch(100);
    xdp.completes = false;
    device.xmit(batch, 0);
    assert.equal(batch.skbs[0]!.users, 2);
    await device.close();
    assert.deepEqual([batch.skbs[0]!.users, kernel.open.size], [1, 0]);
  });
});
