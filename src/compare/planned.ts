import type { Fault } from '../faults/rules.js';
import type { Code } from '../verify/codes.js';
import type { DatagramVerdict } from '../verify/verdict.js';
import type { ExpectedPlan, PlannedPiece } from './expected.js';

/** The fault that each code of the verifier names; other codes are none that a plan makes. */
const FAULT_OF: Partial<Record<Code, Fault>> = {
  'fragment-overlap': 'overlap',
  'fragment-conflict': 'overlap',
  'fragment-length': 'unaligned',
  'fragment-past-65535': 'too-long',
  'fragment-empty': 'empty',
  'fragment-end-differs': 'end',
  'fragment-past-end': 'end',
  'header-chain-cut': 'chain',
  'ip-version': 'header',
  'header-checksum': 'header-checksum',
  'ip-length-past-frame': 'length',
  'reserved-flag': 'reserved',
  'fragment-reserved-bits': 'reserved',
  'df-differs': 'df',
  'upper-header': 'protocol',
  'upper-checksum': 'protocol',
  'udp-header': 'udp-length',
  'udp-length': 'udp-length',
  'udp-checksum': 'udp-checksum',
  'udp-checksum-zero': 'udp-checksum',
};
/** What fragments that were meant for two datagrams make of one, where others of them are lost. */
const OF_A_MIXTURE: readonly (Fault | undefined)[] = ['overlap', 'end', 'udp-length', 'udp-checksum', 'df'];
/** What first came wins an overlap: in another order other octets do. */
const OF_AN_ORDER: readonly (Fault | undefined)[] = ['udp-length', 'udp-checksum'];
/** What leaves no UDP header that could be read. */
const UNREADABLE: readonly Fault[] = ['udp-length', 'chain', 'header', 'protocol'];
/** A list of many has an end. */
const LEFT_OUT: Code = 'left-out';

/** How a datagram with a plan came. */
export interface PlannedMatch {
  /** Packets that were made and did not come, or came less often. */
  readonly lost: number;
  /** Exact copies that the plan did not make. */
  readonly copies: number;
  /** Packets and faults that the plan did not make, for people. */
  readonly strange: readonly string[];
  /** All packets came in the order they were sent in. */
  readonly inOrder: boolean;
}

/** Holds what a verifier says of a datagram against what its plan made of it. */
export function matchPlanned(planned: ExpectedPlan, verdict: DatagramVerdict): PlannedMatch {
  const { lost, strange, inOrder } = matchPieces(planned, verdict);
  const copies = verdict.duplicates - planned.copies;
  const byOrder = planned.faults.includes('overlap') && !inOrder ? OF_AN_ORDER : [];
  const faults = lost > 0 ? faultsBeside(planned, verdict, OF_A_MIXTURE) : strangeFaults(planned, verdict, byOrder);
  return {
    lost: lost + Math.max(0, -copies),
    copies: Math.max(0, copies),
    strange: [...strange.map((text) => `got ${text}, which the plan did not make`), ...faults],
    inOrder,
  };
}

/** Came just so: nothing is lost, nothing strange. */
export function cameAsPlanned({ lost, copies, strange }: PlannedMatch): boolean {
  return lost === 0 && copies === 0 && strange.length === 0;
}

/** Whether nobody can tell ports and payload of what the plan made. */
export function isUnreadable({ faults }: ExpectedPlan): boolean {
  return faults.some((fault) => UNREADABLE.includes(fault));
}

/** In words, for a verdict's notes: `as planned by drop(2): octets missing`. */
export function plannedText({ plan, faults }: ExpectedPlan): string {
  const what = faults.map((fault) => (fault === 'missing' ? 'octets missing' : fault)).join(', ');
  return `as planned by ${plan}: ${what}`;
}

type PiecesMatch = Pick<PlannedMatch, 'lost' | 'strange' | 'inOrder'>;

/** By the list of fragments; a verdict without one is good and whole, or of a packet that is not cut. */
function matchPieces({ packets: made, others = [] }: ExpectedPlan, verdict: DatagramVerdict): PiecesMatch {
  const { fragments } = verdict;
  const fragmentList = verdict.fragmentList?.filter(({ repeated }) => !repeated) ?? [];
  if (fragmentList.length === 0) return matchSizes(made, verdict);
  const left = made.map(String);
  const alien = new Set(others.map(String));
  let mixed = 0;
  const places: number[] = [];
  const strange: string[] = [];
  for (const { offset, length, more } of fragmentList) {
    const piece = `${offset},${length},${more ? 1 : 0}`;
    const at = left.indexOf(piece);
    places.push(at);
    if (at < 0 && alien.has(piece)) mixed += 1;
    else if (at < 0) strange.push(`a fragment of ${length} octets at ${offset}${more ? ' with MF' : ''}`);
    else left[at] = '';
  }
  // What ends behind the largest packet is counted and not listed, and so is what is too many; a packet that is not cut is
  // listed and no fragment.
  const unlisted = Math.max(0, fragments - fragmentList.length);
  const lost = Math.max(mixed, left.filter((piece) => piece !== '').length - unlisted);
  return { lost, strange, inOrder: lost === 0 && places.every((at, i) => at === i) };
}

function matchSizes(made: readonly PlannedPiece[], { fragments, seen }: DatagramVerdict): PiecesMatch {
  const count = Math.max(1, fragments);
  if (count < made.length) return { lost: made.length - count, strange: [], inOrder: false };
  const sizes = (seen?.sizes ?? []).flatMap(([octets, times]) => Array<number>(times).fill(octets));
  const want = made.toSorted((a, b) => a[0] - b[0]).map(([, length]) => length);
  const same = count === made.length && (sizes.length === 0 || String(sizes) === String(want));
  return { lost: 0, strange: same ? [] : [`${count} packets`], inOrder: false };
}

function strangeFaults(
  planned: ExpectedPlan,
  verdict: DatagramVerdict,
  explained: readonly (Fault | undefined)[],
): string[] {
  const { faults } = planned;
  const told = new Set(verdict.findings.map(({ code }) => FAULT_OF[code]));
  const unseen = planned.verdict === 'bad' && verdict.verdict === 'good' ? faults.filter((one) => !told.has(one)) : [];
  return [...faultsBeside(planned, verdict, explained), ...unseen.map((fault) => `${fault} did not come`)];
}

/** The mismatches that neither the plan made nor the faults given explain. */
function faultsBeside(
  { faults }: ExpectedPlan,
  { findings }: DatagramVerdict,
  explained: readonly (Fault | undefined)[],
): string[] {
  const known: (Fault | undefined)[] = [...faults, ...explained];
  // Nobody knows over which octets a checksum would be where the length is wrong.
  if (faults.includes('udp-length')) known.push('udp-checksum');
  return findings
    .filter(({ level, code }) => level === 'mismatch' && code !== LEFT_OUT && !known.includes(FAULT_OF[code]))
    .map(({ text }) => text);
}
