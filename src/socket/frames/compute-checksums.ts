import { addSums, finishChecksum, pseudoHeaderSum, sumView } from '../../wire/checksum.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as udp from '../../wire/udp.js';
import { ICMP, ICMPV6, TCP, type UpperLayer } from './upper-layer.js';

/** Where the checksum lies in what is put right; ICMP's is over its own octets alone (RFC 792). */
const SUM_AT: Readonly<Record<4 | 6, ReadonlyMap<number, number>>> = {
  4: new Map([
    [TCP, 16],
    [udp.PROTOCOL, udp.CHECKSUM],
    [ICMP, 2],
  ]),
  6: new Map([
    [TCP, 16],
    [udp.PROTOCOL, udp.CHECKSUM],
    [ICMPV6, 2],
  ]),
};

/**
 * Makes the IPv4 header's checksum anew, and that of the upper layer where it is known and the packet is whole.
 * @throws what `refuse` makes: a first fragment, whose checksum covers octets of others; a packet that was cut short
 */
export function computeChecksums(
  view: DataView,
  base: number,
  family: 4 | 6,
  upper: UpperLayer,
  refuse: (got: string, want: string) => Error,
): void {
  if (family === 4) ipv4.fillChecksum(view, base);
  const { protocol, offset, first, fragment, headerFault } = upper;
  const sumAt = SUM_AT[family].get(protocol);
  if (sumAt === undefined || !first) return;
  if (headerFault !== null) throw refuse(headerFault, 'a packet whose checksums can be computed');
  if (fragment) throw refuse('a first fragment', 'a whole packet: its checksum covers the others too');
  const end = packetEnd(view, base, family);
  if (end > view.byteLength || end < offset + sumAt + 2)
    throw refuse('a packet that ends before its length', 'a whole one');
  const at = offset + sumAt;
  if (protocol === udp.PROTOCOL && family === 4 && view.getUint16(at) === 0) return; // wanted so (RFC 768)
  view.setUint16(at, 0);
  const sum = addSums(pseudoSum(view, base, family, protocol, end - offset), sumView(view, offset, end - offset));
  const field = finishChecksum(sum);
  view.setUint16(at, protocol === udp.PROTOCOL ? field || 0xffff : field);
}

/** Where the packet ends as its header says. */
export function packetEnd(view: DataView, base: number, family: 4 | 6): number {
  return family === 4 ? base + ipv4.getTotLen(view, base) : base + ipv6.HEADER_LEN + ipv6.getPayloadLen(view, base);
}

/** Of what lies in front of `len` octets above the headers. */
export function pseudoSum(view: DataView, base: number, family: 4 | 6, protocol: number, len: number): number {
  if (protocol === ICMP && family === 4) return 0;
  const octets = (at: number): Uint8Array =>
    new Uint8Array(view.buffer, view.byteOffset + base + at, family === 4 ? 4 : 16);
  const at = family === 4 ? ipv4 : ipv6;
  return pseudoHeaderSum(octets(at.SOURCE), octets(at.DESTINATION), protocol, len);
}
