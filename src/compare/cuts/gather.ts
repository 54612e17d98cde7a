import { endOf, hasFragmentHeader, placeOf, udpOffset, viewOf } from '../../faults/packet.js';
import { formatAddress } from '../../wire/address.js';
import { addSums, pseudoHeaderSum, sumOctets } from '../../wire/checksum.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as udp from '../../wire/udp.js';
import { byOffset } from './differences.js';
import { type CutPacket, joined } from './packet.js';

/** The packets of one datagram, in the order they came. */
export interface Gathered {
  readonly packets: readonly CutPacket[];
  /** Numbers of their frames, first and last. */
  readonly frames: readonly [number, number];
  /** The fragments follow each other without a hole from the first to the last. */
  readonly complete: boolean;
}

interface Group {
  readonly pair: string;
  /** A datagram of the same ident that was complete before. */
  readonly before: readonly CutPacket[];
  readonly packets: CutPacket[];
  readonly frames: number[];
}

/** Datagrams that may wait for fragments; beyond it the oldest is given up. */
const MOST_OPEN = 4096;
/** Complete datagrams that are remembered, for packets that a capture has twice. */
const MOST_REMEMBERED = 1024;

/** Puts packets together to datagrams, by addresses and ident, as a receiver would; what is odd stays to be told. */
export class Gatherer {
  readonly #open = new Map<string, Group>();
  readonly #done = new Map<string, readonly CutPacket[]>();
  /** Packets that came once more, octet by octet. */
  duplicates = 0;

  /** The datagrams that this packet completes, or pushes out. */
  push(packet: CutPacket, frame: number): Gathered[] {
    const place = placeOf(packet);
    const alone = !hasFragmentHeader(packet) || (place.offset === 0 && !place.more);
    if (alone) return [{ packets: [packet], frames: [frame, frame], complete: true }];
    const pair = pairOf(packet);
    const key = `${pair} ${place.ident}`;
    const known = this.#open.get(key);
    if (known?.packets.some((one) => same(one, packet))) {
      this.duplicates += 1;
      return [];
    }
    const out = known === undefined ? this.#makeRoom() : [];
    const group = known ?? { pair, before: this.#done.get(key) ?? [], packets: [], frames: [] };
    this.#open.set(key, group);
    group.packets.push(packet);
    group.frames.push(frame);
    if (!isComplete(group.packets)) return out;
    this.#open.delete(key);
    if (this.#isEcho(group)) return out;
    this.#remember(key, group.packets);
    return [...out, gathered(group, true)];
  }

  /** What is left: datagrams whose fragments bear several idents first, then those that are not complete. */
  end(): Gathered[] {
    const strays = new Set([...this.#open.values()].filter((group) => !this.#isEcho(group)).map(partOf));
    this.#open.clear();
    const adopted: Gathered[] = [];
    for (const part of strays) {
      const other = part.first ? find(strays, (one) => completes(part, one)) : undefined;
      if (other === undefined) continue;
      strays.delete(part);
      strays.delete(other);
      adopted.push(gathered(merged(part.group, other.group), true));
    }
    return [...adopted, ...[...strays].map(({ group }) => gathered(group, false))];
  }

  #makeRoom(): Gathered[] {
    if (this.#open.size < MOST_OPEN) return [];
    const [key, group] = this.#open.entries().next().value!;
    this.#open.delete(key);
    return this.#isEcho(group) ? [] : [gathered(group, false)];
  }

  /** Whether all of it came before, octet by octet: a capture of two interfaces, or a datagram sent again. */
  #isEcho({ before, packets }: Group): boolean {
    if (!packets.every((packet) => before.some((one) => same(one, packet)))) return false;
    this.duplicates += packets.length;
    return true;
  }

  #remember(key: string, packets: readonly CutPacket[]): void {
    this.#done.set(key, packets);
    if (this.#done.size <= MOST_REMEMBERED) return;
    this.#done.delete(this.#done.keys().next().value!);
  }
}

/** Source, destination and, for IPv4, protocol: what all packets of a datagram share but its ident. */
export function pairOf({ family, header }: CutPacket): string {
  const [from, to] = family === 4 ? [ipv4.SOURCE, ipv4.DESTINATION] : [ipv6.SOURCE, ipv6.DESTINATION];
  const ends = `${formatAddress(header, from, family)} ${formatAddress(header, to, family)}`;
  return family === 4 ? `${ends} ${ipv4.getProtocol(viewOf(header), 0)}` : ends;
}

function isComplete(packets: readonly CutPacket[]): boolean {
  let end = 0;
  let last = false;
  for (const packet of byOffset(packets)) {
    const { offset, more } = placeOf(packet);
    if (offset > end) return false;
    end = Math.max(end, offset + packet.payload.length);
    last ||= !more;
  }
  return last;
}

function find<T>(all: Iterable<T>, wanted: (one: T) => boolean): T | undefined {
  for (const one of all) if (wanted(one)) return one;
  return undefined;
}

/** What a group has of its datagram. */
interface Part {
  readonly group: Group;
  readonly first: boolean;
  readonly octets: number;
  readonly end: number;
}

function partOf(group: Group): Part {
  const { packets } = group;
  return {
    group,
    first: packets.some((packet) => placeOf(packet).offset === 0),
    octets: joined(packets).length,
    end: Math.max(...packets.map(endOf)),
  };
}

/** Whether the two are one datagram, of which some fragments have another ident: no hole, and its UDP checksum holds. */
function completes(part: Part, other: Part): boolean {
  if (part === other || part.octets + other.octets !== Math.max(part.end, other.end)) return false;
  if (part.group.pair !== other.group.pair) return false;
  const { packets } = merged(part.group, other.group);
  return isComplete(packets) && summed(byOffset(packets));
}

function merged(group: Group, other: Group): Group {
  const all = [...group.frames.keys()]
    .map((i) => [group.frames[i]!, group.packets[i]!] as const)
    .concat([...other.frames.keys()].map((i) => [other.frames[i]!, other.packets[i]!] as const))
    .sort(([a], [b]) => a - b);
  return {
    pair: group.pair,
    before: [],
    frames: all.map(([frame]) => frame),
    packets: all.map(([, packet]) => packet),
  };
}

/** Whether the UDP checksum over the fragments holds, the header's addresses taken. */
function summed(packets: readonly CutPacket[]): boolean {
  const [first] = packets;
  const at = first === undefined ? -1 : udpOffset(first);
  if (first === undefined || at < 0) return false;
  const { family, header } = first;
  const datagram = joined(packets).subarray(at);
  const [from, to, len] = family === 4 ? [ipv4.SOURCE, ipv4.DESTINATION, 4] : [ipv6.SOURCE, ipv6.DESTINATION, 16];
  const pseudo = pseudoHeaderSum(
    header.subarray(from, from + len),
    header.subarray(to, to + len),
    udp.PROTOCOL,
    datagram.length,
  );
  return addSums(pseudo, sumOctets(datagram)) === 0xffff;
}

function gathered({ packets, frames }: Group, complete: boolean): Gathered {
  return { packets, frames: [frames[0]!, frames.at(-1)!], complete };
}

function same(a: CutPacket, b: CutPacket): boolean {
  return Buffer.compare(a.header, b.header) === 0 && Buffer.compare(a.payload, b.payload) === 0;
}
