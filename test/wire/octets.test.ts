import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { octetsAt, putOctets, swap16, swap32 } from '../../src/wire/octets.js';
import { hex, poisoned, toHex } from './helpers.js';

describe('octets', () => {
  it('are written where they belong and nowhere else', () => {
    const { bytes, view, base } = poisoned(4);
    putOctets(view, base, hex('01020304'));
    assert.equal(toHex(bytes), 'a5a5a5a5a5' + '01020304' + 'a5a5a5a5a5');
    putOctets(view, base, new Uint8Array(0));
    assert.equal(bytes[base], 1);
  });

  it('are seen, not copied, also in a view that begins within its buffer', () => {
    const { bytes, base } = poisoned(4);
    const seen = octetsAt(new DataView(bytes.buffer, 2), base - 2, 4);
    bytes[base + 3] = 9;
    assert.equal(toHex(seen), 'a5a5a509');
  });

  it('stand the other way round in the other byte order', () => {
    for (const [value, other] of [
      [0, 0],
      [0x0102, 0x0201],
      [0x00ff, 0xff00],
      [0x8000, 0x0080],
      [0xffff, 0xffff],
    ] as const) {
      assert.equal(swap16(value), other);
      assert.equal(swap16(other), value);
    }
    for (const [value, other] of [
      [0x0102_0304, 0x0403_0201],
      [0x0000_00ff, 0xff00_0000],
      [0x0000_ff00, 0x00ff_0000],
      [0x80c0_e0f0, 0xf0e0_c080],
    ] as const) {
      assert.equal(swap32(value) >>> 0, other);
      assert.equal(swap32(other) >>> 0, value);
    }
  });
});
