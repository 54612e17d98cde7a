import { udpOffset, viewOf } from '../../faults/packet.js';
import { joinedLength } from '../../verify/upper/offload.js';
import { addSums, pseudoHeaderSum, sumOctets, udpChecksumField } from '../../wire/checksum.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { tunnelKind } from '../../wire/tunnel.js';
import * as udp from '../../wire/udp.js';
import type { Made, Reference } from './cause.js';
import type { CutPacket } from './packet.js';
import { withUdpChecksum } from './rebuild.js';

export function firstHopSummed({ whole, packets }: Made): Made | null {
  const at = udpOffset(whole);
  if (at < 0) return null;
  const datagram = whole.payload.slice(at);
  udp.setChecksum(viewOf(datagram), 0, 0);
  const sum = udpChecksumField(addSums(headerPseudoSum(whole, datagram.length), sumOctets(datagram)));
  return { whole, packets: withUdpChecksum(packets, sum) };
}

/** The device adds the rest; the kernel sums the header's own addresses, we those of the route's end. */
export function checksumLeft({ whole, packets }: Made, _reference: Reference, got: readonly CutPacket[]): Made | null {
  const at = udpOffset(whole);
  if (packets.length !== 1 || got.length !== 1 || at < 0) return null;
  const upper = viewOf(whole.payload.slice(at));
  const inFull = addSums(~udp.getChecksum(upper, 0) & 0xffff, ~sumWithout(upper) & 0xffff);
  const came = udpOffset(got[0]!);
  if (came < 0) return null;
  const left = udp.getChecksum(viewOf(got[0]!.payload), came);
  const sums = [inFull, headerPseudoSum(whole, upper.byteLength)];
  return sums.includes(left) ? { whole, packets: withUdpChecksum(packets, left) } : null;
}

/** The sum of a UDP packet without its checksum field. */
function sumWithout(view: DataView): number {
  udp.setChecksum(view, 0, 0);
  return sumOctets(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
}

/** Sum of the pseudo-header with the addresses of the header itself. */
function headerPseudoSum({ family, header }: CutPacket, len: number): number {
  const view = viewOf(header);
  return family === 4
    ? pseudoHeaderSum(ipv4.getSource(view, 0), ipv4.getDestination(view, 0), udp.PROTOCOL, len)
    : pseudoHeaderSum(ipv6.getSource(view, 0), ipv6.getDestination(view, 0), udp.PROTOCOL, len);
}

/** Over IPv6 tunnels alone may do without (RFC 6935 §5). */
export function noChecksum({ whole, packets }: Made, { family }: Reference): Made | null {
  const { payload } = whole;
  const upper = { family, protocol: udp.PROTOCOL };
  const may = family === 4 || tunnelKind(viewOf(payload), upper, udpOffset(whole), payload.length) !== null;
  return may ? { whole, packets: withUdpChecksum(packets, 0) } : null;
}

/** `verify` calls it offloaded: nobody has looked at the octets behind the first datagram. */
export function joinedDatagrams({ whole, packets }: Made, { mtu }: Reference, got: readonly CutPacket[]): Made | null {
  const [only] = got;
  const at = udpOffset(whole);
  if (packets.length !== 1 || got.length !== 1 || only === undefined || at < 0 || udpOffset(only) < 0) return null;
  const { header, payload } = only;
  const size = header.length + payload.length;
  const packet = { view: viewOf(payload), at, len: payload.length - at };
  const pseudo = (len: number): number => headerPseudoSum(whole, len);
  if (joinedLength(packet, size, pseudo, mtu < size ? mtu : 0) === 0) return null;
  return { whole, packets: withUdpChecksum(packets, udp.getChecksum(packet.view, at)) };
}
