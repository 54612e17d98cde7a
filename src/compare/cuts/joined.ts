import { placeOf } from '../../faults/packet.js';
import { HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';
import type { KnownWay, Reference } from './cause.js';
import { IDENTS_COUNTED, NOT_CUT_YET } from './causes.js';
import { type CutDifference, cutDifferences } from './differences.js';
import { type FoundCause, type HeldCut, holdCut } from './explain.js';
import { type CutPacket, joined } from './packet.js';

/** What counting of idents takes the place of. */
const OWN_IDENT = 'ident-own';

/**
 * Holds datagrams that were handed over joined (USO) against ours: each must leave as a packet of its own, in order, as if it
 * had been sent alone.
 *
 * @param reference our packets, one a datagram
 */
export function holdJoined({ packets, ...reference }: Reference, got: readonly CutPacket[], way: string): HeldCut {
  if (got.length !== packets.length) {
    const differences = cutDifferences(packets, got);
    if (!isJoinedStill(packets, got)) return { outcome: 'different', causes: [], differences, left: differences };
    return { outcome: 'unsure', causes: [{ cause: NOT_CUT_YET, differences }], differences, left: [] };
  }
  const each = packets.map((packet, i) => holdCut({ ...reference, whole: packet, packets: [packet] }, [got[i]!], way));
  const counted = idents(reference.family, got);
  const causes = united(each, counted === 'counted');
  const left = [...each.flatMap((held, i) => numbered(held.left, i)), ...(counted === 'repeated' ? [REPEATED] : [])];
  const differences = each.flatMap((held, i) => numbered(held.differences, i));
  const worst = each.find(({ outcome }) => outcome === 'different') ?? each.find(({ outcome }) => outcome === 'unsure');
  const fine = causes.length === 0 ? 'equal' : 'explained';
  return { outcome: left.length > 0 ? 'different' : (worst?.outcome ?? fine), causes, differences, left };
}

/** One packet of all their payloads behind one UDP header: seen before its device cuts it, or nobody does. */
function isJoinedStill(packets: readonly CutPacket[], [only, ...more]: readonly CutPacket[]): boolean {
  const headers = (packets.length - 1) * UDP_HEADER_LEN;
  return more.length === 0 && only?.payload.length === joined(packets).length - headers;
}

const REPEATED: CutDifference = { fragment: 0, field: 'idents', from: 'one for each packet', to: 'one of them twice' };

/** Idents of packets of one host must not come again soon (RFC 6864 §4.3); IPv6 packets that are whole have none. */
function idents(family: 4 | 6, got: readonly CutPacket[]): 'none' | 'counted' | 'others' | 'repeated' {
  if (family === 6 || got.length < 2) return 'none';
  const all = got.map((packet) => placeOf(packet).ident);
  if (new Set(all).size < all.length) return 'repeated';
  return all.every((ident, i) => i === 0 || ident === ((all[i - 1]! + 1) & 0xffff)) ? 'counted' : 'others';
}

/** The causes of all packets, each once. */
function united(each: readonly HeldCut[], counted: boolean): FoundCause[] {
  const found = new Map<string, { cause: KnownWay; differences: CutDifference[] }>();
  each.forEach(({ causes }, i) => {
    for (const { cause, differences } of causes) {
      const known = counted && cause.code === OWN_IDENT ? IDENTS_COUNTED : cause;
      const open = found.get(known.code) ?? { cause: known, differences: [] };
      open.differences.push(...numbered(differences, i));
      found.set(known.code, open);
    }
  });
  return [...found.values()];
}

/** Of the packet at `i`, as reports number packets. */
function numbered(differences: readonly CutDifference[], i: number): CutDifference[] {
  return differences.map((one) => (one.fragment === 0 ? one : { ...one, fragment: i + 1 }));
}
