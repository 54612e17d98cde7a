import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseHex, parseText } from '../../src/options/parse-payload.js';

describe('payloads as typed', () => {
  for (const text of ['00ffA5', '00 ff a5', '00:FF:a5']) {
    it(`${text} is three octets`, () => {
      assert.deepEqual([...parseHex(text, '--hex')], [0, 255, 0xa5]);
    });
  }

  for (const text of ['0', '00f', 'xy', '0x00', '00  ff', '00ff:', ':00', '00\nff', '00ff\n']) {
    it(`${JSON.stringify(text)} is refused as hexadecimal, by name`, () => {
      assert.throws(() => parseHex(text, '--hex'), { code: 'ERR_UFO_INVALID_ARGUMENT', message: /^--hex: got .*00ff/ });
    });
  }

  it('text is UTF-8, and nothing in it is an escape', () => {
    assert.deepEqual([...parseText('é\\n')], [0xc3, 0xa9, 0x5c, 0x6e]);
  });
});
