import type { DatagramVerdict } from '../verdict.js';
import type { Group } from './group.js';

interface Entry {
  readonly verdict: DatagramVerdict;
  /** The completed datagram whose duplicates may still come; undefined for a verdict that is final. */
  readonly group: Group | undefined;
  readonly octets: number;
}

/** What a verdict takes beside its findings: a guess. */
const COST = 512;

/**
 * Verdicts in the order of completion. One is handed out once it and all before it are final: `duplicates` of a completed
 * datagram grows as long as its leftovers may come, and it keeps those behind it waiting.
 */
export class HoldBack {
  #queue: Entry[] = [];
  #head = 0;
  /** Nothing before this index is held any more. */
  #firstHeld = 0;
  /** Octets that what waits keeps: records of fragments, findings. */
  octets = 0;

  /** Verdicts waiting. */
  get length(): number {
    return this.#queue.length - this.#head;
  }

  /** The oldest datagram that may still change. */
  get oldest(): Group | undefined {
    for (; this.#firstHeld < this.#queue.length; this.#firstHeld++) {
      const group = this.#queue[this.#firstHeld]!.group;
      if (group?.state === 'held') return group;
    }
    return undefined;
  }

  add(verdict: DatagramVerdict, group?: Group): void {
    const octets = COST + (group ? group.records.octets : 0) + findingsOctets(verdict);
    this.octets += octets;
    this.#queue.push({ verdict, group, octets });
  }

  /** Hands out what is final, in order. */
  release(out: DatagramVerdict[]): void {
    while (this.#head < this.#queue.length) {
      const { verdict, group, octets } = this.#queue[this.#head]!;
      if (group?.state === 'held') break;
      this.octets -= octets;
      out.push(verdict);
      this.#head++;
    }
    if (this.#head === this.#queue.length || (this.#head > 4096 && this.#head > this.#queue.length / 2)) {
      this.#queue.splice(0, this.#head);
      this.#firstHeld = Math.max(0, this.#firstHeld - this.#head);
      this.#head = 0;
    }
  }
}

function findingsOctets({ findings, fragmentList }: DatagramVerdict): number {
  let octets = 128 * (fragmentList?.length ?? 0);
  for (const { text, octets: shown } of findings) octets += 200 + text.length + (shown?.length ?? 0);
  return octets;
}
