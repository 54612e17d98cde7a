import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CASES } from './cases.js';

const README = fileURLToPath(new URL('../../../../README.md', import.meta.url));

it('every row of README’s table for dgram users is run, and everything that is run has a row', () => {
  const text = readFileSync(README, 'utf8');
  const [, table] =
    /\| dgram's API \| here \| differences \|\n\| --- \| --- \| --- \|\n((?:\|.*\|\n)+)/.exec(text) ?? [];
  assert.ok(table !== undefined, 'README has no such table');
  const rows = table
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
  for (const row of rows) assert.equal(row.length, 3, row.join());
  assert.deepEqual(
    rows.map(([api]) => api),
    Object.keys(CASES),
  );
});
