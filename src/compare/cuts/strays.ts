import { endOf, placeOf, udpOffset } from '../../faults/packet.js';
import { Extents } from '../../verify/reassembly/extents.js';
import { addSums, pseudoHeaderSum, sumOctets } from '../../wire/checksum.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as udp from '../../wire/udp.js';
import { type Gathered, type Gathering, TIMEOUT } from './gathering.js';
import type { CutPacket } from './packet.js';

/** What there is of a datagram that was given up. */
interface Part {
  readonly group: Gathering;
  /** Where the UDP header is in its fragment at 0; −1 where there is none. */
  readonly upper: number;
  readonly octets: number;
  readonly end: number;
  /** Sum of its octets from the UDP header on, and of the pseudo-header without a length. */
  readonly sum: number;
}

/**
 * Datagrams that were given up. Fragments of one datagram may bear several idents: two of these that fill each other's holes,
 * and whose UDP checksum holds then, are one.
 */
export class Strays {
  readonly #parts = new Set<Part>();
  /** Octets of memory that they take. */
  octets = 0;

  get size(): number {
    return this.#parts.size;
  }

  add(group: Gathering): void {
    this.#parts.add(partOf(group));
    this.octets += group.octets;
  }

  /** Takes out the one that is here the longest, with the one that completes it. */
  takeOldest(): Gathered | undefined {
    const [part] = this.#parts;
    return part && this.#take(part, this.#partnerOf(part));
  }

  /** Takes all out: datagrams that two of them make come first. */
  takeAll(): Gathered[] {
    const whole: Gathered[] = [];
    for (const part of this.#parts) {
      const partner = part.upper < 0 ? undefined : this.#partnerOf(part);
      if (partner !== undefined) whole.push(this.#take(part, partner));
    }
    return [...whole, ...Array.from(this.#parts, (part) => this.#take(part, undefined))];
  }

  #take(part: Part, partner: Part | undefined): Gathered {
    this.#remove(part);
    if (partner !== undefined) this.#remove(partner);
    return part.group.gathered(partner !== undefined, partner?.group);
  }

  #remove(part: Part): void {
    this.#parts.delete(part);
    this.octets -= part.group.octets;
  }

  #partnerOf(part: Part): Part | undefined {
    for (const one of this.#parts) {
      if (part.upper < 0 ? completes(one, part) : completes(part, one)) return one;
    }
    return undefined;
  }
}

function partOf(group: Gathering): Part {
  const { packets } = group;
  const first = packets.find((packet) => placeOf(packet).offset === 0);
  const upper = first === undefined ? -1 : udpOffset(first);
  let octets = 0;
  let sum = first === undefined ? 0 : pseudoSum(first);
  for (const packet of packets) {
    const { payload } = packet;
    octets += payload.length;
    sum = addSums(sum, sumOctets(payload, packet === first ? Math.max(0, upper) : 0));
  }
  return { group, upper, octets, end: Math.max(...packets.map(endOf)), sum };
}

function pseudoSum({ family, header }: CutPacket): number {
  const [from, to, len] = family === 4 ? [ipv4.SOURCE, ipv4.DESTINATION, 4] : [ipv6.SOURCE, ipv6.DESTINATION, 16];
  return pseudoHeaderSum(header.subarray(from, from + len), header.subarray(to, to + len), udp.PROTOCOL, 0);
}

/** Whether the two are one datagram: no octet is there twice, none is missing, and the UDP checksum holds. */
function completes(part: Part, other: Part): boolean {
  const end = Math.max(part.end, other.end);
  const len = end - part.upper;
  if (part === other || part.upper < 0 || other.upper >= 0 || part.octets + other.octets !== end) return false;
  if (len > 0xffff || part.group.pair !== other.group.pair || part.group.beyond + other.group.beyond > 0) return false;
  if (Math.abs(part.group.time - other.group.time) >= TIMEOUT[part.group.family]) return false;
  // The sums first, for the rest takes longer. They add up: all fragments but the last have whole words.
  return addSums(addSums(part.sum, other.sum), len) === 0xffff && isWhole([part, other]);
}

function isWhole(parts: readonly Part[]): boolean {
  const extents = new Extents();
  let last = false;
  for (const packet of parts.flatMap(({ group }) => group.packets)) {
    extents.add(placeOf(packet).offset, endOf(packet));
    last ||= !placeOf(packet).more;
  }
  return last && extents.covers(extents.end);
}
