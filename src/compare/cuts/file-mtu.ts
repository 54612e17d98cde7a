import { hasFragmentHeader, placeOf } from '../../faults/packet.js';
import { pairOf } from './gather.js';
import type { CutPacket } from './packet.js';

/** A fragment carries multiples of 8: its MTU may be so many octets larger. */
const ROUNDING = 7;

/** The MTUs that a capture's datagrams were cut for, as their packets tell: between each two hosts the largest. */
export class FileMtu {
  /** Of each pair of hosts the longest fragment that is not the last, and the longest packet by length. */
  readonly #pairs = new Map<string, { fragment: number; readonly others: Set<number> }>();

  add(packet: CutPacket): void {
    const pair = pairOf(packet);
    const len = lenOf(packet);
    const seen = this.#pairs.get(pair) ?? { fragment: 0, others: new Set<number>() };
    this.#pairs.set(pair, seen);
    if (hasFragmentHeader(packet) && placeOf(packet).more) seen.fragment = Math.max(seen.fragment, len);
    else seen.others.add(len);
  }

  /** Of the hosts of `packet`; its own length where nothing of theirs was added. */
  of(packet: CutPacket): number {
    const { fragment, others } = this.#pairs.get(pairOf(packet)) ?? { fragment: 0, others: [lenOf(packet)] };
    const fits = [...others].filter((len) => fragment === 0 || (len > fragment && len <= fragment + ROUNDING));
    return Math.max(fragment, ...fits);
  }
}

function lenOf({ header, payload }: CutPacket): number {
  return header.length + payload.length;
}
