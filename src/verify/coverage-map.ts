import type { DatagramVerdict, FragmentVerdict } from './verdict.js';

/** Columns that the octets of a datagram are spread over, and rows at most. */
const COLUMNS = 48;
const MOST_ROWS = 16;

/**
 * The fragments of a datagram as a map: octets of the IP payload across, a row a fragment in the order of arrival, and a
 * last row for all of them.
 *
 *     =  octets of a fragment      !  octets that more than one has      .  octets that none has      >  something is wrong with it
 */
export function coverageMap({ fragmentList, holes, fragments, findings }: DatagramVerdict): string[] {
  if (fragmentList === null || fragments === 0 || fragmentList.every(({ length }) => length === 0)) return [];
  const total = Math.max(1, lastOf(holes), ...fragmentList.map(({ offset, length }) => offset + length));
  const column = (octet: number): number => Math.floor((octet * COLUMNS) / total);
  const faulty = new Set(findings.filter(({ level }) => level === 'mismatch').map(({ fragment }) => fragment));
  const distinct = fragmentList.filter(({ repeated }) => !repeated);
  const rows = chosen(fragmentList, faulty);
  const left = fragments - rows.filter(({ repeated }) => !repeated).length;
  return [
    `${' '.repeat(15)}|${`0${String(total).padStart(COLUMNS - 1)}`}|`,
    ...rows.map(
      (one) =>
        `${faulty.has(one.number) ? '>' : ' '}${name(one)}|${bar(one, column)}|${facts(one, fragmentList[0]!.time)}`,
    ),
    ...(left > 0 ? [`${`${left} more`.padStart(14)} `] : []),
    `${'all'.padStart(14)} |${all(distinct, total)}|`,
  ];
}

function lastOf(holes: DatagramVerdict['holes']): number {
  const [start = 0, end = null] = holes.at(-1) ?? [];
  return end ?? start;
}

/** Of more than can be shown the first, the faulty ones and the last. */
function chosen(list: readonly FragmentVerdict[], faulty: ReadonlySet<number | null>): readonly FragmentVerdict[] {
  if (list.length <= MOST_ROWS) return list;
  const first = list.slice(0, MOST_ROWS / 4);
  const rest = list.slice(first.length, -1);
  const wanted = [
    ...rest.filter(({ number }) => faulty.has(number)),
    ...rest.filter(({ number }) => !faulty.has(number)),
  ];
  const middle = wanted.slice(0, MOST_ROWS - 1 - first.length).sort((a, b) => a.number - b.number);
  return [...first, ...middle, list.at(-1)!];
}

function name({ number, frame }: FragmentVerdict): string {
  return `${`#${number}`.padEnd(5)} ${`@${frame}`.padStart(7)} `;
}

function bar({ offset, length }: FragmentVerdict, column: (octet: number) => number): string {
  const from = Math.min(COLUMNS - 1, column(offset));
  const to = Math.max(from + 1, column(offset + length));
  return `${' '.repeat(from)}${'='.repeat(to - from)}`.padEnd(COLUMNS);
}

function facts({ time, offset, length, more, ttl, repeated }: FragmentVerdict, began: number): string {
  const since = (time - began).toFixed(6);
  return ` ${offset} … ${offset + length}${more ? ' MF' : ''}, ttl ${ttl}, +${since} s${repeated ? ', repeated' : ''}`;
}

/** How often the octets of each column are there: the worst of them counts. */
function all(list: readonly FragmentVerdict[], total: number): string {
  const edges = list.flatMap(({ offset, length }) => [
    { at: offset, step: 1 },
    { at: offset + length, step: -1 },
  ]);
  edges.sort((a, b) => a.at - b.at || a.step - b.step);
  const cells = Array<string>(COLUMNS).fill('=');
  const paint = (from: number, to: number, what: string): void => {
    const last = Math.min(COLUMNS - 1, Math.ceil((to * COLUMNS) / total) - 1);
    for (let i = Math.floor((from * COLUMNS) / total); i <= last; i++) if (cells[i] !== '!') cells[i] = what;
  };
  let depth = 0;
  let at = 0;
  for (const edge of [...edges, { at: total, step: 0 }]) {
    if (edge.at > at && depth !== 1) paint(at, edge.at, depth === 0 ? '.' : '!');
    at = Math.max(at, edge.at);
    depth += edge.step;
  }
  return cells.join('');
}
