import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ERRNO } from '../../../src/errors.js';
import { PagePool } from '../../../src/memory/page-pool.js';
import { SegmentTable } from '../../../src/memory/segment-table.js';
import { UserMemory } from '../../../src/memory/user-memory.js';
import { allocSkb } from '../../../src/skb/skbuff.js';
import { openPacketSocket } from '../../../src/tx/packet/packet-socket.js';
import { type FakeKernel, hex, NEAR0, newKernel } from '../fake-kernel.js';
import { pattern, pushFrame, pushRow } from '../rows.js';

const SLOT = 2048;
const SLOTS = 16;
const [AVAILABLE, SEND_REQUEST, SENDING, WRONG_FORMAT] = [0, 1, 2, 4];
const SOL_PACKET = 263;

let kernel: FakeKernel;
let ring: RingKernel;
beforeEach(() => {
  kernel = newKernel();
  ring = new RingKernel();
});

/** The kernel's side of the ring (`tpacket_snd`), in the memory that it is mapped over. */
class RingKernel {
  readonly memory = new UserMemory({ pages: 160, slotsLen: SLOTS * SLOT });
  readonly frames: string[] = [];
  readonly mapped: string[] = [];
  sends = 0;
  /** How many frames it takes, and what it says of the next; and what their slots are afterwards. */
  takes = Number.POSITIVE_INFINITY;
  says: keyof typeof ERRNO = 'ENOBUFS';
  refused = SEND_REQUEST;
  leaves = AVAILABLE;
  #head = 0;

  constructor() {
    kernel.answers['mmap'] = (...[where, len, , flags, fd, offset]: number[]) => {
      this.mapped.push([where! - this.memory.address, len, flags!.toString(16), fd! < 0 ? 'none' : offset].join());
      return where!;
    };
    kernel.answers['send'] = (...[, data, len, flags]: unknown[]) => {
      assert.deepEqual([data, len, flags], [null, 0, 0x40]);
      this.sends += 1;
      return this.#send();
    };
  }

  slotAt(index: number): number {
    return this.memory.slots.offset + (index % SLOTS) * SLOT;
  }

  status(index: number, status?: number): number {
    const { words } = this.memory;
    const at = this.slotAt(index) >>> 2;
    if (status !== undefined) words[at] = status;
    return words[at]!;
  }

  get statuses(): number[] {
    return Array.from({ length: SLOTS }, (_, index) => this.status(index));
  }

  #send(): number {
    for (; this.status(this.#head) === SEND_REQUEST; this.#head++) {
      if (this.takes-- <= 0) {
        this.status(this.#head, this.refused);
        return kernel.refuse(this.says);
      }
      const at = this.slotAt(this.#head);
      const len = this.memory.view.getUint32(at + 4, true);
      const header = this.memory.bytes.slice(at + 32, at + 42);
      // all of the frame is header: nothing is lent out
      assert.deepEqual([...header], [0, 0, (len - 10) & 255, (len - 10) >>> 8, 0, 0, 0, 0, 0, 0]);
      this.frames.push(hex(this.memory.bytes.subarray(at + 42, at + 32 + len)));
      this.status(this.#head, this.leaves);
    }
    return 0;
  }
}

function setUp() {
  const { memory } = ring;
  const pool = new PagePool(memory);
  return { table: new SegmentTable(memory), pool, skbs: [allocSkb(pool, 64)] };
}

function open(memory = ring.memory) {
  return openPacketSocket({ interface: NEAR0, memory });
}

describe('the ring of a packet socket', () => {
  it('is asked for behind virtio_net_hdrs, in blocks of a page, mapped over the memory, and goes with the device', async () => {
    const device = await openPacketSocket({ interface: NEAR0, memory: ring.memory, qdiscBypass: true });
    const [, fd] = [...kernel.open]; // the ring's, between that of sendmmsg(2) and the one that is asked for the MTU
    assert.deepEqual(
      [...kernel.options.get(fd!)!.keys()],
      ['1.32', '263.20', '263.10', '263.15', '263.13'], // send buffer, bypass, version and header before the ring
    );
    assert.deepEqual([kernel.option(fd!, SOL_PACKET, 10), kernel.option(fd!, SOL_PACKET, 15)], [1, 1]);
    const request = kernel.options.get(fd!)!.get('263.13')!;
    assert.deepEqual([...new Uint32Array(request.buffer)], [4096, SLOTS / 2, SLOT, SLOTS]);
    const { offset, len } = ring.memory.slots;
    assert.deepEqual(ring.mapped, [[offset, len, '8011', 0].join()]); // SHARED | FIXED | POPULATE
    await device.close();
    assert.deepEqual(ring.mapped.slice(1), [[offset, len, '32', 'none'].join()]); // PRIVATE | FIXED | ANONYMOUS
    assert.equal(kernel.open.size, 0);
  });

  it('carries rows of any shape, round after round, and several times its slots in one call', async () => {
    const device = await open();
    for (let round = 0; round < 5; round++) {
      const batch = setUp();
      const wanted: string[] = [];
      for (let row = 0; row < 3 * SLOTS + 1; row++) {
        const pieces = [
          { page: batch.pool.allocPage(), offset: row, len: 100 + row },
          { page: batch.pool.allocPage(), offset: 3, len: 1200 - round },
        ].slice(row % 3);
        wanted.push(hex(pushRow(batch, pattern(14 + row), pieces)));
      }
      ring.frames.length = 0;
      assert.equal(device.xmit(batch, 1), 3 * SLOTS);
      assert.deepEqual(ring.frames, wanted.slice(1));
    }
    assert.deepEqual([kernel.sent.length, ring.sends], [0, 5 * 3]);
  });

  it('takes back what the kernel left, and counts what it refused', async () => {
    const device = await open();
    const batch = setUp();
    const rows = Array.from({ length: 10 }, (_, row) => hex(pushFrame(batch, 0, 42, 100 + row)));
    ring.takes = 4;
    assert.equal(device.xmit(batch, 0), 4);
    assert.deepEqual(ring.statuses, new Array(SLOTS).fill(AVAILABLE));
    ring.takes = 0;
    assert.equal(device.xmit(batch, 4), -ERRNO.ENOBUFS);
    kernel.counted = { packets: 4, errors: 0, dropped: 2, backlog: 0 };
    assert.deepEqual([device.lost().qdisc, device.lost().unknown], [0, 0]); // both were told
    ring.takes = Number.POSITIVE_INFINITY;
    assert.equal(device.xmit(batch, 4), 6);
    assert.deepEqual(ring.frames, rows);
    assert.equal(kernel.sent.length, 0);
  });

  it('leaves it to sendmmsg(2) to say what else is wrong, and to send where that works', async () => {
    const device = await open();
    const batch = setUp();
    const row = hex(pushFrame(batch, 0, 42, 100));
    for (const [says, refused] of [
      ['ENETDOWN', SEND_REQUEST],
      ['EINVAL', WRONG_FORMAT],
    ] as const) {
      Object.assign(ring, { takes: 0, says, refused });
      kernel.fail('sendmmsg', says, { times: 1 });
      assert.equal(device.xmit(batch, 0), -ERRNO[says]);
      assert.equal(device.xmit(batch, 0), 1);
    }
    assert.deepEqual(
      kernel.sent.map(({ octets }) => hex(octets)),
      [row, row],
    );
    assert.deepEqual([ring.frames.length, ring.statuses[0]], [0, AVAILABLE]);
  });

  it('waits for no slot: while a queue holds frames back, sendmmsg(2) takes those that follow, in their order', async () => {
    const device = await open();
    const batch = setUp();
    const rows = Array.from({ length: SLOTS + 4 }, (_, row) => hex(pushFrame(batch, 0, 42, 100 + row)));
    ring.leaves = SENDING;
    assert.equal(device.xmit(batch, 0), SLOTS);
    assert.equal(device.xmit(batch, SLOTS), 4);
    assert.deepEqual([...ring.frames, ...kernel.sent.map(({ octets }) => hex(octets))], rows);
    ring.status(0, AVAILABLE);
    ring.status(1, AVAILABLE);
    assert.equal(device.xmit(batch, 0), 2);
    assert.deepEqual(ring.frames.slice(SLOTS), rows.slice(0, 2));
  });

  it('is not for rows that fit no slot, are longer than the interface sends, or have a piece of the caller’s', async () => {
    const device = await open();
    const batch = setUp();
    const foreign = batch.pool.adoptForeign(Buffer.alloc(200));
    const rows = [
      pushFrame(batch, 0, 42, 1472),
      pushFrame(batch, 0, 42, 1473),
      pushRow(batch, pattern(42), [{ page: foreign, offset: 7, len: 100 }]),
      pushFrame(batch, 0, 42, 1000),
    ].map((row) => hex(row));
    assert.equal(device.xmit(batch, 0), 1);
    kernel.most = 1;
    assert.deepEqual([device.xmit(batch, 1), device.xmit(batch, 2), device.xmit(batch, 3)], [1, 1, 1]);
    assert.deepEqual(ring.frames, [rows[0], rows[3]]);
    assert.deepEqual(
      kernel.sent.map(({ octets }) => hex(octets)),
      rows.slice(1, 3),
    );
    kernel.mtu = 1400; // lowered meanwhile: the kernel would not look
    assert.equal(device.xmit(batch, 0), 1);
    assert.equal(kernel.sent.length, 3);
    kernel.mtu = 9000;
    batch.table.reset();
    for (const len of [SLOT - 84, SLOT - 83]) pushFrame(batch, 0, 42, len);
    assert.equal(device.xmit(batch, 0), 1);
    assert.deepEqual([ring.frames.length, kernel.sent.length], [3, 3]);
  });

  it('is done without where the machine has none, another device has the slots, or the link no header', async () => {
    for (const option of [10, 15, 13]) {
      kernel.answers['setsockopt'] = (...[, level, name]: number[]) =>
        level === SOL_PACKET && name === option ? kernel.refuse('EINVAL') : 0;
      await itDoesWithout();
    }
    delete kernel.answers['setsockopt'];
    const mapped = kernel.answers['mmap']!;
    kernel.answers['mmap'] = (where: number) => where + 1;
    await itDoesWithout();
    kernel.answers['mmap'] = mapped;
    const first = await open();
    await itDoesWithout();
    await first.close();
    const second = await open();
    assert.equal(second.xmit(oneRow(), 0), 1);
    assert.equal(ring.frames.length, 1);
    await second.close();
    await using tun = await openPacketSocket({
      interface: { ...NEAR0, mac: null, linkType: 'none', kind: 'tun' },
      memory: ring.memory,
    });
    assert.deepEqual([tun.name, kernel.open.size], ['near0', 1]);
  });

  it('leaves nothing open where the device can’t be opened', async () => {
    kernel.fail('socket', 'EMFILE', { after: 1 });
    await assert.rejects(open(), { code: 'EMFILE' });
    assert.equal(kernel.open.size, 0);
    kernel.heal();
    kernel.fail('socket', 'EMFILE', { after: 2 }); // what asks for the MTU
    await assert.rejects(open(), { code: 'EMFILE' });
    assert.equal(kernel.open.size, 0);
    kernel.heal();
    await using device = await open(); // the slots are free again
    device.xmit(oneRow(), 0);
    assert.equal(ring.frames.length, 1);
  });
});

function oneRow() {
  const batch = setUp();
  pushFrame(batch, 0, 42, 100);
  return batch;
}

/** Frames go, and nothing of a ring is left open. */
async function itDoesWithout(): Promise<void> {
  const open0 = kernel.open.size;
  const sent = kernel.sent.length;
  const device = await open();
  assert.equal(kernel.open.size, open0 + 1);
  assert.equal(device.xmit(oneRow(), 0), 1);
  assert.deepEqual([kernel.sent.length, ring.frames.length], [sent + 1, 0]);
  await device.close();
}
