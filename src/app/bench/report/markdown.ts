import type { Part } from '../parts/part.js';
import { describeScenario } from '../scenario.js';
import type { Goal } from './goals.js';
import type { Result } from './summary.js';
import { digits, significant, thousands, verdictOf } from './table.js';

/** All of a run as Markdown: a table a scenario, fastest first, then the parts timed alone, then the goals. */
export function markdownReport(
  host: string,
  results: readonly Result[],
  parts: readonly Part[],
  goals: readonly Goal[],
) {
  const titles = [...new Set(results.map(describeScenario))];
  const sections = titles.map((title) => {
    const rows = results.filter((one) => describeScenario(one) === title && one.packetsPerSecond !== null);
    return `${title}:\n\n${scenarioTable(rows)}`;
  });
  const partRows = parts.map(({ what, value, unit }) => [what, significant(value), unit]);
  const goalRows = goals.map((one) => {
    const { what, want, got, byClock } = one;
    return [
      what,
      want,
      got === null ? '' : significant(got),
      byClock === null ? '' : significant(byClock),
      verdictOf(one),
    ];
  });
  return `${[
    host,
    ...sections,
    table(['part alone', '', ''], partRows),
    table(['goal', 'want', 'got', 'by clock', ''], goalRows),
  ].join('\n\n')}\n`;
}

function scenarioTable(results: readonly Result[]): string {
  const rows = [...results].sort((a, b) => b.packetsPerSecond! - a.packetsPerSecond!);
  return table(
    ['', 'packets/s', '× C by processor time', '× C by clock', '× trafgen by clock', 'CPU s/GB', 'peak MB'],
    rows.map((one) => [
      one.kind === 'yardstick' ? `(${one.name})` : `\`${one.name}\``,
      thousands(one.packetsPerSecond),
      digits(one.toCByCpu, 1, 2),
      digits(one.toC, 1, 2),
      digits(one.toTrafgen, 1, 2),
      digits(one.cpuSecondsPerGb, 1, 2),
      digits(one.peakRss, 1e6, 0),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
