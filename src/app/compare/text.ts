import Table from 'cli-table3';
import type { CutDifference } from '../../compare/cuts/differences.js';
import type { CauseGroup } from '../../compare/cuts/groups.js';
import { hiddenText } from '../../verify/report.js';
import { counted } from '../common/figures.js';
import { type CompareCase, caseText } from './cases.js';
import { type CompareSummary, type CutReport, type DatagramReport, OUTCOMES } from './report.js';
import { sideBySide, theirText } from './side-by-side.js';

/** Differences of one cut that are printed. */
const MOST_LINES = 8;

const PLAIN = {
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1 },
};

/** A line for the datagram, and beneath it whoever does not cut as we do. */
export function datagramText({ of, where, cuts }: DatagramReport): string {
  const name = where === null ? caseText(of) : `${caseText(of)} (${where})`;
  const lines = cuts.map((cut) => `  ${cut.way.padEnd(14)}${cutText(cut)}`);
  const details = cuts.flatMap(({ way, held }) => (held === null ? [] : leftLines(way, held.left)));
  return [name, ...lines, ...details].join('\n');
}

function cutText({ outcome, held, packets, why }: CutReport): string {
  const count = counted(packets.length, 'packet');
  if (held === null) return `${outcome}: ${why}`;
  const causes = held.causes.map(({ cause }) => cause.code).join(', ');
  const known = causes === '' ? '' : `: ${causes}`;
  return outcome === 'equal' ? `equal, ${count}` : `${outcome}, ${count}${known}`;
}

function leftLines(way: string, left: readonly CutDifference[]): string[] {
  const lines = left.slice(0, MOST_LINES).map((one) => `    ${way}: ${differenceLine(one)}`);
  return left.length <= MOST_LINES ? lines : [...lines, `    ${way}: and ${left.length - MOST_LINES} fields more`];
}

/** `fragment #3: offset got 2968, want 2960`. */
export function differenceLine({ fragment, field, from, to }: CutDifference): string {
  return `${fragment === 0 ? '' : `fragment #${fragment}: `}${field} got ${to}, want ${from}`;
}

/** Every field of every fragment side by side, ours first. */
export function fieldsTable(report: DatagramReport): string {
  const { ways, rows } = sideBySide(report);
  const table = new Table({ ...PLAIN, head: ['field', 'ours', ...ways] });
  for (const { field, ours, theirs } of rows) {
    table.push([field, ours, ...theirs.map(theirText)]);
  }
  return table.toString();
}

/** What is different, by its cause: who does it, how often, the rule, and the least datagram that shows it. */
export function causeText({ code, what, rule, who, judgement, ways, example }: CauseGroup<CompareCase>): string {
  const times = Object.entries(ways).map(([way, count]) => `${way} ${count}`);
  const unknown = judgement === 'unexplained';
  const lines = example.differences.slice(0, MOST_LINES).map((one) => `      ${differenceLine(one)}`);
  return [
    `${unknown ? '✗' : '·'} ${code} (${times.join(', ')}): ${unknown ? rule : what}`,
    ...(unknown ? [] : [`    ${judgement}: ${rule}; ${who}`]),
    `    least: ${caseText(example.of)}, by ${example.way}`,
    ...lines,
  ].join('\n');
}

export function summaryText(summary: CompareSummary): string {
  const { source, datagrams, outcomes, absent, refused, captureLost, fault, doubled, notCompared, verdict } = summary;
  const counts = OUTCOMES.filter((name) => outcomes[name] > 0).map((name) => `${outcomes[name]} ${name}`);
  const lost = captureLost === null ? '' : `; the capture lost ${captureLost}`;
  const hidden = hiddenText(notCompared);
  return [
    ...absent.map(({ way, family, why }) => `not here: ${way} for IPv${family} (${why})`),
    ...refused.map(({ way, datagrams: times, first }) => `not cut by ${way}: ${times}, the first ${first}`),
    ...(hidden === '' ? [] : [`not compared: ${hidden}`]),
    ...(doubled > 0
      ? [
          `${counted(doubled, 'packet')} came once more: who cuts may have sent them twice, or the capture saw them twice`,
        ]
      : []),
    `${source}: ${verdict}; ${counted(datagrams, 'datagram')}, cuts: ${counts.join(', ') || 'none'}${lost}${fault === null ? '' : `; it ends too early: ${fault}`}`,
  ].join('\n');
}
