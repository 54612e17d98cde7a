import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summaryKernel } from '../../src/memory/summary-kernel.js';
import { BufferPool } from '../../src/verify/reassembly/buffers.js';
import { OctetSummary, type Octets, summarize, summarizePlain } from '../../src/verify/reassembly/octets.js';
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
});
