import type { DifferenceCount } from './difference.js';

/** What came, held against what was sent. */
export interface Comparison {
  /** Datagrams that were to come; null where nobody said how many. */
  readonly expected: number | null;
  /** As they were sent. */
  readonly good: number;
  /** Bad or incomplete just as a fragment plan made them. */
  readonly planned: number;
  readonly bad: number;
  /** Some of their packets came. */
  readonly incomplete: number;
  /** Nothing of them came. */
  readonly missing: number;
  /** Stopped by the sender after their first packets had gone: they could not come whole. */
  readonly stopped: number;
  /** Came once more, whole or in part. */
  readonly doubled: number;
  /** Came after one that was sent later, and by how many datagrams at most. */
  readonly late: number;
  readonly lateBy: number;
  /** Nobody sent these. */
  readonly unexpected: number;
  /** Not held against what was sent, or not all of it: too many were open at a time, or a hash was not made. */
  readonly uncompared: number;
  /** Fragments, and datagrams that were not fragmented, counted each time they came. */
  readonly packets: number;
  /** What routers may have changed, as sent and as seen. */
  readonly changed: readonly DifferenceCount[];
  /** What nobody may have changed. */
  readonly differences: readonly DifferenceCount[];
  /** Frames the capture lost; null where it cannot say. */
  readonly captureLost: number | null;
  /** `inconclusive`: nothing wrong was seen, but not everything was. */
  readonly verdict: 'good' | 'bad' | 'inconclusive';
  /** The first of what else is wrong, for people. */
  readonly mismatches: readonly string[];
  /** What the first of the `planned` ones are, for people. */
  readonly plans: readonly string[];
}

export type Counts = Omit<Comparison, 'changed' | 'differences' | 'verdict' | 'mismatches' | 'plans'>;

/**
 * Something else than was sent, or once too often, is bad. What did not come is lost, by the wire or by the capture, and
 * proves nothing; neither does a capture that may have missed something.
 *
 * @param strict nothing may change on the way, the order included
 */
export function comparisonVerdict(
  counts: Counts & Pick<Comparison, 'changed'>,
  strict: boolean,
): Comparison['verdict'] {
  const {
    expected,
    good,
    planned,
    bad,
    incomplete,
    missing,
    doubled,
    late,
    unexpected,
    uncompared,
    changed,
    captureLost,
  } = counts;
  if (bad > 0 || unexpected > 0 || doubled > 0) return 'bad';
  if (strict && (late > 0 || changed.length > 0)) return 'bad';
  if (missing > 0 || incomplete > 0 || uncompared > 0 || (captureLost ?? 0) > 0) return 'inconclusive';
  const right = good + planned;
  return right > 0 && right === (expected ?? right) ? 'good' : 'inconclusive';
}
