import { placeOf, viewOf } from '../../faults/packet.js';
import { KEY_WORDS, type Keying, setKey } from '../../verify/reassembly/fragment.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import type { CutPacket } from './packet.js';

/** What all fragments of a datagram share. @param layers key of the network that it came through */
export function datagramKey(packet: CutPacket, layers: number): string {
  return keyOf(packet, placeOf(packet).ident, layers);
}

/** The same but the ident: who sends, to whom, and through which network. */
export function pairKey(packet: CutPacket, layers: number): string {
  return keyOf(packet, 0, layers);
}

function keyOf({ family, header }: CutPacket, ident: number, layers: number): string {
  const view = viewOf(header);
  const protocol = family === 4 ? ipv4.getProtocol(view, 0) : ipv6.getNextHeader(view, 0);
  const keying: Keying = {
    family,
    protocol,
    ident,
    layers: { key: layers },
    key: new Int32Array(KEY_WORDS),
    keyLen: 0,
  };
  setKey(keying, view, 0);
  return keying.key.subarray(0, keying.keyLen).join(' ');
}
