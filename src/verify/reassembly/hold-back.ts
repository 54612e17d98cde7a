import { findingOctets } from '../findings.js';
import type { DatagramVerdict } from '../verdict.js';
import type { Group } from './group.js';
import type { Keyed } from './keyed.js';

/** A datagram that is complete, but whose leftovers may still come. */
export interface Held extends Keyed {
  state: 'pending' | 'held' | 'gone';
  /** When it was complete; seconds. */
  time: number;
  /** A datagram in progress under the same key. */
  readonly successor: object | undefined;
}

/** What waits for its turn: one verdict, or several good ones that nobody wants to see. */
export interface Waiting {
  /** The completed datagram whose duplicates may still come; undefined for what is final. */
  readonly held: Held | undefined;
  readonly octets: number;
  readonly count: number;
  /** Null for good ones that are only counted. */
  verdict(tellGood: boolean): DatagramVerdict | null;
}

/** Verdicts that are final. */
export class FinalVerdicts {
  readonly list: DatagramVerdict[] = [];
  /** Good datagrams that are not in the list. */
  good = 0;
}

/** What a verdict takes beside its findings: a guess. */
export const VERDICT_COST = 512;

/**
 * Verdicts in the order of completion. One is handed out once it and all before it are final: `duplicates` of a completed
 * datagram grows as long as its leftovers may come, and it keeps those behind it waiting.
 */
export class HoldBack {
  #queue: Waiting[] = [];
  #head = 0;
  /** Nothing before this index is held any more. */
  #firstHeld = 0;
  /** Octets that what waits keeps: records of fragments, findings. */
  octets = 0;

  /** Verdicts waiting. */
  length = 0;
  readonly #tellGood: boolean;

  /** Unless `tellGood`, good datagrams that came whole and in order are only counted. */
  constructor(tellGood: boolean) {
    this.#tellGood = tellGood;
  }

  /** The oldest datagram that may still change. */
  get oldest(): Held | undefined {
    for (; this.#firstHeld < this.#queue.length; this.#firstHeld++) {
      const { held } = this.#queue[this.#firstHeld]!;
      if (held?.state === 'held') return held;
    }
    return undefined;
  }

  add(verdict: DatagramVerdict, group?: Group): void {
    this.wait(new WaitingVerdict(verdict, group));
  }

  wait(one: Waiting): void {
    this.octets += one.octets;
    this.length += one.count;
    this.#queue.push(one);
  }

  /** Counts `good` datagrams whose verdicts nobody wants to see, in their place in the order. */
  count(good: number, out: FinalVerdicts): void {
    if (this.length === 0) out.good += good;
    else this.wait(new WaitingCount(good));
  }

  /** Hands out what is final, in order. */
  release(out: FinalVerdicts): void {
    while (this.#head < this.#queue.length) {
      const one = this.#queue[this.#head]!;
      if (one.held?.state === 'held') break;
      this.octets -= one.octets;
      this.length -= one.count;
      const verdict = one.verdict(this.#tellGood);
      if (verdict === null) out.good += one.count;
      else out.list.push(verdict);
      this.#head++;
    }
    if (this.#head === this.#queue.length || (this.#head > 4096 && this.#head > this.#queue.length / 2)) {
      this.#queue.splice(0, this.#head);
      this.#firstHeld = Math.max(0, this.#firstHeld - this.#head);
      this.#head = 0;
    }
  }
}

class WaitingVerdict implements Waiting {
  readonly held: Held | undefined;
  readonly octets: number;
  readonly count = 1;
  readonly #verdict: DatagramVerdict;

  constructor(verdict: DatagramVerdict, group: Group | undefined) {
    this.#verdict = verdict;
    this.held = group;
    this.octets = VERDICT_COST + (group ? group.records.octets : 0) + findingsOctets(verdict);
  }

  verdict(): DatagramVerdict {
    return this.#verdict;
  }
}

class WaitingCount implements Waiting {
  readonly held = undefined;
  readonly octets: number;
  readonly count: number;

  constructor(count: number) {
    this.count = count;
    this.octets = count * VERDICT_COST;
  }

  verdict(): null {
    return null;
  }
}

function findingsOctets({ findings, fragmentList }: DatagramVerdict): number {
  let octets = 128 * (fragmentList?.length ?? 0);
  for (const finding of findings) octets += findingOctets(finding);
  return octets;
}
