import { addSums, sumOctets } from '../wire/checksum.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import * as udp from '../wire/udp.js';
import { chainOf, endOf, fragmentHeaderAt, type PlanPacket, placeOf, udpOffset, upperLayer, viewOf } from './packet.js';
import { delivered, type Fault, type Rule } from './rules.js';

/** What the RFCs say of one of the datagrams that a plan's packets make. */
export interface Outcome {
  readonly family: 4 | 6;
  /** 0 where nobody can tell. */
  readonly ident: number;
  /** Whole packets and fragments of it, exact copies aside. */
  readonly packets: number;
  readonly faults: ReadonlySet<Fault>;
  readonly delivered: Rule['delivered'];
  /** What a verifier has to say: anything wrong is bad, something missing is incomplete. */
  readonly verdict: 'good' | 'bad' | 'incomplete';
  /** Its packets in the order they go, exact copies aside, and how many of those there are. */
  readonly made: readonly PlanPacket[];
  readonly copies: number;
  /** Octets of UDP payload as a receiver has them that keeps what came first; null where it is not whole. */
  readonly payload: Uint8Array | null;
  /** Of its first fragment; null where that is not there, or has no UDP header. */
  readonly ports: { readonly sourcePort: number; readonly destinationPort: number } | null;
}

/** A datagram in the making: plain lists and loops, so that it shares nothing with the verifier that is held against it. */
interface Gathering {
  readonly key: string;
  readonly packets: PlanPacket[];
  copies: number;
  payload: Uint8Array | null;
  readonly faults: Set<Fault>;
  readonly octets: Uint8Array;
  readonly there: Uint8Array;
  /** Octets of IP payload, −1 until a fragment says. */
  total: number;
}

const MOST = 65_536;

/** What a correct receiver makes of these packets, in their order: a datagram for each that they complete or begin. */
export function outcomes(packets: readonly PlanPacket[], pseudoSum: number): Outcome[] {
  const open = new Map<string, Gathering>();
  const done: Gathering[] = [];
  const stated = packets.map(asStated);
  const room = Math.min(
    MOST,
    stated.reduce((most, packet) => Math.max(most, endOf(packet)), 0),
  );
  for (const packet of stated) {
    const key = keyOf(packet);
    if (isOfOtherVersion(packet)) {
      const alone = begin(key, 0);
      alone.packets.push(packet);
      alone.faults.add('header');
      done.push(alone);
      continue;
    }
    const alone = !isPart(packet);
    const gathering = (!alone && open.get(key)) || begin(key, room);
    if (!take(gathering, packet)) {
      if (!alone) open.set(key, gathering);
      continue;
    }
    if (!alone) open.delete(key);
    judgeUdp(gathering, pseudoSum);
    done.push(gathering);
  }
  for (const left of open.values()) {
    const before = absorber(left, done);
    if (before === undefined) done.push(withMissing(left));
    else before.copies += left.packets.length + left.copies;
  }
  return done.map(outcome);
}

/** As a receiver reads it: octets behind the length that the header says are no part of the packet. */
function asStated(planned: PlanPacket): PlanPacket {
  const packet = withShortChain(planned);
  const stated = statedLen(packet);
  return stated < 0 ? packet : { ...packet, payload: packet.payload.subarray(0, stated) };
}

/** Where an IPv6 chain ends before the header that was made (a plan changed a next header), the rest of that is payload. */
function withShortChain(packet: PlanPacket): PlanPacket {
  const { family, header, payload } = packet;
  const { upperOffset } = family === 4 ? { upperOffset: header.length } : chainOf(packet);
  if (upperOffset >= header.length || upperOffset < ipv6.HEADER_LEN) return packet;
  const rest = Buffer.concat([header.subarray(upperOffset), payload]);
  return { ...packet, header: header.subarray(0, upperOffset), payload: rest };
}

/** Octets of payload as the IP header has it; below 0 it is no length at all. */
function statedLen({ family, header }: PlanPacket): number {
  const view = viewOf(header);
  return family === 4
    ? ipv4.getTotLen(view, 0) - header.length
    : ipv6.getPayloadLen(view, 0) - (header.length - ipv6.HEADER_LEN);
}

/** Offset 0 and no more: whole, or an atomic fragment, which is kept apart from all others (RFC 6946 §4). */
function isPart(packet: PlanPacket): boolean {
  const { offset, more } = placeOf(packet);
  return more || offset > 0;
}

/** What no receiver reads any further, so that it is a fragment of nothing (RFC 1122 §3.2.1.1; RFC 8200 §3). */
export function isOfOtherVersion({ family, header }: PlanPacket): boolean {
  return header[0]! >>> 4 !== family;
}

/** RFC 791 §2.3: addresses, protocol, id; RFC 8200 §4.5: addresses and id. */
function keyOf(packet: PlanPacket): string {
  const { family, header } = packet;
  const { ident } = placeOf(packet);
  const addresses =
    family === 4 ? header.subarray(ipv4.SOURCE, ipv4.OPTIONS) : header.subarray(ipv6.SOURCE, ipv6.HEADER_LEN);
  const protocol = family === 4 ? ipv4.getProtocol(viewOf(header), 0) : 0;
  return `${family} ${protocol} ${ident} ${addresses.join('.')}`;
}

/** With room for as many octets of IP payload. */
function begin(key: string, room: number): Gathering {
  return {
    key,
    packets: [],
    copies: 0,
    payload: null,
    faults: new Set(),
    octets: new Uint8Array(room),
    there: new Uint8Array(room),
    total: -1,
  };
}

/** Adds a packet; true where the datagram is whole with it. */
function take(gathering: Gathering, packet: PlanPacket): boolean {
  const { faults, packets, octets, there } = gathering;
  const { offset, more } = placeOf(packet);
  const { payload, family, header } = packet;
  const end = offset + payload.length;
  for (const fault of headerFaults(packet, packets[0])) faults.add(fault);
  const mayBeCopy = payload.length === 0 || there[offset] === 1;
  if (mayBeCopy && packets.some((other) => isCopy(other, packet))) {
    gathering.copies += 1;
    return false;
  }
  packets.push(packet);
  const limit = family === 4 ? ipv4.MAX_TOT_LEN - header.length : ipv6.MAX_PAYLOAD_LEN - perFragmentLen(packet);
  if (end > limit) {
    faults.add('too-long');
    return false;
  }
  if (payload.length === 0) faults.add('empty');
  if (more && payload.length % 8 !== 0) faults.add('unaligned');
  if (isPastEnd(gathering, end, more)) faults.add('end');
  if (!more && gathering.total < 0) gathering.total = end;
  if (there.subarray(offset, end).includes(1)) {
    faults.add('overlap');
    for (let at = offset; at < end; at++) if (there[at] === 0) octets[at] = payload[at - offset]!;
  } else octets.set(payload, offset);
  there.fill(1, offset, end);
  return gathering.total >= 0 && !there.subarray(0, gathering.total).includes(0);
}

function isCopy(one: PlanPacket, other: PlanPacket): boolean {
  const [a, b] = [placeOf(one), placeOf(other)];
  return a.offset === b.offset && a.more === b.more && Buffer.compare(one.payload, other.payload) === 0;
}

function perFragmentLen({ header }: PlanPacket): number {
  const at = fragmentHeaderAt(header);
  return (at < 0 ? header.length : at) - ipv6.HEADER_LEN;
}

function isPastEnd({ total, there }: Gathering, end: number, more: boolean): boolean {
  if (total >= 0) return more ? end > total : end !== total;
  return !more && there.subarray(end).includes(1);
}

/** What is wrong with the headers of one packet, alone or beside those of the first that came. */
function* headerFaults(packet: PlanPacket, first: PlanPacket | undefined): Generator<Fault> {
  const { header, family, payload } = packet;
  const view = viewOf(header);
  if (family === 4) {
    if (!ipv4.verifyChecksum(view, 0)) yield 'header-checksum';
    if (statedLen(packet) !== payload.length) yield 'length';
    const word = ipv4.getFragWord(view, 0);
    if ((word & ipv4.RESERVED_FLAG) !== 0) yield 'reserved';
    if (first !== undefined && ((word ^ ipv4.getFragWord(viewOf(first.header), 0)) & ipv4.DF) !== 0) yield 'df';
    return;
  }
  if (statedLen(packet) !== payload.length) yield 'length';
  const at = fragmentHeaderAt(header);
  if (at < 0) return;
  if (view.getUint8(at + 1) !== 0 || (view.getUint8(at + 3) & 6) !== 0) yield 'reserved';
  if (placeOf(packet).offset === 0 && upperEnd(packet) > payload.length) yield 'chain';
}

/** Where extension and UDP headers end in the payload of a first fragment; more than it has where they don't. */
function upperEnd(packet: PlanPacket): number {
  const { protocol, offset } = upperLayer(packet);
  if (offset < 0) return Number.POSITIVE_INFINITY;
  return protocol === udp.PROTOCOL ? offset + udp.HEADER_LEN : offset;
}

function judgeUdp(gathering: Gathering, pseudoSum: number): void {
  const { packets, octets, total, faults } = gathering;
  const first = packets.find((one) => placeOf(one).offset === 0)!;
  const { protocol, offset: start } = upperLayer(first);
  if (faults.has('chain')) return;
  if (protocol !== udp.PROTOCOL || start < 0) {
    faults.add('protocol');
    return;
  }
  const header = udp.parse(viewOf(octets), start, total - start);
  if (header === null || header.length > total - start || header.length < udp.HEADER_LEN) {
    faults.add('udp-length');
    return;
  }
  const sum = addSums(addSums(pseudoSum, header.length), sumOctets(octets, start, header.length));
  const none = header.checksum === 0 && first.family === 4; // over IPv6 there must be one (RFC 8200 8.1)
  if (!none && sum !== 0xffff) faults.add('udp-checksum');
  gathering.payload = octets.slice(start + udp.HEADER_LEN, start + header.length);
}

/**
 * The datagram that was whole before and that all which is left only repeats: copies that came late. Not where they overlap: a
 * receiver that has forgotten the datagram sees an overlap again (RFC 5722 §4).
 */
function absorber(left: Gathering, done: readonly Gathering[]): Gathering | undefined {
  if (left.faults.has('overlap')) return undefined;
  const before = done.findLast((one) => one.key === left.key && one.packets.some(isPart)); // not what came in one piece
  const repeats = left.packets.every((packet) => before?.packets.some((one) => isCopy(one, packet)));
  return repeats ? before : undefined;
}

function withMissing(left: Gathering): Gathering {
  left.faults.add('missing');
  return left;
}

function outcome({ packets, copies, payload, faults }: Gathering): Outcome {
  const { family } = packets[0]!;
  const bad = [...faults].some((fault) => fault !== 'missing');
  return {
    family,
    ident: faults.has('header') ? 0 : placeOf(packets[0]!).ident,
    packets: packets.length,
    ...{ made: packets, copies, payload, ports: faults.has('header') ? null : portsOf(packets) },
    faults,
    delivered: delivered(faults, family),
    verdict: bad ? 'bad' : faults.has('missing') ? 'incomplete' : 'good',
  };
}

function portsOf(packets: readonly PlanPacket[]): Outcome['ports'] {
  const first = packets.find((one) => placeOf(one).offset === 0);
  const start = first === undefined ? -1 : udpOffset(first);
  if (first === undefined || start < 0) return null;
  const view = viewOf(first.payload);
  return { sourcePort: udp.getSourcePort(view, start), destinationPort: udp.getDestinationPort(view, start) };
}
