import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { printable } from '../../../src/app/common/printable.js';

describe('text of others on a terminal', () => {
  it('steers nothing, stays on its line, and runs one way', () => {
    assert.equal(
      printable('a\u001b[31mred\u0007\r\nb\u009b2J\u007f'),
      'a\\u001b[31mred\\u0007\\u000d\\u000ab\\u009b2J\\u007f',
    );
    assert.equal(printable('x\u202ecod\u2066\u2028'), 'x\\u202ecod\\u2066\\u2028');
  });

  it('is as it was where it is plain', () => {
    for (const text of ['', 'Wireshark 4.2, Größe 3 μs', '日本語 🙂 "\'<&>']) assert.equal(printable(text), text);
  });
});
