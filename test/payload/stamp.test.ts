import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PagePool } from '../../src/memory/page-pool.js';
import { UserMemory } from '../../src/memory/user-memory.js';
import { makePayload } from '../../src/payload/generated.js';
import { GeneratedPayloads } from '../../src/payload/sequence.js';
import { PayloadStamp } from '../../src/payload/stamp.js';
import { sumOctets } from '../../src/wire/checksum.js';

/** 0 and 0xffff are the same sum. */
const sameSum = (a: number, b: number): boolean => a % 0xffff === b % 0xffff;

describe('stamped payloads', () => {
  const pool = new PagePool(new UserMemory({ pages: 64 }));

  for (const size of [17, 18, 19, 1472, 1473, 4096, 65_507, 65_527]) {
    it(`of ${size} octets are those that are made, with their sums`, () => {
      const stamp = PayloadStamp.take(pool, size, 0xdead_beef)!;
      for (const sequence of [...Array(300).keys(), 65_535, 65_536, 0x7fff_ffff, 0xffff_ffff]) {
        stamp.stamp(sequence);
        const { page, offset, size: bodyLen } = stamp.body;
        const at = pool.offsetOf(page) + offset;
        const octets = Buffer.concat([stamp.head, pool.memory.bytes.subarray(at, at + bodyLen)]);
        assert.ok(offset < 4096);
        assert.deepEqual(octets, Buffer.from(makePayload(size, 0xdead_beef, sequence)), `sequence ${sequence}`);
        assert.ok(sameSum(stamp.sum, sumOctets(octets)), `sum of ${sequence}: ${stamp.sum}`);
      }
      stamp.release();
      assert.equal(pool.freePages, 64);
    });
  }

  it('change their size from one to the next', () => {
    const stamp = PayloadStamp.take(pool, 17, 4)!;
    for (const [sequence, size] of [18, 65_507, 17, 1473, 1473, 40].entries()) {
      stamp.resize(size);
      stamp.stamp(sequence);
      const at = pool.offsetOf(stamp.body.page) + stamp.body.offset;
      const octets = Buffer.concat([stamp.head, pool.memory.bytes.subarray(at, at + stamp.body.size)]);
      assert.deepEqual(octets, Buffer.from(makePayload(size, 4, sequence)));
      assert.ok(sameSum(stamp.sum, sumOctets(octets)), `sum of ${sequence}`);
    }
    stamp.release();
  });

  it('say when they were sent, and those that are too short for it do not', () => {
    const stamp = PayloadStamp.take(pool, 17, 4, true)!;
    const at = Date.UTC(2031, 4, 6) + 0.25;
    for (const [sequence, size] of [17, 31, 32, 33, 1473, 20, 65_507].entries()) {
      stamp.resize(size);
      stamp.stamp(sequence, at + sequence);
      const from = pool.offsetOf(stamp.body.page) + stamp.body.offset;
      const octets = Buffer.concat([stamp.head, pool.memory.bytes.subarray(from, from + stamp.body.size)]);
      assert.deepEqual(octets, Buffer.from(makePayload(size, 4, sequence, at + sequence)), `${size} octets`);
      assert.ok(sameSum(stamp.sum, sumOctets(octets)), `sum of ${size} octets`);
    }
    stamp.release();
  });

  it('are none where there is nothing but a head, or no pages', () => {
    assert.equal(PayloadStamp.take(pool, 16, 1), null);
    assert.equal(PayloadStamp.take(new PagePool(new UserMemory({ pages: 31 })), 1000, 1), null);
    assert.equal(pool.freePages, 64);
  });
});

describe('a sequence of generated payloads', () => {
  const all = (payloads: GeneratedPayloads): Buffer[] => Array.from(payloads, (bytes) => Buffer.from(bytes));

  it('counts from the first by steps, and ends', () => {
    const payloads = new GeneratedPayloads({ size: 40, seed: 9, first: 3, step: 4, count: 3 });
    assert.deepEqual(
      all(payloads),
      [3, 7, 11].map((sequence) => Buffer.from(makePayload(40, 9, sequence))),
    );
    assert.equal(payloads.take(), -1);
  });

  it('ends when it is stopped', () => {
    const payloads = new GeneratedPayloads({ size: 40 });
    assert.deepEqual([payloads.take(), payloads.take()], [0, 1]);
    payloads.stop();
    assert.deepEqual(all(payloads), []);
  });

  it('wraps after 2^32', () => {
    const payloads = new GeneratedPayloads({ size: 40, first: 0xffff_ffff, step: 2, count: 2 });
    assert.deepEqual([payloads.take(), payloads.take()], [0xffff_ffff, 1]);
  });

  it('tells of each as it leaves, and writes its time then', () => {
    const left: number[] = [];
    let now = 1000;
    const payloads = new GeneratedPayloads({
      ...{ size: 40, count: 2, clock: () => now, onLeave: (sequence) => void left.push(sequence) },
    });
    const [first, second] = all(payloads);
    assert.deepEqual(
      [first, second],
      [0, 1].map((sequence) => Buffer.from(makePayload(40, 1, sequence, 1000))),
    );
    now = 2000;
    payloads.leaveIn(second!, 1);
    assert.deepEqual(second, Buffer.from(makePayload(40, 1, 1, 2000)));
    assert.deepEqual(left, [0, 1, 1]);
  });

  it('has a size that a datagram can have', () => {
    for (const size of [-1, 1.5, 65_537, Number.NaN]) {
      assert.throws(() => new GeneratedPayloads({ size }), { code: 'ERR_UFO_INVALID_ARGUMENT' });
    }
  });
});
