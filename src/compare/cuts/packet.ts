import { type PlanPacket, placeOf, viewOf } from '../../faults/packet.js';
import * as ipv4 from '../../wire/ipv4.js';
import { MAX_LEN as MAX_OPTIONS_LEN } from '../../wire/ipv4-options.js';
import * as ipv6 from '../../wire/ipv6.js';
import { ExtensionChain, FRAGMENT_HEADER_LEN, walkExtensions } from '../../wire/ipv6-extension.js';

/** A packet as plans have it, of which nobody changes anything: what stands around it does not matter here. */
export type CutPacket = PlanPacket;

const NOTHING = new Uint8Array(0);
const chain = new ExtensionChain();

/**
 * The IP packet that begins `octets`, padding of the link left out: the header is what every fragment repeats, through the
 * fragment header where there is one. null where the octets are no whole packet.
 */
export function readPacket(frame: Uint8Array): CutPacket | null {
  const octets = plain(frame);
  const version = octets.length === 0 ? 0 : octets[0]! >>> 4;
  if (version === 4) return readIpv4(octets);
  return version === 6 ? readIpv6(octets) : null;
}

function readIpv4(octets: Uint8Array): CutPacket | null {
  if (octets.length < ipv4.HEADER_LEN) return null;
  const view = viewOf(octets);
  const headerLen = ipv4.getHeaderLen(view, 0);
  const totLen = ipv4.getTotLen(view, 0);
  if (headerLen < ipv4.HEADER_LEN || headerLen > ipv4.HEADER_LEN + MAX_OPTIONS_LEN) return null;
  return totLen < headerLen || totLen > octets.length ? null : packet(4, octets, headerLen, totLen);
}

function readIpv6(octets: Uint8Array): CutPacket | null {
  if (octets.length < ipv6.HEADER_LEN) return null;
  const view = viewOf(octets);
  const end = ipv6.HEADER_LEN + ipv6.getPayloadLen(view, 0);
  if (end > octets.length) return null;
  walkExtensions(view, ipv6.NEXT_HEADER, ipv6.HEADER_LEN, end, chain);
  const { fragmentOffset, perFragmentEnd } = chain;
  return packet(6, octets, fragmentOffset < 0 ? perFragmentEnd : fragmentOffset + FRAGMENT_HEADER_LEN, end);
}

function packet(family: 4 | 6, octets: Uint8Array, headerLen: number, end: number): CutPacket {
  const header = octets.subarray(0, headerLen);
  const payload = octets.subarray(headerLen, end);
  return { family, link: NOTHING, header, payload, trailer: NOTHING, delayMs: 0, datagram: 0 };
}

/** The octets of the fragments behind each other. */
export function joined(packets: readonly CutPacket[]): Uint8Array {
  return concat(packets.map(({ payload }) => payload));
}

/** The octets of the fragments where their offsets have them, what came first on top. */
export function assembled(packets: readonly CutPacket[], len: number): Uint8Array {
  const octets = new Uint8Array(len);
  for (const packet of packets.toReversed()) {
    const { offset } = placeOf(packet);
    if (offset < len) octets.set(packet.payload.subarray(0, len - offset), offset);
  }
  return octets;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return plain(Buffer.concat(parts));
}

/** A Buffer's `slice` shares its memory, that of anything else copies: packets are nobody's to change. */
function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
