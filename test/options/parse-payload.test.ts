import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSizes, parseText } from '../../src/options/parse-payload.js';

describe('payloads as typed', () => {
  it('text is UTF-8, and nothing in it is an escape', () => {
    assert.deepEqual([...parseText('é\\n')], [0xc3, 0xa9, 0x5c, 0x6e]);
  });
});

describe('sizes as typed', () => {
  const range = { min: 0, max: 65_527, unit: 'octets' };
  const only = (size: number) => ({ min: size, max: size });

  for (const [text, sizes] of [
    ['1400', 1400],
    ['0', 0],
    ['1Ki', 1024],
    ['7-7', 7],
    ['64-65507', [{ min: 64, max: 65_507 }]],
    ['1k-1Ki', [{ min: 1000, max: 1024 }]],
    ['64,576,1500', [only(64), only(576), only(1500)]],
    ['64,100-0x80', [only(64), { min: 100, max: 128 }]],
  ] as const) {
    it(`${text} is taken`, () => assert.deepEqual(parseSizes(text, '--size', range), sizes));
  }

  it('imix is 18, 524 and 1472 octets as 7 : 4 : 1', () => {
    const sizes = parseSizes('imix', '--size', range);
    assert.ok(typeof sizes !== 'number');
    const times = (size: number): number => sizes.filter(({ min, max }) => min === size && max === size).length;
    assert.deepEqual([sizes.length, times(18), times(524), times(1472)], [12, 7, 4, 1]);
  });

  for (const text of [
    '64-',
    '-64',
    '9-8',
    '1-2-3',
    '64,',
    ',64',
    '64,,65',
    '64-65528',
    'imix,64',
    'IMIX',
    '64 - 65',
    'x',
  ]) {
    it(`${text} is refused, with what is allowed`, () => {
      assert.throws(() => parseSizes(text, '--size', range), {
        code: 'ERR_UFO_INVALID_ARGUMENT',
        message: /^--size: got .*0 … 65527 octets.*64-1500.*imix/,
      });
    });
  }
});
