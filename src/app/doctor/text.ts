import Table from 'cli-table3';
import { sendsFragments } from './drivers.js';
import type { Check, DoctorReport } from './report.js';

const MARK: Readonly<Record<Check['state'], string>> = { ok: 'ok', warning: '!', missing: 'no' };

/** The report as a table for people: one row for each thing looked at, what to do below what was found. */
export function formatDoctor(report: DoctorReport): string {
  const table = new Table({
    colWidths: [33, 4, 80],
    wordWrap: true,
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    // Without colours: the text goes into bug reports as well.
    style: { head: [], border: [], compact: true },
  });
  const section = (title: string, checks: readonly Check[]): void => {
    table.push([title.toUpperCase(), '', '']);
    for (const { name, state, value, hint } of checks) {
      table.push([`  ${name}`, MARK[state], hint === undefined ? value : `${value}\n→ ${hint}`]);
    }
  };
  table.push(['node', '', `${report.node}, Linux ${report.kernel}`]);
  section('packages', report.packages);
  section('privileges', report.privileges);
  section('network', report.network);
  if (report.interface !== null) section(`interface ${report.interface.name}`, report.interface.checks);
  section('peers', report.peers);
  table.push(['DRIVERS', '', '']);
  for (const { name, usable, why, honours } of report.drivers) {
    table.push([`  ${name}`, usable ? 'ok' : 'no', `${why}\nhonours ${honours.join(' ')}`]);
  }
  table.push(['--DRIVER AUTO TAKES', '', '']);
  for (const { wish, driver, why } of report.auto) {
    table.push([`  ${wish}`, driver === null ? 'no' : 'ok', driver === null ? why : `${driver}: ${why}`]);
  }
  return `${table.toString()}\n${verdict(report)}`;
}

function verdict({ canSend, drivers, interface: link }: DoctorReport): string {
  const usable = drivers.filter(({ name, usable }) => usable && sendsFragments(name)).map(({ name }) => name);
  const down = link?.checks.find(({ name, state }) => name === 'link' && state === 'missing');
  if (down !== undefined && usable.length > 0) return `nothing can be sent by ${link?.name}: ${down.value}`;
  return canSend
    ? `can send: ${usable.join(', ')}`
    : `nothing here can send fragments: see the drivers above for why. segment and verify -r work all the same.`;
}
