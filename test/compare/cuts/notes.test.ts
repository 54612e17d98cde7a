import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CAUSES, IDENTS_COUNTED, SMALLER_MTU } from '../../../src/compare/cuts/causes.js';

const NOTES = new URL('../../../../native-notes/cuts.md', import.meta.url);

describe('the table of known differences', () => {
  it('in native-notes/cuts.md is that of the code', () => {
    const rows = readFileSync(NOTES, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.slice(2, -2).split(' | '));
    const want = [...CAUSES, SMALLER_MTU, IDENTS_COUNTED].map(({ code, what, who, rule, judgement, ways }) => [
      `\`${code}\``,
      what,
      who,
      ways.join(', ') || '–',
      judgement,
      rule,
    ]);
    assert.deepEqual(rows, want);
  });
});
