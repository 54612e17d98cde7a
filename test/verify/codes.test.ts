import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CODES } from '../../src/verify/codes.js';

const NOTES = new URL('../../../native-notes/verdicts.md', import.meta.url);

/** Rows of the table of codes: its cells without the bars. */
const rows = readFileSync(NOTES, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim()),
  );

describe('the table of codes', () => {
  it('in native-notes/verdicts.md is that of the code', () => {
    const want = Object.entries(CODES).map(([code, { source, receiver, example }]) => [
      `\`${code}\``,
      source,
      receiver,
      `\`${example}\``,
    ]);
    assert.deepEqual(rows, want);
  });
});
