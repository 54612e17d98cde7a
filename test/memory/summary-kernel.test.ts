import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SummaryKernel, summaryKernel } from '../../src/memory/summary-kernel.js';
import { sumOctets } from '../../src/wire/checksum.js';
import { Random } from '../fuzz/random.js';

const KIB_64 = 65_536;

/** Some octets at `at`, others before and behind them. */
function fill(kernel: SummaryKernel, at: number, len: number, random: Random): void {
  kernel.bytes.fill(0xa5, at - 64, at + len + 64);
  for (let i = 0; i < len; i++) kernel.bytes[at + i] = random.below(256);
}

const digestOf = ({ low, high }: SummaryKernel): string => `${low} ${high}`;

describe('the summary kernel', () => {
  it('is what this machine runs, one a thread', () => {
    assert.ok(summaryKernel() instanceof SummaryKernel);
    assert.equal(summaryKernel(), summaryKernel());
  });

  it('sums as the plain way does, wherever the octets lie and however many they are', () => {
    const kernel = new SummaryKernel();
    const random = new Random(1, 0);
    for (const len of [...Array.from({ length: 140 }, (_, i) => i), 1471, 1472, 4096, 65_535]) {
      const at = 2 * KIB_64 + random.below(64);
      fill(kernel, at, len, random);
      assert.equal(kernel.summarize(at, len), sumOctets(kernel.bytes, at, len), `${len} octets at ${at}`);
    }
  });

  it('copies what it sums, and nothing before or behind it', () => {
    const kernel = new SummaryKernel();
    const random = new Random(2, 0);
    for (const len of [0, 1, 2, 15, 16, 17, 31, 63, 64, 65, 127, 128, 129, 1480, 9001]) {
      const [at, to] = [2 * KIB_64 + random.below(16), 4 * KIB_64 + random.below(16)];
      fill(kernel, at, len, random);
      kernel.bytes.fill(0x5a, to - 64, to + len + 64);
      const sum = kernel.copySummarize(to, at, len);
      const octets = kernel.bytes.slice(at, at + len);
      assert.equal(sum, sumOctets(octets), `${len} octets`);
      assert.deepEqual(kernel.bytes.slice(to, to + len), octets);
      for (const guard of [kernel.bytes.subarray(to - 64, to), kernel.bytes.subarray(to + len, to + len + 64)])
        assert.ok(
          guard.every((octet) => octet === 0x5a),
          `${len} octets`,
        );
      const copied = digestOf(kernel);
      kernel.summarize(at, len);
      assert.equal(digestOf(kernel), copied, 'by either way the same digest');
    }
  });

  it('has a digest that any changed octet, any exchanged words and any other length changes', () => {
    const kernel = new SummaryKernel();
    const random = new Random(3, 0);
    for (const len of [2, 3, 16, 17, 64, 100, 127, 128, 129, 300]) {
      const at = 3 * KIB_64;
      fill(kernel, at, len, random);
      const digest = (): string => {
        kernel.digest(at, len);
        return digestOf(kernel);
      };
      const right = digest();
      assert.equal(digest(), right);
      for (let i = 0; i < len; i++) {
        kernel.bytes[at + i]! ^= 1 << (i & 7);
        assert.notEqual(digest(), right, `octet ${i} of ${len}`);
        kernel.bytes[at + i]! ^= 1 << (i & 7);
      }
      for (let i = 0; i + 4 <= len; i += 2) {
        const [a, b, c, d] = kernel.bytes.subarray(at + i, at + i + 4);
        if (a === c && b === d) continue;
        kernel.bytes.set([c!, d!, a!, b!], at + i);
        assert.notEqual(digest(), right, `words at ${i} of ${len}`); // which the sum cannot tell
        kernel.bytes.set([a!, b!, c!, d!], at + i);
      }
      kernel.digest(at, len - 1);
      assert.notEqual(digestOf(kernel), right);
    }
  });

  it('has digests that are the same in every process, and others that nobody can foresee', () => {
    const [one, other] = [new SummaryKernel(), new SummaryKernel()];
    for (const kernel of [one, other]) fill(kernel, 2 * KIB_64, 200, new Random(4, 0));
    for (const kernel of [one, other]) kernel.digest(2 * KIB_64, 200);
    assert.equal(digestOf(one), digestOf(other));
    assert.equal(digestOf(one), '-1955939622 1550725946');
    for (const kernel of [one, other]) kernel.summarize(2 * KIB_64, 200);
    assert.notEqual(digestOf(one), digestOf(other));
  });

  it('lets one tenant at a time have its buffers, chunks and desk, which all lie apart', () => {
    const kernel = new SummaryKernel();
    const tenant = {};
    const tenancy = kernel.rent(tenant)!;
    assert.equal(kernel.rent({}), undefined);
    kernel.leave({});
    assert.equal(kernel.rent({}), undefined, 'who is no tenant cannot leave');
    kernel.leave(tenant);
    const { buffers, chunks, roomLen, stage, desk } = kernel.rent(tenant)!;
    assert.deepEqual(buffers, tenancy.buffers);
    const start = (bytes: Uint8Array): number => bytes.byteOffset;
    const regions: readonly (readonly [from: number, len: number])[] = [
      [0, 2 * 128 + 128],
      [kernel.scratch, KIB_64],
      ...buffers.map((at) => [at, KIB_64] as const),
      ...chunks.map((chunk) => [start(chunk) - roomLen, chunk.length + roomLen] as const),
      [start(stage), stage.length],
      [desk, 704 * 1024],
    ];
    let end = 0;
    for (const [from, len] of regions.toSorted(([a], [b]) => a - b)) {
      assert.ok(from >= end, `what begins at ${from} overlaps what ends at ${end}`);
      end = from + len;
    }
    assert.equal(end, kernel.bytes.length);
    assert.deepEqual([buffers.length, chunks.length, chunks[0]!.length, roomLen], [24, 2, 512 * 1024, 192 * 1024]);
    assert.equal(stage.length, 704 * 1024);
  });
});
