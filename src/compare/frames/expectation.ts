import { checkObject, refuseUnknown } from '../../checks.js';
import { checkFrame, type Frame } from '../../wire/frame.js';
import { Account } from '../account.js';
import type { Comparison } from '../comparison.js';
import { type Difference, differenceText } from '../difference.js';
import { OpenNames } from '../open-names.js';
import { OrderTally } from '../order.js';
import { type FrameComparing, frameDifferences } from './differences.js';
import { type FramePacket, framePacket } from './packet.js';
import { RecutPacket } from './recut.js';

export interface FrameExpectationOptions {
  /** Nothing may change on the way. Default false. */
  readonly strict?: boolean | undefined;
  /**
   * What is seen has the very link header that was sent: the sender's own link, and its driver sends whole frames. Default
   * false.
   */
  readonly sameLink?: boolean | undefined;
}

interface Entry {
  readonly sent: FramePacket;
  /** Among those of its flow. */
  readonly order: number;
}

/** Frames told and not seen yet, and their octets: what is beyond is counted as not compared. */
const MOST_OPEN = 1 << 17;
const MOST_OCTETS = 256 << 20;
/** Names of what came, and frames that nobody knows yet, kept at most. */
const MOST_CAME = 1 << 20;
const MOST_LEFT = 1 << 14;

/**
 * Frames that were sent, to be held against the frames that came, as `Expectation` does for datagrams, but of any protocol and
 * frame by frame. A frame is known again by its octets without what routers write; at the end what is left on both sides is
 * paired by identification and place, then by ports and length, so that a changed octet is named and not called lost.
 * @example
 * ```js
 * import { FrameExpectation, segment } from 'udp-ufo';
 *
 * const source = { address: '192.0.2.1', port: 1111 };
 * const destination = { address: '192.0.2.2', port: 9999 };
 * const frames = [...segment({ source, destination, payload: new Uint8Array(4000) })];
 * const expect = new FrameExpectation();
 * for (const frame of frames) expect.add(frame);
 * for (const frame of frames.slice(1)) expect.take(frame);
 * const { good, missing, verdict } = expect.result({ captureLost: 0 });
 * console.log(good, missing, verdict); // 2 1 inconclusive
 * ```
 */
export class FrameExpectation {
  readonly #account: Account;
  readonly #comparing: FrameComparing;
  readonly #open = new Set<Entry>();
  readonly #names = new OpenNames<Entry>();
  /** Digests of what came. */
  readonly #came = new Set<string>();
  readonly #flows = new Set<string>();
  /** Pieces and kinds told of: what claims to be one and is none was made up, or changed. */
  readonly #claims = new Set<string>();
  readonly #left: FramePacket[] = [];
  readonly #order = new OrderTally();
  readonly #count = { good: 0, bad: 0, incomplete: 0, doubled: 0, unexpected: 0, uncompared: 0 };
  #octets = 0;
  #overflowed = false;
  #told = 0;
  #packets = 0;

  /** @throws UfoError (TypeError) for an option that is none */
  constructor(options: FrameExpectationOptions = {}) {
    checkObject('options', options);
    refuseUnknown(options, ['strict', 'sameLink'], 'FrameExpectation');
    const { strict = false, sameLink = false } = options;
    this.#account = new Account(strict);
    this.#comparing = { sameLink };
  }

  /** A frame that goes out now; its octets must stay as they are. */
  add(frame: Frame): void {
    checkFrame('frame', frame);
    this.#told += 1;
    const sent = framePacket(frame);
    if (sent === null || this.#open.size >= MOST_OPEN || this.#octets > MOST_OCTETS) {
      this.#count.uncompared += 1;
      this.#overflowed = true;
      return;
    }
    const entry = { sent, order: this.#order.next(sent.flow) };
    this.#open.add(entry);
    this.#octets += sent.packet.length;
    this.#flows.add(sent.flow);
    for (const name of namesOf(sent)) this.#names.add(name, entry);
    for (const claim of [sent.piece, sent.kind]) {
      if (claim !== null && this.#claims.size < MOST_CAME) this.#claims.add(claim);
    }
  }

  get told(): number {
    return this.#told;
  }

  /** Frames judged so far. */
  get judged(): number {
    return this.#count.good + this.#count.bad;
  }

  /** A frame that came; it may be used again when this returns. */
  take(frame: Frame): void {
    checkFrame('frame', frame);
    const seen = framePacket(frame);
    if (seen === null) {
      this.#count.uncompared += 1;
      return;
    }
    if (!this.#flows.has(seen.flow)) return; // of others
    this.#packets += 1;
    const entry = this.#names.find(`digest ${seen.digest}`, () => true);
    if (entry !== undefined) {
      this.#order.came(entry.sent.flow, entry.order);
      this.#hold(entry, seen);
    } else if (this.#came.has(seen.digest)) {
      this.#count.doubled += 1;
      this.#account.say(`${seen.kind}: it came once more`);
    } else if (this.#left.length < MOST_LEFT)
      this.#left.push({ ...seen, packet: seen.packet.slice(), link: seen.link.slice() });
    else this.#count.uncompared += 1;
  }

  /** What the two come to; nothing comes after it. */
  result(end: { readonly captureLost: number | null }): Comparison {
    checkObject('end', end, 'an object with captureLost, the frames that the capture lost, or null');
    const { captureLost } = end;
    if (this.#left.length > 0) this.#pairRecut();
    for (const seen of this.#left.splice(0)) this.#pair(seen);
    const missing = this.#open.size - this.#count.incomplete;
    const counts = { ...this.#count, ...this.#order.figures, expected: this.#told, missing, stopped: 0, planned: 0 };
    return this.#account.comparison({ ...counts, packets: this.#packets, captureLost });
  }

  #hold(entry: Entry, seen: FramePacket): void {
    this.#close(entry);
    this.#judge(entry.sent, frameDifferences(entry.sent, seen, this.#comparing));
  }

  #judge({ kind }: FramePacket, differences: readonly Difference[]): void {
    const [faults] = this.#account.differ(differences);
    this.#count[faults.length > 0 ? 'bad' : 'good'] += 1;
    for (const one of faults) this.#account.say(`${kind}: ${differenceText(one)}`);
  }

  #close(entry: Entry): void {
    const { sent } = entry;
    this.#open.delete(entry);
    for (const name of namesOf(sent)) this.#names.delete(name, entry);
    this.#octets -= sent.packet.length;
    if (this.#came.size < MOST_CAME) this.#came.add(sent.digest);
  }

  /** Packets that came in smaller pieces. */
  #pairRecut(): void {
    const pieces = new Map<string | null, FramePacket[]>();
    for (const piece of this.#left) {
      const known = pieces.get(piece.group);
      if (known === undefined) pieces.set(piece.group, [piece]);
      else known.push(piece);
    }
    const taken = new Set<FramePacket>();
    for (const entry of [...this.#open]) {
      const recut = new RecutPacket(entry.sent);
      for (const piece of (entry.sent.group && pieces.get(entry.sent.group)) || []) {
        if (!taken.has(piece) && recut.take(piece)) taken.add(piece);
      }
      if (recut.whole) {
        this.#close(entry);
        this.#judge(entry.sent, [recut.difference]);
      } else if (recut.begun) this.#count.incomplete += 1;
    }
    this.#left.splice(0, Number.POSITIVE_INFINITY, ...this.#left.filter((piece) => !taken.has(piece)));
  }

  /** A frame whose octets nobody sent: one that is missing may have been changed into it. */
  #pair(seen: FramePacket): void {
    const any = (): boolean => true;
    const entry = (seen.piece && this.#names.find(seen.piece, any)) || this.#names.find(seen.kind, any);
    if (entry !== undefined) {
      this.#hold(entry, seen);
      return;
    }
    const claimed = this.#claims.has(seen.piece ?? '') || this.#claims.has(seen.kind);
    if (!claimed || this.#overflowed) return; // of others between the same hosts
    this.#count.unexpected += 1;
    this.#account.say(`${seen.kind}: nobody sent these octets`);
  }
}

function namesOf({ digest, piece, kind }: FramePacket): string[] {
  return [`digest ${digest}`, ...(piece === null ? [] : [piece]), kind];
}
