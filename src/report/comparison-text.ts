import type { Comparison } from '../compare/comparison.js';
import type { DifferenceCount } from '../compare/difference.js';
import { plural } from '../verify/plural.js';

/**
 * A comparison of sent and seen for people: a line with the counts, beneath it what changed and what differs.
 * @param noun what was compared one by one
 */
export function comparisonText(comparison: Comparison, noun: 'datagram' | 'frame' = 'datagram'): string[] {
  const { good, expected, packets, changed, differences, captureLost } = comparison;
  const of = expected === null ? '' : ` of ${expected}`;
  const proven = `${good}${of} ${plural(expected ?? good, noun)} proven right in ${packets} ${plural(packets, 'packet')}`;
  return [
    [proven, ...odd(comparison), ...(captureLost === null ? [] : [`the capture lost ${captureLost}`])].join(', '),
    ...changed.map((one) => `  changed on the way: ${differenceLine(one, noun)}`),
    ...differences.map((one) => `  differs: ${differenceLine(one, noun)}`),
    ...comparison.plans.map((text) => `  ${text}`),
    ...comparison.mismatches.map((text) => `  ${text}`),
  ];
}

function odd(comparison: Comparison): string[] {
  const { planned, bad, incomplete, missing, stopped, doubled, unexpected, uncompared, late, lateBy } = comparison;
  const counts = {
    'as planned': planned,
    bad,
    incomplete,
    missing,
    'stopped midway': stopped,
    doubled,
    unexpected,
    'not compared': uncompared,
  };
  const texts = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []));
  return late > 0 ? [...texts, `${late} late (by ${lateBy} at most)`] : texts;
}

/** `ttl from 64 to 9 (3 datagrams)`. */
function differenceLine({ field, from, to, datagrams }: DifferenceCount, noun = 'datagram'): string {
  return `${field} from ${from} to ${to} (${datagrams} ${plural(datagrams, noun)})`;
}
