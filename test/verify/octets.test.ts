import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summaryKernel } from '../../src/memory/summary-kernel.js';
import { BufferPool } from '../../src/verify/reassembly/buffers.js';
import {
  copySummarize,
  OctetSummary,
  type Octets,
  summarize,
  summarizePlain,
} from '../../src/verify/reassembly/octets.js';
import { sumOctets } from '../../src/wire/checksum.js';
import { pattern } from './build.js';

const out = new OctetSummary();
type Summarizer = (octets: Octets, offset: number, len: number) => [sum: number, low: number, high: number];
const WAYS: Record<string, Summarizer> = {
  kernel: (octets, offset, len) => {
    summarize(octets, offset, len, out);
    return [out.sum, out.low, out.high];
  },
  plain: (octets, offset, len) => {
    summarizePlain(octets.view, offset, len, out);
    return [out.sum, out.low, out.high];
  },
};
const octetsOf = (bytes: Uint8Array): Octets => ({ bytes, view: new DataView(bytes.buffer), at: -1 });

for (const [name, run] of Object.entries(WAYS)) {
  describe(`octets summarized by the ${name} way`, () => {
    const bytes = pattern(70_000, 3);
    const octets = octetsOf(bytes);

    it('have the Internet sum, any length and alignment', () => {
      for (let len = 0; len < 600; len++) {
        for (const offset of [0, 1, 14, 34]) {
          assert.equal(run(octets, offset, len)[0], sumOctets(bytes, offset, len), `${len} octets at ${offset}`);
        }
      }
      assert.equal(run(octets, 7, 65_535)[0], sumOctets(bytes, 7, 65_535));
      const ones = octetsOf(new Uint8Array(65_535).fill(0xff));
      assert.equal(run(ones, 0, 65_534)[0], 0xffff);
    });

    it('have the same digest wherever they lie, and another one with any octet changed', () => {
      for (const len of [1, 7, 8, 15, 16, 31, 100, 127, 128, 300, 1480]) {
        const moved = octetsOf(new Uint8Array(len + 5));
        moved.bytes.set(bytes.subarray(10, 10 + len), 5);
        const [, low, high] = run(octets, 10, len);
        assert.deepEqual(run(moved, 5, len).slice(1), [low, high]);
        for (let at = 5; at < 5 + len; at++) {
          for (const change of [1, 0x80]) {
            moved.bytes[at]! ^= change;
            assert.notDeepEqual(run(moved, 5, len).slice(1), [low, high], `octet ${at - 5} of ${len}`);
            moved.bytes[at]! ^= change;
          }
        }
      }
    });

    it('have another digest with two words exchanged, which no sum shows', () => {
      for (const [a, b] of [
        [0, 2],
        [0, 4],
        [0, 8],
        [0, 16],
        [2, 128],
        [64, 192],
        [0, 1024],
        // in every lane of a round, and from one round to the next
        [16, 144],
        [48, 176],
        [80, 208],
        [112, 240],
      ] as const) {
        const moved = octetsOf(bytes.slice(0, 1480));
        const [sum, low, high] = run(moved, 0, 1480);
        moved.bytes.copyWithin(a, b, b + 2);
        moved.bytes.set(bytes.subarray(a, a + 2), b);
        const [sumAfter, ...digest] = run(moved, 0, 1480);
        assert.equal(sumAfter, sum);
        assert.notDeepEqual(digest, [low, high], `words at ${a} and ${b}`);
      }
    });

    it('have another digest where changes make up for each other, in sums and in sums of sums', () => {
      // By octets from the beginning: words that become so much larger.
      const changes: readonly (readonly (readonly [number, number])[])[] = [
        ...[0, 16, 32, 48, 64, 80, 96, 112].flatMap((lane) => [
          [
            [lane, 1],
            [lane + 128, -2],
          ] as const, // what the second round counts once the first counts twice
          [
            [lane, 1],
            [lane + 128, -1],
          ] as const,
        ]),
        [
          [256, 1],
          [272, -2],
          [288, 1],
        ], // behind the last round, vector by vector
        [
          [256, 1],
          [272, -1],
        ],
      ];
      for (const change of changes) {
        const moved = octetsOf(new Uint8Array(330).fill(7));
        const before = run(moved, 0, 330).slice(1);
        for (const [at, by] of change) moved.view.setInt16(at, moved.view.getInt16(at, true) + by, true);
        assert.notDeepEqual(run(moved, 0, 330).slice(1), before, JSON.stringify(change));
      }
    });

    it('have another digest when one zero octet more is there', () => {
      const zeros = octetsOf(new Uint8Array(300));
      for (let len = 0; len < 290; len++) {
        assert.notDeepEqual(run(zeros, 0, len).slice(1), run(zeros, 0, len + 1).slice(1));
      }
    });
  });
}

describe('buffers in the memory of the kernel', { skip: summaryKernel() === null && 'no SIMD here' }, () => {
  it('are let to one pool at a time', () => {
    const first = new BufferPool();
    const second = new BufferPool();
    assert.ok(first.take(65_536).at >= 0);
    assert.equal(second.take(65_536).at, -1);
    first.close();
    const third = new BufferPool();
    assert.ok(third.take(65_536).at >= 0);
    third.close();
  });

  it('hold what is put in, and give the same digest as octets elsewhere', () => {
    const pool = new BufferPool();
    const buffer = pool.take(65_536);
    const bytes = pattern(2000);
    buffer.bytes.set(bytes, 1480);
    summarize(buffer, 1480, 2000, out);
    const inside = [out.sum, out.low, out.high];
    summarize(octetsOf(bytes), 0, 2000, out);
    assert.deepEqual([out.sum, out.low, out.high], inside);
    pool.close();
  });

  it('take copies of any length, to the last octet and no further', () => {
    const pool = new BufferPool();
    const [from, to] = [pool.take(65_536), pool.take(65_536)];
    from.bytes.set(pattern(3000, 5));
    for (const len of [0, 1, 2, 3, 15, 16, 17, 255, 256, 1479, 1480]) {
      to.bytes.fill(0xa5, 0, 3000);
      copySummarize(to, 3, from, 7, len, out);
      assert.deepEqual(to.bytes.slice(3, 3 + len), from.bytes.slice(7, 7 + len), `${len}`);
      assert.deepEqual([to.bytes[2], to.bytes[3 + len]], [0xa5, 0xa5]);
      const copied = [out.sum, out.low, out.high];
      summarize(from, 7, len, out);
      assert.deepEqual([out.sum, out.low, out.high], copied);
    }
    pool.close();
  });
});
