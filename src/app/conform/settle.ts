import { type AnswerKind, askOverlaps } from './ask.js';
import { agrees, type OverlapCase, type Owners } from './overlap.js';
import type { Mixture } from './policies.js';
import { nearestPolicy } from './policy.js';
import type { Prober } from './prober.js';

/** Times that a case is asked again whose answer is not what the others let expect. */
const AGAIN = 2;

/**
 * Answers that count. One that the nearest policy does not have may be no word about the policy: a receiver that still holds
 * fragments of an earlier run under the same ident (Linux: 30 s, over IPv6 60 s) puts those in, and on the way fragments may be
 * lost or overtake one another. So these cases are asked again, one behind another and under idents far away, until two
 * answers are the same; where none are, the case is not settled.
 */
export async function settle(
  prober: Prober,
  cases: readonly OverlapCase[],
  first: readonly Mixture[],
  kind: AnswerKind,
  signal: AbortSignal,
): Promise<Owners[]> {
  const counting: Owners[] = [...first];
  if (first.every((owners) => owners === 'none')) return counting; // nothing is put together: no policy to be held against
  const policy = nearestPolicy(cases, first);
  let doubtful = cases.flatMap((one, at) =>
    agrees(one, first[at]!, policy) ? [] : [{ one, at, heard: [first[at]!] }],
  );
  for (let times = 1; times <= AGAIN && doubtful.length > 0; times++) {
    prober.leapIdents();
    const answers = await askOverlaps(
      prober,
      doubtful.map(({ one }) => one),
      kind,
      signal,
      1,
    );
    for (const [i, { at, heard }] of doubtful.entries()) {
      const answer = answers[i]!;
      counting[at] = heard.some((owners) => String(owners) === String(answer)) ? answer : 'not settled';
      heard.push(answer);
    }
    doubtful = doubtful.filter(({ at }) => counting[at] === 'not settled');
  }
  return counting;
}
