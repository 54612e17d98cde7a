import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LINKTYPE_LINUX_SLL, NetworkLayer, networkLayer } from '../../src/wire/link-layer.js';
import { parseFileHeader, pcapFormat, putFileHeader } from '../../src/wire/pcap-format.js';

describe('a cooked frame', () => {
  it('of Linux’s own protocol 4 carries LLC, and no other small number does', () => {
    for (const protocol of [1, 3, 4, 5, 0x5dc]) {
      const snap = [0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0];
      const octets = Uint8Array.of(
        0,
        0,
        0,
        1,
        0,
        6,
        ...new Uint8Array(8),
        protocol >> 8,
        protocol & 255,
        ...snap,
        0x45,
      );
      const found = new NetworkLayer();
      const ok = networkLayer(new DataView(octets.buffer), 0, octets.length, LINKTYPE_LINUX_SLL, found);
      assert.deepEqual([ok, found.family], protocol === 4 ? [true, 4] : [false, 0], `protocol ${protocol}`);
    }
  });
});

describe('a pcap file of an old version', () => {
  it('has its lengths the other way round before 2.3, and either way in 2.3', () => {
    for (const [minor, lengths] of [
      [0, 'swapped'],
      [2, 'swapped'],
      [3, 'either'],
      [4, undefined],
      [5, undefined],
    ] as const) {
      for (const littleEndian of [true, false]) {
        const view = new DataView(new ArrayBuffer(24));
        putFileHeader(view, 0, pcapFormat(1, { littleEndian, nanosecond: false }));
        view.setUint16(6, minor, littleEndian);
        assert.equal(parseFileHeader(new Uint8Array(view.buffer)).lengths, lengths, `2.${minor}`);
      }
    }
  });
});
