import type { CutOutcome, HeldCut } from '../../compare/cuts/explain.js';
import type { CutPacket } from '../../compare/cuts/packet.js';
import type { DatagramCase } from './cases.js';

/** What one cutter made of a datagram. */
export interface CutReport {
  /** As `SendResult` has it, or `file`. */
  readonly way: string;
  readonly outcome: CutOutcome;
  /** How it was held against ours; null where it was not. */
  readonly held: HeldCut | null;
  /** What our UFO stage makes of it, under the same ident; none where nobody can tell. */
  readonly reference: readonly CutPacket[];
  readonly packets: readonly CutPacket[];
  /** Why there is nothing to be held; null where there is. */
  readonly why: string | null;
}

/** A datagram, and what everybody made of it. */
export interface DatagramReport {
  readonly of: DatagramCase;
  /** Of a file: where it stands, `frame 7`. */
  readonly where: string | null;
  readonly cuts: readonly CutReport[];
}

/** What all of it comes to. */
export interface CompareSummary {
  readonly type: 'summary';
  /** What was compared: `near0`, or the file. */
  readonly source: string;
  readonly datagrams: number;
  /** Cuts by outcome: one for each datagram and cutter. */
  readonly outcomes: Readonly<Record<CutOutcome, number>>;
  /** Cutters that are not here, and why. */
  readonly absent: readonly { readonly way: string; readonly family: 4 | 6; readonly why: string }[];
  /** What cutters did not take: how many datagrams, and the first of them. */
  readonly refused: readonly { readonly way: string; readonly datagrams: number; readonly first: string }[];
  /** Frames the capture lost; null where it cannot say. */
  readonly captureLost: number | null;
  /** How the file is cut or broken, so that nobody knows what stood behind; null where it ends as it should. */
  readonly fault: string | null;
  /** What the file says of itself, and why of some frames nothing could be read; for people. */
  readonly notes: readonly string[];
  /** Packets of a file that it has once more: of whoever cuts, or of a capture on two interfaces. */
  readonly doubled: number;
  /** Frames of a file that datagrams may hide in and that were not looked into, by what they are: `vxlan`, `protocol 50`. */
  readonly notCompared: Readonly<Record<string, number>>;
  readonly verdict: 'good' | 'bad' | 'inconclusive';
}

export const OUTCOMES = ['equal', 'explained', 'different', 'unsure', 'lost', 'refused'] as const;

/**
 * Good: every cut that was made is ours, or differs in a way that is known of who made it. What was lost, or could not be
 * told, is not proven; what its cutter refuses was not asked of it. Of packets that are there twice nobody knows whose doing
 * that is.
 */
export function compareVerdict({
  outcomes,
  captureLost,
  fault,
  doubled,
}: Pick<CompareSummary, 'outcomes' | 'captureLost' | 'fault' | 'doubled'>): CompareSummary['verdict'] {
  const { equal, explained, different, unsure, lost } = outcomes;
  if (different > 0) return 'bad';
  const blind = unsure + lost + doubled + (captureLost ?? 0);
  return blind > 0 || fault !== null || equal + explained === 0 ? 'inconclusive' : 'good';
}
