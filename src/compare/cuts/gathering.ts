import { createHash } from 'node:crypto';
import { placeOf } from '../../faults/packet.js';
import { Extents } from '../../verify/reassembly/extents.js';
import { DEFAULT_LIMITS } from '../../verify/reassembly/limits.js';
import type { CutPacket } from './packet.js';

/** Seconds that a datagram may take from its first fragment on, as `verify` gives it. */
export const TIMEOUT = { 4: DEFAULT_LIMITS.timeout4, 6: DEFAULT_LIMITS.timeout6 } as const;

/** Packets kept of one datagram: as many as the largest makes in fragments of 8 octets. */
const MOST_PACKETS = 8192;

/** Where and when a packet came. */
export interface Arrival {
  /** Number of its frame. */
  readonly frame: number;
  /** Seconds since the epoch. */
  readonly time: number;
  /** Key of the network that it came through, and its text: `Layers`. */
  readonly layers: number;
  readonly via: string;
}

/** The packets of one datagram, in the order they came. */
export interface Gathered extends Pick<Arrival, 'layers' | 'via'> {
  readonly packets: readonly CutPacket[];
  /** Numbers of their frames, first and last. */
  readonly frames: readonly [number, number];
  /** The fragments follow each other without a hole from the first to the last. */
  readonly complete: boolean;
  /** Packets that came beyond those that are kept. */
  readonly beyond: number;
  /** Its packets have two idents, one behind the other: where datagrams have the same octets they may be halves of two. */
  readonly mayBeTwo: boolean;
}

/** Which packets there are, octet by octet. */
export type Digests = ReadonlySet<string>;

/** What a packet takes beside its octets: a guess. */
const PACKET_COST = 1024;

interface GatheringOptions extends Omit<Arrival, 'frame'> {
  readonly key: string;
  readonly pair: string;
  readonly family: 4 | 6;
  /** The packets of a datagram of the same ident that was complete before. */
  readonly before: Digests;
}

/** One datagram that waits for fragments. */
export class Gathering {
  readonly key: string;
  /** What all its packets share but their ident. */
  readonly pair: string;
  readonly family: 4 | 6;
  /** Seconds since the epoch when its first packet came. */
  time: number;
  readonly packets: CutPacket[] = [];
  readonly digests = new Set<string>();
  readonly #frames: number[] = [];
  readonly #network: Pick<Arrival, 'layers' | 'via'>;
  readonly #before: Digests;
  readonly #extents = new Extents();
  #end = 0;
  #last = false;
  /** Packets that came beyond those that are kept. */
  beyond = 0;
  /** Octets of memory that it takes. */
  octets = PACKET_COST;

  constructor({ key, pair, family, time, layers, via, before }: GatheringOptions) {
    this.key = key;
    this.pair = pair;
    this.family = family;
    this.time = time;
    this.#network = { layers, via };
    this.#before = before;
  }

  /** False for a packet that is there already. */
  add(packet: CutPacket, frame: number): boolean {
    const digest = digestOf(packet);
    if (this.digests.has(digest)) return false;
    if (this.packets.length === MOST_PACKETS) {
      this.beyond += 1;
      return true;
    }
    const { offset, more } = placeOf(packet);
    const end = offset + packet.payload.length;
    this.digests.add(digest);
    this.packets.push(ownCopy(packet));
    this.#frames.push(frame);
    this.#extents.add(offset, end);
    this.#end = Math.max(this.#end, end);
    this.#last ||= !more;
    this.octets += PACKET_COST + packet.header.length + packet.payload.length;
    return true;
  }

  /** The fragments follow each other without a hole, and one says that it is the last. */
  get complete(): boolean {
    return this.beyond === 0 && this.#last && this.#extents.covers(this.#end);
  }

  /** Whether all of it came before, octet by octet: a capture of two interfaces, or a datagram sent again. */
  get isEcho(): boolean {
    if (this.beyond > 0 || this.#before.size < this.digests.size) return false;
    for (const digest of this.digests) if (!this.#before.has(digest)) return false;
    return true;
  }

  /** With the packets of `other` where some fragments of it bear another ident. */
  gathered(complete: boolean, other?: Gathering): Gathered {
    const both = other === undefined ? [this] : [this, other];
    const all = both
      .flatMap((group) => group.#frames.map((frame, i) => ({ frame, packet: group.packets[i]! })))
      .sort((a, b) => a.frame - b.frame);
    return {
      ...this.#network,
      packets: all.map(({ packet }) => packet),
      frames: [all[0]!.frame, all.at(-1)!.frame],
      complete,
      beyond: both.reduce((sum, { beyond }) => sum + beyond, 0),
      mayBeTwo: other !== undefined && !this.#isAmong(other),
    };
  }

  /** Whether packets of one lie between those of the other: of two halves that are left the one is behind the other. */
  #isAmong(other: Gathering): boolean {
    const [own, theirs] = [this.#frames, other.#frames];
    return own[0]! < theirs.at(-1)! && theirs[0]! < own.at(-1)!;
  }
}

/** What waits must not keep a chunk of the file. */
function ownCopy(packet: CutPacket): CutPacket {
  return { ...packet, header: packet.header.slice(), payload: packet.payload.slice() };
}

function digestOf({ header, payload }: CutPacket): string {
  return createHash('sha256').update(header).update(payload).digest('base64');
}
