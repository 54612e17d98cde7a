import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sight } from '../../../src/app/common/icmp-sighting.js';
import * as ipv4 from '../../../src/wire/ipv4.js';

/** A port unreachable of 192.0.2.2 about a datagram under `ident` with this payload, behind 14 octets of link header. */
function unreachable(ident: number, payload: Uint8Array): Uint8Array {
  const octets = new Uint8Array(14 + 20 + 8 + 20 + 8 + payload.length).fill(0xa5);
  const view = new DataView(octets.buffer);
  putHeader(view, 14, 7, 1, [192, 0, 2, 2]);
  octets.set([3, 3], 34);
  putHeader(view, 42, ident, 17, [192, 0, 2, 1]);
  octets.set(payload, 70);
  return octets;
}

function putHeader(view: DataView, at: number, ident: number, protocol: number, source: readonly number[]): void {
  view.setUint8(at, 0x45);
  ipv4.setIdent(view, at, ident);
  ipv4.setFragOff(view, at, 0);
  ipv4.setProtocol(view, at, protocol);
  ipv4.setSource(view, at, Uint8Array.from(source));
}

describe('a packet of a conversation', () => {
  it('that is an ICMP error says about which datagram, and keeps nothing of the frame', () => {
    const octets = unreachable(0x2001, Uint8Array.of(1, 2, 3));
    const seen = sight(octets, 14, 4);
    octets.fill(0);
    const icmp = { type: 3, code: 3, pointer: 0xa5, ident: 0x2001, payload: Uint8Array.of(1, 2, 3) };
    assert.deepEqual(seen, { source: '192.0.2.2', ident: 7, icmp });
    assert.equal(seen?.icmp?.payload.buffer.byteLength, 3);
  });

  it('that quotes more than any host does is cut', () => {
    assert.equal(sight(unreachable(1, new Uint8Array(60_000)), 14, 4)?.icmp?.payload.length, 1280 - 28);
  });

  it('that is a later fragment is no error, whatever it begins with', () => {
    const octets = unreachable(1, new Uint8Array(8));
    ipv4.setFragOff(new DataView(octets.buffer), 14, 185);
    assert.deepEqual(sight(octets, 14, 4), { source: '192.0.2.2', ident: 7, icmp: null });
  });
});
