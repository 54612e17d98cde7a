import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { AUTHENTICATION, FRAGMENT, FRAGMENT_HEADER_LEN } from '../../wire/ipv6-extension.js';
import type { Packet } from './packet.js';

/** The headers of the packet as they were before it was cut; the length is set by `setPayloadLen`. */
export function wholeHeader(packet: Packet, family: 4 | 6, fragmented: boolean): Uint8Array {
  const { view, base, headerLen } = packet;
  const octets = new Uint8Array(view.buffer, view.byteOffset + base, headerLen).slice();
  if (family === 4) {
    const header = new DataView(octets.buffer);
    ipv4.setFragOff(header, 0, ipv4.getFragWord(header, 0) & ipv4.DF);
    return octets;
  }
  return fragmented ? withoutFragmentHeader(octets) : octets;
}

/** The fragment header is the last one; the one before it then names what it named. */
function withoutFragmentHeader(octets: Uint8Array): Uint8Array {
  const whole = octets.slice(0, octets.length - FRAGMENT_HEADER_LEN);
  whole[lastNextHeader(whole)] = octets[whole.length]!;
  return whole;
}

/** Offset of the next-header octet of the last header in `octets`. */
function lastNextHeader(octets: Uint8Array): number {
  let link: number = ipv6.NEXT_HEADER;
  for (let at: number = ipv6.HEADER_LEN; at < octets.length && octets[link] !== FRAGMENT; ) {
    const isAh = octets[link] === AUTHENTICATION;
    link = at;
    at += isAh ? 4 * (octets[at + 1]! + 2) : 8 * (octets[at + 1]! + 1);
  }
  return link;
}

/** Octets behind the IPv6 header that its length field can tell. */
const MAX_PAYLOAD_LEN = 0xffff;

/** Sets the length fields of such a header, and IPv4's checksum. */
export function setPayloadLen(octets: Uint8Array, family: 4 | 6, len: number): void {
  const header = new DataView(octets.buffer, octets.byteOffset, octets.length);
  if (family === 6) {
    const payloadLen = octets.length - ipv6.HEADER_LEN + len;
    ipv6.setPayloadLen(header, 0, payloadLen > MAX_PAYLOAD_LEN ? 0 : payloadLen); // the jumbo option has it (RFC 2675 §3)
    return;
  }
  ipv4.setTotLen(header, 0, octets.length + len);
  ipv4.fillChecksum(header, 0);
}
