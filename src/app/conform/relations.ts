/** `[start, end)` in units. */
export type Interval = readonly [start: number, end: number];

/** Allen's relations of two intervals, the first named before the second. */
export const RELATIONS = [
  'before',
  'meets',
  'overlaps',
  'starts',
  'during',
  'finishes',
  'equals',
  'finished-by',
  'contains',
  'started-by',
  'overlapped-by',
  'met-by',
  'after',
] as const;
export type Relation = (typeof RELATIONS)[number];

/** The relation in which `a` stands to `b` (Allen 1983). */
export function relationOf([a1, a2]: Interval, [b1, b2]: Interval): Relation {
  if (a2 < b1) return 'before';
  if (a2 === b1) return 'meets';
  if (b2 < a1) return 'after';
  if (b2 === a1) return 'met-by';
  if (a1 === b1) return a2 === b2 ? 'equals' : a2 < b2 ? 'starts' : 'started-by';
  if (a2 === b2) return a1 > b1 ? 'finishes' : 'finished-by';
  if (a1 > b1 && a2 < b2) return 'during';
  if (a1 < b1 && a2 > b2) return 'contains';
  return a1 < b1 ? 'overlaps' : 'overlapped-by';
}

/** Two intervals in the relation, with ends at units 0 … 3, two units apart. */
export function pairOf(relation: Relation): readonly [Interval, Interval] {
  return pairs().get(relation)!;
}

/** Every consistent triple of relations once (409 of them), as three intervals with the smallest ends that have it. */
export function triples(): (readonly [Interval, Interval, Interval])[] {
  const found = new Map<string, readonly [Interval, Interval, Interval]>();
  const all = intervals(6);
  for (const a of all) {
    for (const b of all) {
      for (const c of all) {
        const key = `${relationOf(a, b)} ${relationOf(b, c)} ${relationOf(a, c)}`;
        if (!found.has(key)) found.set(key, [a, b, c]);
      }
    }
  }
  return [...found.values()];
}

let known: Map<Relation, readonly [Interval, Interval]> | undefined;

function pairs(): Map<Relation, readonly [Interval, Interval]> {
  if (known !== undefined) return known;
  known = new Map();
  for (const a of intervals(4)) {
    for (const b of intervals(4)) {
      const relation = relationOf(a, b);
      if (!known.has(relation)) known.set(relation, [a, b]);
    }
  }
  return known;
}

/** All intervals with ends among `count` points. */
function intervals(count: number): Interval[] {
  const all: Interval[] = [];
  for (let start = 0; start < count; start++) for (let end = start + 1; end < count; end++) all.push([start, end]);
  return all;
}
