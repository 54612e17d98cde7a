import type { Finding } from './finding.js';
import { type Outcome, type ProbeName, passed } from './probe.js';

/** Questions whose datagrams all have the same fate where nothing is lost by chance: none that look for limits of size. */
const PLAIN: ReadonlySet<ProbeName> = new Set([
  ...(['small', 'full', 'full-df', 'fragments-small', 'fragments-full', 'reverse', 'tiny'] as const),
  ...(['options', 'options-fragments', 'ttl', 'burst', 'burst-fragments'] as const),
]);
/** Fewer may be a queue that overflowed once, here or there. */
const LEAST_LOST = 3;
const LEAST_QUESTIONS = 2;

/** Whether a question lost a datagram of several that arrived. */
export function losesSome(outcomes: ReadonlyMap<ProbeName, Outcome>): boolean {
  return [...outcomes.values()].some((one) => PLAIN.has(one.probe.name) && passed(one) && one.arrived < one.sent);
}

/** Datagrams that did not arrive where others like them did: what a filter drops, it drops always. Null for hardly any. */
export function lossOf(outcomes: ReadonlyMap<ProbeName, Outcome>): { lost: number; sent: number } | null {
  const plain = [...outcomes.values()].filter((one) => PLAIN.has(one.probe.name) && passed(one));
  const hit = plain.filter(({ arrived, sent }) => arrived < sent);
  const sent = plain.reduce((sum, one) => sum + one.sent, 0);
  const lost = plain.reduce((sum, one) => sum + Math.max(0, one.sent - one.arrived), 0);
  return hit.length >= LEAST_QUESTIONS && lost >= LEAST_LOST ? { lost, sent } : null;
}

export function lossy(outcomes: ReadonlyMap<ProbeName, Outcome>): Finding[] {
  const loss = lossOf(outcomes);
  if (loss === null) return [];
  return [
    {
      code: 'lossy',
      says: `packets are lost by chance: ${loss.lost} of ${loss.sent} datagrams did not arrive where others like them do`,
      next: 'queues and links on the way; whether sizes and rates are limited as well is not known: ask again without loss',
    },
  ];
}
