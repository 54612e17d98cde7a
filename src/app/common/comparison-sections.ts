import type { Comparison } from '../../compare/comparison.js';
import type { DifferenceCount } from '../../compare/difference.js';
import type { Mark, Section } from '../../report/html/document.js';

/** How a page marks a comparison's or a summary's verdict. */
export const VERDICT_MARKS: Readonly<Record<Comparison['verdict'], Mark>> = {
  good: 'good',
  bad: 'bad',
  inconclusive: 'unsure',
};

/** The counts of a comparison, what changed on the way and what differs, and the first of all else. */
export function comparisonSections(comparison: Comparison, noun: 'datagrams' | 'frames'): Section[] {
  const { changed, differences, mismatches, plans } = comparison;
  const kinds = [...differences, ...changed];
  return [
    counts(comparison, noun),
    ...(kinds.length > 0 ? [differenceTable(kinds, noun)] : []),
    ...(plans.length > 0 ? [{ kind: 'notes', title: 'As planned', lines: plans } as const] : []),
    ...(mismatches.length > 0 ? [{ kind: 'notes', title: 'What else is wrong', lines: mismatches } as const] : []),
  ];
}

function differenceTable(kinds: readonly DifferenceCount[], noun: string): Section {
  return {
    kind: 'table',
    title: 'What is not as it was sent',
    columns: ['field', 'as sent', 'as seen', noun, 'may change on the way'],
    rows: kinds.map(({ field, from, to, datagrams, onTheWay }) => ({
      mark: onTheWay ? 'plain' : 'bad',
      cells: [field, from, to, datagrams, onTheWay ? 'yes' : 'no'],
    })),
  };
}

function counts(comparison: Comparison, noun: string): Section {
  const { expected, good, planned, bad, incomplete, missing, stopped, doubled, late, unexpected } = comparison;
  const { uncompared, packets, captureLost } = comparison;
  const row = (name: string, count: number | null, mark: Mark = 'plain') => ({
    mark: count === null || count === 0 ? ('plain' as const) : mark,
    cells: [name, count ?? 'not known'],
  });
  return {
    kind: 'table',
    title: 'Sent and seen',
    columns: ['what', noun],
    rows: [
      row('expected', expected),
      row('as sent', good, 'good'),
      row('bad or incomplete just as a plan made them', planned, 'good'),
      row('bad', bad, 'bad'),
      row('came only in part', incomplete, 'unsure'),
      row('did not come', missing, 'unsure'),
      row('stopped midway by the sender', stopped, 'unsure'),
      row('came once more', doubled, 'bad'),
      row('came late', late),
      row('nobody sent', unexpected, 'bad'),
      row('not compared', uncompared, 'unsure'),
      row('packets seen', packets),
      row('frames that the capture lost', captureLost, 'unsure'),
    ],
  };
}
