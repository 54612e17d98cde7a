import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CODES, type Code } from '../../src/verify/codes.js';
import { SPECIMENS } from './specimens.js';

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

/** A text without its numbers: what is left is the same for all findings of a kind. */
function kindOf(text: string): string {
  return text
    .replace(/^(leftover )?fragment #\d+: /, '')
    .replace(/0x[0-9a-f]+|\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b|\b[0-9a-f]*\d[0-9a-f]*\b/g, 'N')
    .replace(/\d+/g, 'N');
}

/** What is wrong with a payload, or in comparison, has no field of a header to show. */
const UNMARKED: readonly Code[] = ['payload-foreign', 'payload-length', 'payload-octet', 'not-as-sent', 'left-out'];

describe('every code', () => {
  it('of a fault marks the field that says so, but where there is none', () => {
    const unmarked = (Object.keys(SPECIMENS) as Code[]).filter((code) => {
      const faults = SPECIMENS[code]().filter((one) => one.code === code && one.level === 'mismatch');
      return faults.length > 0 && faults.every(({ of, octets, mark }) => !of || !octets || !mark);
    });
    assert.deepEqual(unmarked, UNMARKED);
  });

  it('has a specimen, and no specimen is of a code that is none', () => {
    assert.deepEqual(Object.keys(SPECIMENS).sort(), Object.keys(CODES).sort());
  });

  for (const [code, { example }] of Object.entries(CODES) as [Code, (typeof CODES)[Code]][]) {
    it(`${code} is found in a capture that has it, in the words of its example`, () => {
      const found = SPECIMENS[code]().filter((one) => one.code === code);
      assert.ok(found.length > 0, `${code} was not found`);
      assert.ok(
        found.some(({ text }) => kindOf(text) === kindOf(example)),
        `${found[0]?.text} is not like ${example}`,
      );
    });
  }
});
