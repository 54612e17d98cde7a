import { askOverlaps } from './ask-overlaps.js';
import { agrees, type OverlapCase, type Owners } from './overlap.js';
import { nearestPolicy } from './policy.js';
import type { Receiver } from './receiver.js';

/** Times that a case is asked again whose answer is not what the others let expect. */
const AGAIN = 2;

/**
 * Answers that count. One that the nearest policy does not have may be no word about the policy: a receiver that still holds
 * fragments of an earlier run under the same ident (Linux: 30 s, over IPv6 60 s) puts those in, and on the way fragments may be
 * lost or overtake one another. So these cases are asked again, one behind another and under idents far away, until two
 * answers are the same; where none are, the case is not settled. One that was not before stays so.
 */
export async function settle(
  receiver: Receiver,
  cases: readonly OverlapCase[],
  first: readonly Owners[],
): Promise<Owners[]> {
  const counting: Owners[] = [...first];
  // Nothing is put together: no policy to be held against.
  if (first.every((owners) => owners === 'none' || owners === 'not settled')) return counting;
  const policy = nearestPolicy(cases, first);
  let doubtful = cases.flatMap((one, at) => {
    const owners = first[at]!;
    return owners === 'not settled' || agrees(one, owners, policy) ? [] : [{ one, at, heard: [owners as Owners] }];
  });
  for (let times = 1; times <= AGAIN && doubtful.length > 0; times++) {
    receiver.prober.leapIdents();
    const answers = await askOverlaps(
      receiver,
      doubtful.map(({ one }) => one),
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
