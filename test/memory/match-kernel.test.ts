import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMatch, createPlainMatch } from '../../src/memory/match-kernel.js';
import { webAssembly } from '../../src/memory/webassembly.js';

const SOME = 1024;
const OTHER = 32_768;
const MAX_LEN = 200;

describe('match kernel', () => {
  const memory = new webAssembly.Memory({ initial: 1, maximum: 1 });
  const bytes = new Uint8Array(memory.buffer);
  const match = createMatch(memory);
  const plain = createPlainMatch(memory);
  for (let i = 0; i < OTHER; i++) bytes[i] = bytes[OTHER + i] = (i * 167 + (i >>> 7) * 31) & 0xff;

  it('finds the first octet that differs, of every length, at every place and alignment', () => {
    for (let len = 0; len <= MAX_LEN; len++) {
      const [some, other] = [SOME + (len & 15), OTHER + SOME + (len & 15)];
      assert.equal(match(some, other, len), -1, `len ${len}`);
      for (let at = 0; at < len; at++) {
        bytes[some + at]! ^= 0x80;
        if (at + 3 < len) bytes[other + at + 3]! ^= 1; // a later one is not told
        const got = match(some, other, len);
        if (got !== at || plain(some, other, len) !== at) assert.fail(`len ${len}: got ${got}, want ${at}`);
        bytes[some + at]! ^= 0x80;
        if (at + 3 < len) bytes[other + at + 3]! ^= 1;
      }
    }
  });

  it('looks at nothing around', () => {
    for (const len of [0, 1, 15, 63, 64, 65, 128]) {
      bytes[SOME - 1]! ^= 1;
      bytes[SOME + len]! ^= 1;
      assert.deepEqual([match(SOME, OTHER + SOME, len), plain(SOME, OTHER + SOME, len)], [-1, -1], `len ${len}`);
      bytes[SOME - 1]! ^= 1;
      bytes[SOME + len]! ^= 1;
    }
  });
});
