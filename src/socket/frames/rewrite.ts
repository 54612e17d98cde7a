import { argumentError } from '../../errors.js';
import type { Rewriting } from '../../options/rewriting.js';
import { foldSum, updateChecksum } from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import { type Frame, frameData } from '../../wire/frame.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { LINKTYPE_ETHERNET, NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import * as udp from '../../wire/udp.js';
import { computeChecksums, packetEnd, pseudoSum } from './compute-checksums.js';
import { SCTP, TCP, type UpperLayer, upperLayer, WITH_PORTS } from './upper-layer.js';

const FILTER_HINT = 'leave such frames out, as tcpdump -r FILE -w OTHER FILTER does';

/**
 * The frame with other addresses and ports, and the checksums that cover them put right by what changed (RFC 1624), so that
 * those of fragmented datagrams are right as well, and wrong ones stay wrong; or all of them made anew.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT naming the frame: what could not be put right
 */
export function rewritten(frame: Frame, to: Rewriting, number: number): Frame {
  const octets = Uint8Array.from(frameData(frame));
  const view = new DataView(octets.buffer);
  const refuse = (got: string, want: string): Error =>
    argumentError(`rewrite: frame ${number}`, got, want, FILTER_HINT);
  if (to.sourceMac !== undefined || to.destinationMac !== undefined) {
    if (frame.linktype !== LINKTYPE_ETHERNET || octets.length < ethernet.HEADER_LEN)
      throw refuse('no Ethernet header', 'one, to put another MAC address in');
    if (to.sourceMac !== undefined) ethernet.setSource(view, 0, to.sourceMac);
    if (to.destinationMac !== undefined) ethernet.setDestination(view, 0, to.destinationMac);
  }
  const network = new NetworkLayer();
  if (networkLayer(view, 0, octets.length, frame.linktype, network)) {
    if (!hasHeader(view, network)) throw refuse('a packet without a whole IP header', 'one with it');
    rewritePacket(view, network.offset, network.family as 4 | 6, to, refuse);
  } else if (to.source !== undefined || to.destination !== undefined) {
    throw refuse('no IP packet', 'one: addresses in other protocols (ARP) are not put right');
  }
  return { ...frame, bytes: octets, offset: 0 };
}

function hasHeader(view: DataView, { family, offset, len }: NetworkLayer): boolean {
  if (family === 6) return len >= ipv6.HEADER_LEN;
  return (
    len >= ipv4.HEADER_LEN &&
    ipv4.getHeaderLen(view, offset) >= ipv4.HEADER_LEN &&
    ipv4.getHeaderLen(view, offset) <= len
  );
}

type Refuse = (got: string, want: string) => Error;

function rewritePacket(view: DataView, base: number, family: 4 | 6, to: Rewriting, refuse: Refuse): void {
  const upper = upperLayer(view, base, family);
  const at = family === 4 ? ipv4 : ipv6;
  const changes = [
    ...wordsOf(base + at.SOURCE, to.source, family, refuse),
    ...wordsOf(base + at.DESTINATION, to.destination, family, refuse),
  ];
  if (changes.length > 0 && upper.fault !== null)
    throw refuse(upper.fault, 'a packet whose checksums can be put right');
  const isPartial = isLeftToDevice(view, base, family, upper);
  for (const [word, value] of changes) {
    const old = view.getUint16(word);
    view.setUint16(word, value);
    if (family === 4) ipv4.setChecksum(view, base, updateChecksum(ipv4.getChecksum(view, base), old, value));
    if (!isPartial) adjust(view, upper, old, value);
  }
  if (isPartial) view.setUint16(upper.offset + upper.sum!, partialSum(view, base, family, upper));
  rewritePorts(view, isPartial ? { ...upper, sum: null } : upper, to, refuse);
  if (to.checksums !== undefined) computeChecksums(view, base, family, upper, refuse);
}

function rewritePorts(view: DataView, upper: UpperLayer, to: Rewriting, refuse: Refuse): void {
  const wanted = [
    [upper.offset, to.sourcePort],
    [upper.offset + 2, to.destinationPort],
  ] as const;
  if (wanted.every(([, port]) => port === undefined) || !upper.first) return;
  if (upper.protocol === SCTP) throw refuse('SCTP', 'ports that no CRC covers, as its does');
  if (!WITH_PORTS.includes(upper.protocol)) return;
  if (view.byteLength < upper.offset + 8 || upper.offset + (upper.sum ?? 0) + 2 > view.byteLength)
    throw refuse('a first fragment that ends before the checksum', 'one whose checksum can be put right');
  for (const [at, port] of wanted) {
    if (port === undefined) continue;
    const old = view.getUint16(at);
    view.setUint16(at, port);
    adjust(view, upper, old, port);
  }
}

/**
 * Whether the checksum is only the sum of the pseudo-header, as a packet has it whose device computes the rest on the way out
 * (the kernel's CHECKSUM_PARTIAL): it stays that. Packets that are cut have none of the kind.
 */
function isLeftToDevice(view: DataView, base: number, family: 4 | 6, upper: UpperLayer): boolean {
  const { protocol, offset, sum, fault, fragment } = upper;
  if ((protocol !== udp.PROTOCOL && protocol !== TCP) || fragment || fault !== null || sum === null) return false;
  return offset + sum + 2 <= view.byteLength && view.getUint16(offset + sum) === partialSum(view, base, family, upper);
}

/** Folded, of the packet as it is now. */
function partialSum(view: DataView, base: number, family: 4 | 6, { protocol, offset }: UpperLayer): number {
  return foldSum(pseudoSum(view, base, family, protocol, packetEnd(view, base, family) - offset));
}

/** New 16-bit words and where they go. */
function wordsOf(at: number, octets: Uint8Array | undefined, family: 4 | 6, refuse: Refuse): [number, number][] {
  if (octets === undefined) return [];
  if (octets.length !== (family === 4 ? 4 : 16))
    throw refuse(`a packet of IPv${family}`, "one of the address's family");
  return Array.from({ length: octets.length / 2 }, (_none, i) => [
    at + 2 * i,
    (octets[2 * i]! << 8) | octets[2 * i + 1]!,
  ]);
}

/** The upper layer's sum after a word below it changed, if it is in this packet. */
function adjust(view: DataView, { first, offset, protocol, sum }: UpperLayer, old: number, word: number): void {
  if (!first || sum === null) return;
  const at = offset + sum;
  const check = view.getUint16(at);
  if (protocol === udp.PROTOCOL && check === 0) return; // not computed
  const next = updateChecksum(check, old, word);
  view.setUint16(at, protocol === udp.PROTOCOL ? next || 0xffff : next);
}
