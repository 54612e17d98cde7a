import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SNAPLEN, wireLength } from '../../../src/capture/cap/wire-length.js';

/** A frame with `prefix` before an IP header of `version` whose length field says `ipLen` (octets of the field). */
function frame(prefix: readonly number[], version: 4 | 6, field: number): Buffer {
  const bytes = Buffer.alloc(SNAPLEN);
  bytes.set(prefix);
  bytes[prefix.length] = version << 4;
  bytes.writeUInt16BE(field, prefix.length + (version === 4 ? 2 : 4));
  return bytes;
}
const MACS = new Array<number>(12).fill(2);

describe('length on the wire of a frame cut at the snaplen', () => {
  const cases: readonly [string, number, Buffer, number][] = [
    ['IPv4 behind Ethernet', 1, frame([...MACS, 8, 0], 4, 65_535), 65_549],
    ['IPv4 behind VLAN', 1, frame([...MACS, 0x81, 0, 0, 1, 8, 0], 4, 65_535), 65_553],
    ['IPv6 behind QinQ', 1, frame([...MACS, 0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 0x86, 0xdd], 6, 65_535), 65_597],
    ['IPv6 raw', 101, frame([], 6, 65_535), 65_575],
    ['IPv4 cooked', 113, frame([...new Array<number>(14).fill(0), 8, 0], 4, 65_535), 65_551],
    ['a short packet with padding', 1, frame([...MACS, 8, 0], 4, 100), SNAPLEN],
    ['no IP at all', 1, frame([...MACS, 8, 6], 4, 65_535), SNAPLEN],
    ['an unknown link type', 147, frame([], 4, 65_535), SNAPLEN],
  ];
  for (const [name, linktype, bytes, want] of cases)
    it(`${name}: ${want}`, () =>
      assert.equal(wireLength(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), SNAPLEN, linktype), want));
});
