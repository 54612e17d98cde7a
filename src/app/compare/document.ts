import type { CutDifference } from '../../compare/cuts/differences.js';
import type { CutOutcome } from '../../compare/cuts/explain.js';
import type { CauseGroup } from '../../compare/cuts/groups.js';
import type { Mark, MatrixSection, Section, TableRow, TableSection } from '../../report/html/document.js';
import type { ReportBody } from '../common/html-report.js';
import { type CompareCase, caseText } from './cases.js';
import type { CompareSummary, DatagramReport } from './report.js';
import { sideBySide, theirText } from './side-by-side.js';
import { differenceLine, summaryText } from './text.js';

const VERDICT_MARKS = { good: 'good', bad: 'bad', inconclusive: 'unsure' } as const;
const OUTCOME_MARKS: Readonly<Record<CutOutcome, Mark>> = {
  equal: 'good',
  explained: 'plain',
  different: 'bad',
  unsure: 'unsure',
  lost: 'unsure',
  refused: 'plain',
};
const JUDGED: Readonly<Record<CauseGroup<unknown>['judgement'], Mark>> = {
  allowed: 'plain',
  broken: 'plain',
  unsure: 'unsure',
  unexplained: 'bad',
};
/** Lines of details that a reader can take in. */
const MOST_LINES = 60;
/** Datagrams shown field by field: those that are not simply equal first. */
const MOST_MATRICES = 12;

/** The page of a comparison: differences by cause, what differs field by field, and every datagram. */
export function compareDocument(
  summary: CompareSummary,
  groups: readonly CauseGroup<CompareCase>[],
  reports: readonly DatagramReport[],
): ReportBody {
  const text = summaryText(summary).split('\n');
  return {
    title: 'udp-ufo compare',
    outcome: { verdict: VERDICT_MARKS[summary.verdict], text: text.at(-1)! },
    circumstances: [['compared', summary.source]],
    sections: [
      ...(text.length > 1 ? [{ kind: 'notes', title: 'Not here', lines: text.slice(0, -1) } as const] : []),
      ...(summary.notes.length > 0
        ? [{ kind: 'notes', title: 'What the capture says of itself', lines: summary.notes } as const]
        : []),
      causes(groups),
      datagrams(reports, summary.datagrams),
      ...fieldByField(reports),
    ],
  };
}

function causes(groups: readonly CauseGroup<CompareCase>[]): TableSection {
  return {
    kind: 'table',
    title: 'Differences by cause',
    columns: ['cause', 'what', 'rule', 'who does so', 'datagrams', 'the least of them'],
    rows: groups.map(({ code, what, rule, who, judgement, ways, example }) => ({
      mark: JUDGED[judgement],
      cells: [
        code,
        what,
        `${judgement}: ${rule}`,
        who,
        Object.entries(ways)
          .map(([way, count]) => `${way} ${count}`)
          .join(', '),
        `${caseText(example.of)}, by ${example.way}`,
      ],
      details: lines(example.differences),
    })),
  };
}

function datagrams(reports: readonly DatagramReport[], all: number): TableSection {
  const shown = reports.length === all ? '' : ` (${reports.length} of ${all})`;
  return {
    kind: 'table',
    title: `Datagrams${shown}`,
    columns: ['outcome', 'cut by', 'family', 'MTU', 'octets', 'headers', 'where', 'packets', 'causes'],
    rows: reports.flatMap(rowsOf),
  };
}

function rowsOf({ of, where, cuts }: DatagramReport): TableRow[] {
  return cuts.map(({ way, outcome, held, packets, why }) => {
    const details = why === null ? lines(held?.left ?? []) : [why];
    return {
      mark: OUTCOME_MARKS[outcome],
      cells: [
        outcome,
        way,
        of.family === null ? '' : `IPv${of.family}`,
        of.mtu ?? '',
        of.size ?? '',
        of.what,
        where ?? '',
        packets.length,
        held?.causes.map(({ cause }) => cause.code).join(', ') ?? '',
      ],
      ...(details.length > 0 && { details }),
    };
  });
}

/** Every field over all fragments, ours and everybody's; what is not as ours is marked. */
function fieldByField(reports: readonly DatagramReport[]): Section[] {
  const weight = ({ cuts }: DatagramReport): number =>
    cuts.some(({ outcome }) => outcome === 'different')
      ? 0
      : cuts.some(({ outcome }) => outcome === 'explained')
        ? 1
        : 2;
  return reports
    .filter(({ cuts }) => cuts.some(({ packets }) => packets.length > 0))
    .toSorted((a, b) => weight(a) - weight(b))
    .slice(0, MOST_MATRICES)
    .map(matrix);
}

function matrix(report: DatagramReport): MatrixSection {
  const { of, where } = report;
  const { ways, rows } = sideBySide(report);
  return {
    kind: 'matrix',
    title: `Side by side: ${caseText(of)}${where === null ? '' : ` (${where})`}`,
    columns: ['ours', ...ways],
    rows: rows.map(({ field, ours, theirs }) => ({
      name: field,
      cells: [
        { mark: 'plain', text: ours },
        ...theirs.map((one) => ({
          mark: one.same ? ('good' as const) : ('bad' as const),
          text: one.own === null ? one.text : theirText(one),
        })),
      ],
    })),
  };
}

function lines(differences: readonly CutDifference[]): string[] {
  const shown = differences.slice(0, MOST_LINES).map(differenceLine);
  const left = differences.length - shown.length;
  return left > 0 ? [...shown, `and ${left} fields more`] : shown;
}
