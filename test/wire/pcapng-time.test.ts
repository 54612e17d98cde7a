import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MICROSECONDS, setTime, unitsOf } from '../../src/wire/pcapng-time.js';

function timeOf(count: bigint, units: number, offset = 0): [seconds: number, nanoseconds: number] {
  const out = { seconds: -1, nanoseconds: -1 };
  setTime(Number(count >> 32n), Number(count & 0xffff_ffffn), { units, offset }, out);
  return [out.seconds, out.nanoseconds];
}

describe('pcapng time', () => {
  it('is counted in a negative power of 10, or of 2 where the highest bit is set (if_tsresol)', () => {
    for (let power = 0; power < 20; power++) assert.equal(unitsOf(power), 10 ** power);
    for (let power = 0; power < 128; power++) assert.equal(unitsOf(0x80 | power), 2 ** power);
    assert.deepEqual(MICROSECONDS, { units: 1_000_000, offset: 0 });
  });

  it('is split into seconds and nanoseconds, however it is counted', () => {
    for (const [count, units, want] of [
      [0n, 1e6, [0, 0]],
      [1n, 1e9, [0, 1]],
      [999_999n, 1e6, [0, 999_999_000]],
      [1_000_000n, 1e6, [1, 0]],
      [1_700_000_000_123_456_789n, 1e9, [1_700_000_000, 123_456_789]],
      [1_700_000_000_123n, 1e3, [1_700_000_000, 123_000_000]],
      [1_700_000_000n, 1, [1_700_000_000, 0]],
      [(1_700_000_000n << 20n) + 1n, 2 ** 20, [1_700_000_000, 953]], // 10⁹ / 2²⁰ = 953.67
      [17_000_000_000_000_000_019n, 1e10, [1_700_000_000, 1]],
      [1_700_000_000_000_000_999n, 1e12, [1_700_000, 0]],
      [(1n << 64n) - 1n, 1e9, [18_446_744_073, 709_551_615]],
      [(1n << 64n) - 1n, 2 ** 64, [0, 999_999_999]],
    ] as const)
      assert.deepEqual(timeOf(count, units), want, `${count} of ${units} a second`);
  });

  it('begins at an offset, of whole seconds (if_tsoffset)', () => {
    for (const units of [1e6, 1e9, 1e12]) {
      assert.deepEqual(timeOf(5n * BigInt(units), units, 100), [105, 0]);
      assert.deepEqual(timeOf(5n * BigInt(units), units, -2), [3, 0]);
    }
  });

  it('is exact for every count and resolution, as far as seconds are', () => {
    const resolution = fc.constantFrom(
      0,
      3,
      6,
      9,
      10,
      11,
      12,
      0x80 | 1,
      0x80 | 10,
      0x80 | 20,
      0x80 | 30,
      0x80 | 31,
      0x80 | 36,
    );
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 64n) - 1n), resolution, (count, tsresol) => {
        const units = BigInt(unitsOf(tsresol));
        const seconds = count / units;
        fc.pre(seconds < 2n ** 53n);
        const nanoseconds = ((count % units) * 1_000_000_000n) / units;
        assert.deepEqual(timeOf(count, Number(units)), [Number(seconds), Number(nanoseconds)]);
      }),
      { numRuns: 2000 },
    );
  });
});
