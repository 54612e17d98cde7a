import { grouped } from '../../report/grouped.js';
import { type Outcome, passed, unasked } from './probe.js';

/** Limits and timers of the far end, as far as they were found. */
export interface FarEnd {
  /** Most fragments of one datagram that it put together; null for none. */
  readonly fragments: number | null;
  /** The least that it did not; null where all that were asked for passed. */
  readonly tooManyFragments: number | null;
  /** Seconds that it waited for a last fragment; null where it was not asked, or did not wait for the shortest time. */
  readonly waits: number | null;
  /** Seconds after which it did not any more; null where it was not asked, or waited for the longest time. */
  readonly waitsNoLonger: number | null;
  /** Seconds until its Time Exceeded code 1; null where none came. */
  readonly timeExceeded: number | null;
}

export function farEndOf(outcomes: Iterable<Outcome>): FarEnd {
  const all = [...outcomes];
  const [fragments, tooManyFragments] = edge(all, /^limit-fragments-(\d+)$/);
  const [waits, waitsNoLonger] = edge(all, /^wait-(\d+)$/);
  const ended = all.flatMap(({ timeExceededMs }) => timeExceededMs ?? []);
  const timeExceeded = ended.length === 0 ? null : Math.round(Math.min(...ended) / 100) / 10;
  return { fragments, tooManyFragments, waits, waitsNoLonger, timeExceeded };
}

/** The largest number that passed, and the least that did not. */
function edge(outcomes: readonly Outcome[], name: RegExp): readonly [number | null, number | null] {
  let [most, least] = [null as number | null, null as number | null];
  for (const outcome of outcomes) {
    const asked = name.exec(outcome.probe.name)?.[1];
    if (asked === undefined || unasked(outcome)) continue;
    if (passed(outcome)) most = Math.max(most ?? 0, Number(asked));
    else least = Math.min(least ?? Number.POSITIVE_INFINITY, Number(asked));
  }
  return [most, least];
}

/** In words, a line each. */
export function farEndLines({ fragments, tooManyFragments, waits, waitsNoLonger, timeExceeded }: FarEnd): string[] {
  const each = (count: number): string => `${grouped(count)} fragments of 8 octets`;
  const told = timeExceeded === null ? 'no Time Exceeded came' : `Time Exceeded after ${timeExceeded} s`;
  return [
    ...(fragments === null ? [] : [`the far end puts together ${each(fragments)}`]),
    ...(tooManyFragments === null ? [] : [`it does not put together ${each(tooManyFragments)}`]),
    ...(waits === null && waitsNoLonger === null ? [] : [`it waits ${waitText(waits, waitsNoLonger)} (${told})`]),
  ];
}

function waitText(waits: number | null, noLonger: number | null): string {
  const what = 'for a missing fragment';
  if (waits === null) return `less than ${noLonger} s ${what}`;
  return noLonger === null ? `more than ${waits} s ${what}` : `between ${waits} and ${noLonger} s ${what}`;
}
