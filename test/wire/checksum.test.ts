import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  addSums,
  combineSum,
  finishChecksum,
  foldSum,
  pseudoHeaderSum,
  sumOctets,
  sumView,
  udpChecksumField,
  updateChecksum,
} from '../../src/wire/checksum.js';
import { hex, noise } from './helpers.js';

/** RFC 1071 as it reads: 16-bit words, last odd octet padded with zero, carries added back in. */
function naiveSum(bytes: Uint8Array, offset: number, len: number): number {
  let sum = 0;
  for (let i = 0; i < len; i += 2) {
    sum += bytes[offset + i]! * 256 + (i + 1 < len ? bytes[offset + i + 1]! : 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

describe('sumOctets', () => {
  it('sums the example of RFC 1071 §3', () => {
    assert.equal(sumOctets(hex('0001 f203 f4f5 f6f7')), 0xddf2);
    assert.equal(finishChecksum(0xddf2), 0x220d);
  });

  it('agrees with the naive sum for every length 0…300 at every alignment 0…8', () => {
    const bytes = noise(512, 7);
    for (let offset = 0; offset <= 8; offset++) {
      for (let len = 0; len <= 300; len++) {
        assert.equal(sumOctets(bytes, offset, len), naiveSum(bytes, offset, len), `offset ${offset}, len ${len}`);
      }
    }
  });

  it('neither overflows nor loses carries on long runs of ones', () => {
    const bytes = new Uint8Array(600_001).fill(0xff);
    for (const len of [65_535, 262_111, 262_112, 262_113, 262_144, 600_000]) {
      assert.equal(sumOctets(bytes, 1, len), naiveSum(bytes, 1, len), `len ${len}`);
    }
    assert.equal(sumOctets(new Uint8Array(262_144)), 0);
  });

  it('sums across its blocks', () => {
    const bytes = noise(600_001, 3);
    for (const len of [262_111, 262_112, 262_113, 524_225, 599_999]) {
      assert.equal(sumOctets(bytes, 2, len), naiveSum(bytes, 2, len), `len ${len}`);
    }
  });

  it('respects where the array begins in its buffer, and changes of buffer', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(128));
    shared.set(noise(128, 9));
    const plain = noise(128, 11);
    for (let i = 0; i < 3; i++) {
      assert.equal(sumOctets(shared.subarray(5), 2, 77), naiveSum(shared, 7, 77));
      assert.equal(sumOctets(plain.subarray(3, 90)), naiveSum(plain, 3, 87));
    }
  });

  it('sees a resizable buffer grow and shrink', () => {
    type Resizable = ArrayBuffer & { resize(byteLength: number): void };
    const buffer = Reflect.construct(ArrayBuffer, [16, { maxByteLength: 4096 }]) as Resizable;
    const bytes = new Uint8Array(buffer);
    for (const size of [16, 4096, 64]) {
      buffer.resize(size);
      bytes.fill(0x31);
      assert.equal(sumOctets(bytes), naiveSum(bytes, 0, size));
    }
  });

  it('sums through a view of the caller', () => {
    const bytes = noise(100, 2);
    assert.equal(sumView(new DataView(bytes.buffer, 10, 80), 3, 61), naiveSum(bytes, 13, 61));
  });
});

describe('sums', () => {
  it('combines blocks cut anywhere, odd offsets too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(fc.nat(400), { maxLength: 8 }), (bytes, cuts) => {
        const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort((a, b) => a - b);
        let sum = 0;
        for (let i = 1; i < edges.length; i++) {
          const offset = edges[i - 1]!;
          sum = combineSum(sum, sumOctets(bytes, offset, edges[i]! - offset), offset);
        }
        // 0 and 0xffff are the same number in one's complement; blocks of zeros alone give 0.
        assert.equal(sum % 0xffff, naiveSum(bytes, 0, bytes.length) % 0xffff);
        assert.equal(
          sum === 0,
          bytes.every((octet) => octet === 0),
        );
      }),
    );
  });

  it('folds', () => {
    const table = [
      [0, 0],
      [0xffff, 0xffff],
      [0x1_0000, 1],
      [0x1_ffff, 1],
      [0xffff_ffff, 0xffff],
      [0x1_0000_0000, 1],
      [0xffff_ffff_ffff, 0xffff],
      [0x1_2345_6789, 0x1 + 0x2345 + 0x6789],
    ] as const;
    for (const [sum, want] of table) assert.equal(foldSum(sum), want, sum.toString(16));
    assert.equal(addSums(0xffff, 0xffff), 0xffff);
    assert.equal(addSums(0x8000, 0x8001), 2);
  });

  it('writes a computed UDP checksum of 0 as 0xffff (RFC 768)', () => {
    assert.equal(udpChecksumField(0xffff), 0xffff);
    assert.equal(finishChecksum(0xffff), 0);
    assert.equal(udpChecksumField(0x1234), 0xedcb);
  });

  it('updates a checksum as if computed anew (RFC 1624), its own example too', () => {
    assert.equal(updateChecksum(0xdd2f, 0x5555, 0x3285), 0x0000);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.nat(9), fc.nat(0xffff), (bytes, word, value) => {
        bytes[0] = 0x45; // a header is never all zero
        bytes[1] = 1;
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        const at = word === 0 ? 2 : word * 2;
        const before = finishChecksum(sumOctets(bytes));
        const old = view.getUint16(at);
        view.setUint16(at, value);
        assert.equal(updateChecksum(before, old, value), finishChecksum(sumOctets(bytes)));
      }),
    );
  });
});

describe('pseudoHeaderSum', () => {
  it('is the sum of the pseudo-header written out', () => {
    const four = hex('c0000201 c6336402 00 11 ffe3');
    assert.equal(pseudoHeaderSum(four.subarray(0, 4), four.subarray(4, 8), 17, 0xffe3), naiveSum(four, 0, four.length));
    const six = hex('20010db8000000000000000000000001 20010db80000000000000000000000ff 00012345 000000 11');
    const want = naiveSum(six, 0, six.length);
    assert.equal(pseudoHeaderSum(six.subarray(0, 16), six.subarray(16, 32), 17, 0x12345), want);
  });

  it('makes a datagram with its checksum sum to 0xffff', () => {
    const datagram = hex('8ca0 0035 001b 0000 1234 0100 0001 0000 0000 0000 01 61 00 0001 0001');
    const local = hex('7f000001');
    const pseudo = pseudoHeaderSum(local, local, 17, datagram.length);
    datagram.set(hex('5e4a'), 6);
    assert.equal(addSums(pseudo, sumOctets(datagram)), 0xffff);
  });
});
