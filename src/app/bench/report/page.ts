import type { Section } from '../../../report/html/document.js';
import type { ReportBody } from '../../common/html-report.js';
import type { Part } from '../parts/part.js';
import { describeScenario } from '../scenario.js';
import type { Goal } from './goals.js';
import type { Result } from './summary.js';
import { significant } from './table.js';

/** What a benchmark measured. */
interface BenchFindings {
  readonly results: readonly Result[];
  readonly parts: readonly Part[];
  readonly goals: readonly Goal[];
  /** The machine, and who receives. */
  readonly machine: string;
}

/** The page of a benchmark: every scenario's contestants as bars and as a table, the parts alone, and the goals. */
export function benchDocument({ results, parts, goals, machine }: BenchFindings): ReportBody {
  const failed = results.filter(({ fault }) => fault !== null);
  const measured = goals.filter(({ reached }) => reached !== null);
  const reached = measured.filter((goal) => goal.reached === true).length;
  const text = `${reached} of ${measured.length} goals that were measured are reached`;
  return {
    title: 'udp-ufo bench',
    outcome:
      failed.length > 0
        ? { verdict: 'bad', text: `failed: ${failed.map(({ name }) => name).join(', ')}` }
        : { verdict: reached === measured.length ? 'good' : 'unsure', text },
    circumstances: [['machine', machine]],
    sections: [...scenarioSections(results), ...partSection(parts), goalSection(goals)],
  };
}

function scenarioSections(results: readonly Result[]): Section[] {
  const names = [...new Set(results.map((one) => describeScenario(one)))];
  return names.flatMap((name) => {
    const all = results.filter((one) => describeScenario(one) === name);
    const sorted = all.toSorted((a, b) => (b.bitsPerSecond ?? -1) - (a.bitsPerSecond ?? -1));
    return [
      {
        kind: 'bars',
        title: name,
        unit: 'Gbit/s of payload',
        bars: sorted
          .filter(({ bitsPerSecond }) => bitsPerSecond !== null)
          .map(({ name: who, bitsPerSecond }) => {
            const value = bitsPerSecond! / 1e9;
            return { name: who, value, text: significant(value) };
          }),
      } as const,
      {
        kind: 'table',
        title: `${name}: figures`,
        columns: ['contestant', 'packets/s', '× C', '× trafgen', 'CPU s/GB', '× C by CPU', 'peak MB', '± %', 'lost %'],
        rows: sorted.map((one) => ({
          mark: one.fault === null ? ('plain' as const) : ('bad' as const),
          cells: [one.name, ...figuresOf(one)],
          ...(one.fault !== null && { details: [one.fault] }),
        })),
      } as const,
    ];
  });
}

function figuresOf(one: Result): (string | number)[] {
  const { packetsPerSecond, toC, toTrafgen, cpuSecondsPerGb, toCByCpu, peakRss, spread, lostShare } = one;
  const megabytes = peakRss === null ? null : peakRss / 1e6;
  const percent = (share: number | null): number | null => (share === null ? null : 100 * share);
  return [
    packetsPerSecond === null ? '' : Math.round(packetsPerSecond),
    ...[toC, toTrafgen, cpuSecondsPerGb, toCByCpu, megabytes, percent(spread), percent(lostShare)].map((value) =>
      value === null ? '' : Number(significant(value)),
    ),
  ];
}

function partSection(parts: readonly Part[]): Section[] {
  if (parts.length === 0) return [];
  const rows = parts.map(({ what, value, unit }) => ({
    mark: 'plain' as const,
    cells: [what, Number(significant(value)), unit],
  }));
  return [{ kind: 'table', title: 'Parts alone', columns: ['part', 'value', 'unit'], rows }];
}

function goalSection(goals: readonly Goal[]): Section {
  return {
    kind: 'table',
    title: 'Goals',
    columns: ['goal', 'want', 'got', 'by the clock'],
    rows: goals.map(({ what, want, got, byClock, reached, unknown }) => ({
      mark: reached === null ? (unknown === null ? 'plain' : 'unsure') : reached ? 'good' : 'bad',
      cells: [
        what,
        want,
        ...[got, byClock].map((value) => (value === null ? 'not measured' : Number(significant(value)))),
      ],
      ...(unknown !== null && { details: [`not known: ${unknown}`] }),
    })),
  };
}
