import { hasFragmentHeader, placeOf } from '../../faults/packet.js';
import { type Arrival, type Digests, type Gathered, Gathering, TIMEOUT } from './gathering.js';
import { datagramKey, pairKey } from './keys.js';
import type { CutPacket } from './packet.js';
import { Strays } from './strays.js';

/** Datagrams of each family that may wait for fragments; beyond it the oldest is given up. */
const MOST_OPEN = 4096;
/** Of those given up so many are kept, to be found as one under two idents. */
const MOST_STRAYS = 512;
/** Octets of memory that both may take. */
const MOST_OCTETS = 256 << 20;
/** Complete datagrams that are remembered, for packets that a capture has twice. */
const MOST_REMEMBERED = 1024;
const NOTHING: Digests = new Set();

/** A datagram that is complete. */
interface Done {
  readonly digests: Digests;
  /** Seconds since the epoch. */
  time: number;
}

/**
 * Puts packets together to datagrams, by what `verify` has for their key: what is not complete within the reassembly time is
 * given up (RFC 1122 §3.3.2; RFC 8200 §4.5), by the capture's own clock. What is odd stays to be told.
 */
export class Gatherer {
  /** By pair and ident, the oldest first. */
  readonly #open = { 4: new Map<string, Gathering>(), 6: new Map<string, Gathering>() };
  /** Octets of memory that these take. */
  #octets = 0;
  readonly #strays = new Strays();
  readonly #done = new Map<string, Done>();
  /** Packets that came once more, octet by octet. */
  duplicates = 0;

  /** The datagrams that this packet completes, or pushes out. */
  push(packet: CutPacket, arrival: Arrival): Gathered[] {
    const { time } = arrival;
    this.#expire(4, time);
    this.#expire(6, time);
    const { offset, more } = placeOf(packet);
    const alone = !hasFragmentHeader(packet) || (offset === 0 && !more);
    const whole = alone ? aloneOf(packet, arrival) : this.#add(packet, arrival);
    return whole === null ? this.#pushedOut() : [...this.#pushedOut(), whole];
  }

  /** What is left: datagrams whose fragments bear several idents first, then those that are not complete. */
  end(): Gathered[] {
    for (const open of [this.#open[4], this.#open[6]]) for (const group of open.values()) this.#giveUp(group);
    return this.#strays.takeAll();
  }

  /** The datagram that is complete now; null where none is. */
  #add(packet: CutPacket, arrival: Arrival): Gathered | null {
    const group = this.#groupOf(packet, arrival);
    const { octets } = group;
    if (!group.add(packet, arrival.frame)) this.duplicates += 1;
    this.#octets += group.octets - octets;
    if (!group.complete) return null;
    this.#close(group);
    if (this.#isEcho(group)) return null;
    this.#remember(group, arrival.time);
    return group.gathered(true);
  }

  #groupOf(packet: CutPacket, { time, layers, via }: Arrival): Gathering {
    const { family } = packet;
    const pair = pairKey(packet, layers);
    const key = datagramKey(packet, layers);
    const known = this.#open[family].get(key);
    if (known !== undefined && !isOver(known, family, time)) return known;
    if (known !== undefined) this.#giveUp(known); // behind one that is younger: the clock went back
    const done = this.#done.get(key);
    const before = done === undefined || isOver(done, family, time) ? NOTHING : done.digests;
    const group = new Gathering({ key, pair, family, time, layers, via, before });
    this.#open[family].set(key, group);
    return group;
  }

  #expire(family: 4 | 6, time: number): void {
    for (const group of this.#open[family].values()) {
      if (!isOver(group, family, time)) return;
      this.#giveUp(group);
    }
  }

  #giveUp(group: Gathering): void {
    this.#close(group);
    if (!this.#isEcho(group)) this.#strays.add(group);
  }

  #close({ family, key, octets }: Gathering): void {
    this.#open[family].delete(key);
    this.#octets -= octets;
  }

  #isEcho(group: Gathering): boolean {
    if (!group.isEcho) return false;
    this.duplicates += group.packets.length;
    return true;
  }

  #remember({ key, digests }: Gathering, time: number): void {
    this.#done.delete(key);
    this.#done.set(key, { digests, time });
    if (this.#done.size > MOST_REMEMBERED) this.#done.delete(this.#done.keys().next().value!);
  }

  /** What there is no room for. */
  #pushedOut(): Gathered[] {
    const out: Gathered[] = [];
    for (const family of [4, 6] as const) if (this.#open[family].size > MOST_OPEN) this.#giveUpOldest(family);
    for (;;) {
      const { size, octets } = this.#strays;
      const isFull = this.#octets + octets > MOST_OCTETS;
      if (size > MOST_STRAYS || (isFull && size > 0)) out.push(this.#strays.takeOldest()!);
      else if (isFull) this.#giveUpOldest(this.#open[4].size > 0 ? 4 : 6);
      else return out;
    }
  }

  #giveUpOldest(family: 4 | 6): void {
    this.#giveUp(this.#open[family].values().next().value!);
  }
}

/** Whether its time is over at `time`; where the clock went back by more than that, its time begins anew. */
function isOver(one: { time: number }, family: 4 | 6, time: number): boolean {
  const timeout = TIMEOUT[family];
  if (one.time > time + timeout) one.time = time;
  return time >= one.time + timeout;
}

function aloneOf(packet: CutPacket, { frame, layers, via }: Arrival): Gathered {
  return { packets: [packet], frames: [frame, frame], layers, via, complete: true, beyond: 0, mayBeTwo: false };
}
