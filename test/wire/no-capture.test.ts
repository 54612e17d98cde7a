import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldSum } from '../../src/wire/checksum.js';
import { parseFileHeader } from '../../src/wire/pcap-format.js';
import * as virtio from '../../src/wire/virtio-net-hdr.js';

describe('what is no capture file', () => {
  it('is told as text where all of it can be read, and by its octets otherwise', () => {
    const told = (octets: Uint8Array): string => {
      try {
        parseFileHeader(octets);
      } catch (error) {
        return (error as Error).message;
      }
      return assert.fail('it is none');
    };
    const text = (more: number): Uint8Array => Uint8Array.of(0x7e, 0x20, 0x09, 0x0a, 0x0d, 0x41, more, 0x41);
    assert.match(told(text(0x42)), /text that begins "~ \\t\\n\\rABA"/);
    for (const octet of [0x7f, 0x1f, 0x08, 0x0b, 0x0e, 0x80, 0]) {
      assert.match(told(text(octet)), /octets that begin 7e 20 09 0a/, `with octet ${octet}`);
    }
    assert.match(told(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)), /xz-compressed/);
    assert.match(told(Uint8Array.of(0x34, 0xcd, 0xb2, 0xa1)), /Kuznetzov/);
    assert.match(told(Uint8Array.of(0xa1, 0xb2, 0xcd, 0x34)), /Kuznetzov/);
    assert.match(told(new Uint8Array(0)), /an empty file/);
    assert.match(told(Uint8Array.of(0xd4, 0xc3)), /text|octets/);
  });
});

describe('a sum of many words', () => {
  it('is folded with every carry added back, up to 48 bits', () => {
    const right = (sum: number): number => (sum === 0 ? 0 : sum % 0xffff || 0xffff);
    for (const high of [0, 1, 2, 0x7fff, 0xfffe, 0xffff]) {
      for (const middle of [0, 1, 0x8000, 0xfffe, 0xffff]) {
        for (const low of [0, 1, 2, 0x7fff, 0xfffd, 0xfffe, 0xffff]) {
          const sum = high * 2 ** 32 + middle * 2 ** 16 + low;
          assert.equal(foldSum(sum), right(sum), `of 0x${sum.toString(16)}`);
        }
      }
    }
  });
});

describe('a virtio_net_hdr', () => {
  it('has each field in its place, native (little-endian) order, wherever it begins', () => {
    for (const base of [0, 3]) {
      const octets = new Uint8Array(base + virtio.HEADER_LEN);
      const view = new DataView(octets.buffer);
      virtio.setFlags(view, base, virtio.F_NEEDS_CSUM);
      virtio.setGsoType(view, base, virtio.GSO_UDP);
      virtio.setHdrLen(view, base, 0x0102);
      virtio.setGsoSize(view, base, 0x0304);
      virtio.setCsumStart(view, base, 0x0506);
      virtio.setCsumOffset(view, base, 0x0708);
      assert.deepEqual([...octets.subarray(base)], [1, 3, 2, 1, 4, 3, 6, 5, 8, 7]);
    }
  });
});
