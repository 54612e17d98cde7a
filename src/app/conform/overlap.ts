import { placed, plannedFragment, planPacket } from '../../faults/packet.js';
import type { FragmentPlan } from '../../ufo/plan.js';
import type { KnownPolicy, Mixture } from './policies.js';
import { type Interval, pairOf, RELATIONS, type Relation, triples } from './relations.js';
import { taggedUnits, UNIT } from './tagged.js';

/** Units of 8 octets between two ends of the intervals, so that fragments are longer than the least. */
const SCALE = 2;
/** Units of the first fragment: the UDP header and one of data. */
const FIRST = 2;

/** Whether the datagram's first and last fragment come before or behind those that overlap. */
export interface Around {
  readonly first: 'before' | 'behind';
  readonly last: 'before' | 'behind';
}

export const AROUND: readonly Around[] = (['before', 'behind'] as const).flatMap((first) =>
  (['before', 'behind'] as const).map((last) => ({ first, last })),
);

/** One datagram with fragments that overlap, in the order they are sent. */
export interface OverlapCase {
  /** `overlaps A B`, or for triples the three relations. */
  readonly name: string;
  readonly around: Around;
  /** All its fragments in units of the IP payload; `[0, 2)` holds the UDP header. */
  readonly order: readonly Interval[];
  /** Positions in `order` of the fragments under test, in the order of sending. */
  readonly tested: readonly number[];
  /** Units of the whole datagram. */
  readonly units: number;
}

/** A pair in a relation, sent A first or B first. */
export interface PairCase extends OverlapCase {
  readonly relation: Relation;
  readonly sent: 'A first' | 'B first';
}

/** Every relation in both orders, before and behind the datagram's first and last fragment: 104 datagrams. */
export function pairCases(around: readonly Around[] = AROUND): PairCase[] {
  return RELATIONS.flatMap((relation) =>
    (['A first', 'B first'] as const).flatMap((sent) => {
      const [a, b] = pairOf(relation);
      const tested = sent === 'A first' ? [a, b] : [b, a];
      return around.map((one) => ({ ...layOut(`${relation}, ${sent}`, tested, 3, one), relation, sent }));
    }),
  );
}

/** Every consistent triple, with the datagram's first and last fragment before and behind: 1,636 datagrams. */
export function tripleCases(): OverlapCase[] {
  return triples().flatMap((three) => {
    const name = three.map(([start, end]) => `${start}–${end}`).join(' ');
    return AROUND.map((one) => layOut(name, three, 5, one));
  });
}

/**
 * | first | gap | what is tested | gap | last |; gaps are filled at the end, and the one before the last fragment comes last
 * of all, so that the datagram is whole only when everything has come. The gaps keep what is tested from joining others.
 */
function layOut(name: string, tested: readonly Interval[], points: number, around: Around): OverlapCase {
  const start = FIRST + 1;
  const end = start + SCALE * points;
  const moved = tested.map(([from, to]): Interval => [start + SCALE * from, start + SCALE * to]);
  const first: Interval = [0, FIRST];
  const last: Interval = [end + 1, end + 2];
  const ends = (where: 'before' | 'behind') => [
    ...(around.first === where ? [first] : []),
    ...(around.last === where ? [last] : []),
  ];
  const before = ends('before');
  const order = [
    ...before,
    ...moved,
    ...ends('behind'),
    [FIRST, start] as const,
    ...gaps(moved, start, end),
    [end, end + 1] as const,
  ];
  return { name, around, order, tested: moved.map((_one, at) => before.length + at), units: end + 2 };
}

/** What of `[start, end)` none of the intervals covers. */
function gaps(covered: readonly Interval[], start: number, end: number): Interval[] {
  const found: Interval[] = [];
  let from = start;
  for (const [a, b] of covered.toSorted((one, other) => one[0] - other[0])) {
    if (a > from) found.push([from, a]);
    from = Math.max(from, b);
  }
  if (from < end) found.push([from, end]);
  return found;
}

/** The payload that belongs to the datagram, whoever wins: its checksum is that of every mixture. */
export function casePayload({ units }: OverlapCase, probe: number): Uint8Array {
  return taggedUnits(probe, 0, 0, units - 1);
}

/** Makes the fragments of a case, each with octets that say its position in the order. */
export function casePlan(one: OverlapCase, probe: number): FragmentPlan {
  return {
    text: one.name,
    apply: (fragments, { linkLen, ident }) => {
      const whole = planPacket(fragments[0]!, linkLen);
      const udpHeader = whole.payload.subarray(0, UNIT);
      return one.order.map(([from, to], owner) => {
        const data = taggedUnits(probe, owner, Math.max(0, from - 1), to - 1);
        const payload = from === 0 ? Buffer.concat([udpHeader, data]) : data;
        return plannedFragment(placed(whole, { offset: UNIT * from, more: to < one.units, ident, payload }));
      });
    },
  };
}

/** What the answers to a case say; `not settled` where they contradict each other, or where silence says nothing. */
export type Owners = Mixture | 'not settled';

/** What became of the octets that two fragments under test both have. */
export type Winner = 'none' | 'old' | 'new' | 'mixed' | 'whole' | 'not settled';

/** `owners` by unit of the UDP payload, or `none` where nothing came. `whole`: nothing overlaps, and it was delivered. */
export function winnerOf({ order, tested }: OverlapCase, owners: Owners): Winner {
  if (owners === 'none' || owners === 'not settled') return owners;
  const [old, later] = [order[tested[0]!]!, order[tested[1]!]!];
  const both = owners.filter((_owner, at) => [old, later].every(([from, to]) => at + 1 >= from && at + 1 < to));
  if (both.length === 0) return 'whole';
  if (both.every((owner) => owner === tested[0])) return 'old';
  return both.every((owner) => owner === tested[1]) ? 'new' : 'mixed';
}

/** What a policy would deliver, by unit of the UDP payload. */
export function predicted({ order, units }: OverlapCase, policy: KnownPolicy): Mixture {
  const mixture = policy.mix(order, units);
  return mixture === 'none' ? mixture : mixture.slice(1);
}

/** Whether what was seen is what a policy would deliver. */
export function agrees(one: OverlapCase, owners: Mixture, policy: KnownPolicy): boolean {
  return String(predicted(one, policy)) === String(owners);
}
