import type { Judgement, KnownWay, Made, Reference } from './cause.js';
import { CAUSES } from './causes.js';
import { type CutDifference, cutDifferences } from './differences.js';
import type { CutPacket } from './packet.js';

/** What becomes of one datagram's cut, held against ours. */
export type CutOutcome = 'equal' | 'explained' | 'different' | 'unsure' | 'lost' | 'refused';

/** A known way of cutting, and which differences it makes. */
export interface FoundCause {
  readonly cause: KnownWay;
  readonly differences: readonly CutDifference[];
}

/** A cut held against ours. */
export interface HeldCut {
  readonly outcome: Extract<CutOutcome, 'equal' | 'explained' | 'different' | 'unsure'>;
  /** Known ways of cutting that explain what is different, in the order of the catalogue. */
  readonly causes: readonly FoundCause[];
  /** Everything that is different. */
  readonly differences: readonly CutDifference[];
  /** What no known way explains. */
  readonly left: readonly CutDifference[];
}

/**
 * Holds what came against what our UFO stage makes of the datagram, and says what explains the differences: a known rule
 * counts only where packets made by it are nearer to what came, field by field. What is left is nobody's known way.
 *
 * @param way who cut: a cause that breaks an RFC explains only whom it is known of
 */
export function holdCut(reference: Reference, got: readonly CutPacket[], way: string): HeldCut {
  const differences = cutDifferences(reference.packets, got);
  let made: Made = reference;
  let left = differences;
  const causes: FoundCause[] = [];
  for (const cause of CAUSES) {
    if (left.length === 0) break;
    const next = cause.make(made, reference, got);
    if (next === null) continue;
    const remaining = cutDifferences(next.packets, got);
    if (remaining.length >= left.length) continue;
    const open = new Set(remaining.map(({ fragment, field }) => `${fragment} ${field}`));
    causes.push({ cause, differences: left.filter(({ fragment, field }) => !open.has(`${fragment} ${field}`)) });
    made = next;
    left = remaining;
  }
  return { outcome: outcomeOf(causes, left, way), causes, differences, left };
}

function outcomeOf(causes: readonly FoundCause[], left: readonly CutDifference[], way: string): HeldCut['outcome'] {
  if (left.length > 0) return 'different';
  if (causes.length === 0) return 'equal';
  const has = (judgement: Judgement): boolean =>
    causes.some(({ cause }) => cause.judgement === judgement && !cause.ways.includes(way));
  if (has('broken')) return 'different';
  return has('unsure') ? 'unsure' : 'explained';
}
