import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseHex } from '../../src/options/parse-hex.js';

describe('hexadecimal as typed', () => {
  for (const text of ['00ffA5', '00 ff a5', '00:FF:a5']) {
    it(`${text} is three octets`, () => assert.deepEqual(parseHex(text, '--hex', 3), Uint8Array.of(0, 255, 0xa5)));
  }

  it('none are none', () => assert.deepEqual(parseHex('', '--options', 40), new Uint8Array(0)));

  for (const text of ['0', '00f', 'xy', '0x00', '00  ff', '00ff:', ':00', '00\nff', '00ff\n', '00'.repeat(4)]) {
    it(`${JSON.stringify(text)} is refused, by name and with how many there may be`, () => {
      assert.throws(() => parseHex(text, '--hex', 3), {
        code: 'ERR_UFO_INVALID_ARGUMENT',
        message: /^--hex: got .*0 … 3 octets.*00ff/,
      });
    });
  }
});
