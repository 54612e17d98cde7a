import Table from 'cli-table3';
import { grouped } from '../../report/grouped.js';
import type { DemoRow } from './row.js';

/** No lines between rows, and no colours that a file would keep. */
const PLAIN = {
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1 },
};

/** The table of all datagrams. */
export function demoTable(rows: readonly DemoRow[]): string {
  const head = ['driver', 'IP', 'MTU', 'size', 'way', 'fragments', 'captured', 'verdict', 'delivered', ''];
  const table = new Table({ ...PLAIN, head, colAligns: aligned(head, ['MTU', 'size', 'fragments', 'captured']) });
  for (const row of rows) {
    table.push([
      row.driver,
      `v${row.family}`,
      grouped(row.mtu),
      grouped(row.size),
      row.way,
      row.way === 'unfragmented' ? '–' : grouped(row.fragments),
      grouped(row.captured),
      row.verdict ?? 'not seen',
      row.delivered ? 'same octets' : 'no',
      row.faults.length === 0 ? '✓' : '✗',
    ]);
  }
  return table.toString();
}

function aligned(head: readonly string[], right: readonly string[]): ('left' | 'right')[] {
  return head.map((name) => (right.includes(name) ? 'right' : 'left'));
}
