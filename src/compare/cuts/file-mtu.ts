import { hasFragmentHeader, placeOf } from '../../faults/packet.js';
import { pairKey } from './keys.js';
import type { CutPacket } from './packet.js';

/** A fragment carries multiples of 8: its MTU may be so many octets larger. */
const ROUNDING = 7;

/** The MTUs that a capture's datagrams were cut for, as their packets tell: between each two hosts of a network the largest. */
export class FileMtu {
  /** Of each pair of hosts the longest fragment that is not the last, and the longest packet by length. */
  readonly #pairs = new Map<string, { fragment: number; readonly others: Set<number> }>();

  /** @param layers key of the network that it came through */
  add(packet: CutPacket, layers: number): void {
    const pair = pairKey(packet, layers);
    const len = lenOf(packet);
    const seen = this.#pairs.get(pair) ?? { fragment: 0, others: new Set<number>() };
    this.#pairs.set(pair, seen);
    if (hasFragmentHeader(packet) && placeOf(packet).more) seen.fragment = Math.max(seen.fragment, len);
    else seen.others.add(len);
  }

  /** Of the hosts of `packet`; its own length where nothing of theirs was added. */
  of(packet: CutPacket, layers: number): number {
    const { fragment, others } = this.#pairs.get(pairKey(packet, layers)) ?? { fragment: 0, others: [lenOf(packet)] };
    const fits = [...others].filter((len) => fragment === 0 || (len > fragment && len <= fragment + ROUNDING));
    return Math.max(fragment, ...fits);
  }
}

function lenOf({ header, payload }: CutPacket): number {
  return header.length + payload.length;
}
