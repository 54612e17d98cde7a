import Table from 'cli-table3';
import { grouped } from '../../../report/grouped.js';
import type { Part } from '../parts/part.js';
import { describeScenario, type Scenario } from '../scenario.js';
import type { Goal } from './goals.js';
import type { Result } from './summary.js';

const PLAIN = { head: [], border: [], compact: true };
/** A loss is told of where it would show in the last digit of the rate. */
const LOSS_TOLD = 0.0005;

/** All contestants of one scenario, fastest first. */
export function resultTable(scenario: Scenario, results: readonly Result[]): string {
  const table = new Table({
    head: ['', 'Gbit/s', 'packets/s', '× C', '× trafgen', 'CPU s/GB', '× C by CPU', 'peak MB', '±', ''],
    colAligns: ['left', ...Array.from({ length: 8 }, () => 'right' as const), 'left'],
    style: PLAIN,
  });
  const rate = ({ bitsPerSecond }: Result): number => bitsPerSecond ?? -1;
  for (const one of [...results].sort((a, b) => rate(b) - rate(a))) table.push(rowOf(one));
  const faults = results.flatMap(({ name, fault }) => (fault === null ? [] : [`  ${name}: ${fault}`]));
  return [describeScenario(scenario), table.toString(), ...faults].join('\n');
}

function rowOf(one: Result): string[] {
  return [
    one.kind === 'yardstick' ? `(${one.name})` : one.name,
    digits(one.bitsPerSecond, 1e9, 2),
    thousands(one.packetsPerSecond),
    digits(one.toC, 1, 2),
    digits(one.toTrafgen, 1, 2),
    digits(one.cpuSecondsPerGb, 1, 2),
    digits(one.toCByCpu, 1, 2),
    digits(one.peakRss, 1e6, 0),
    one.spread === null ? '' : `${(one.spread * 100).toFixed(0)}%`,
    remarkOn(one),
  ];
}

function remarkOn({ fault, lostShare }: Result): string {
  if (fault !== null) return 'failed';
  return (lostShare ?? 0) > LOSS_TOLD ? `${(lostShare! * 100).toFixed(1)}% lost` : '';
}

export function partTable(parts: readonly Part[]): string {
  const table = new Table({ head: ['part alone', '', ''], colAligns: ['left', 'right', 'left'], style: PLAIN });
  for (const { what, value, unit } of parts) table.push([what, significant(value), unit]);
  return table.toString();
}

export function goalTable(goals: readonly Goal[]): string {
  const table = new Table({
    head: ['goal', 'want', 'got', 'by clock', ''],
    colAligns: ['left', 'left', 'right', 'right', 'left'],
    style: PLAIN,
  });
  for (const one of goals) {
    const { what, want, got, byClock } = one;
    const figure = (value: number | null): string => (value === null ? '' : significant(value));
    table.push([what, want, figure(got), figure(byClock), verdictOf(one)]);
  }
  return table.toString();
}

export function verdictOf({ reached, unknown }: Goal): string {
  if (unknown !== null) return `not known: ${unknown}`;
  if (reached === null) return 'not measured';
  return reached ? 'reached' : 'NOT REACHED';
}

export function digits(value: number | null, unit: number, places: number): string {
  return value === null ? '' : (value / unit).toFixed(places);
}

/** `1,234,567`. */
export function thousands(value: number | null): string {
  return value === null ? '' : grouped(Math.round(value));
}

/** Three significant digits, without an exponent. */
export function significant(value: number): string {
  if (value === 0) return '0';
  return value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
}
