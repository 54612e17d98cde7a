import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as format from '../../src/wire/pcapng-format.js';
import { effectiveSnaplen, lostOn, parseComment, parseDrops, parseInterface } from '../../src/wire/pcapng-interface.js';
import { hex, toHex, viewOf } from './helpers.js';
import { PcapngBuilder } from './pcapng-build.js';

const ORDERS = [true, false];
/** Option head and value as a section of that order has it. */
function option(little: boolean, code: number, value: string, len = hex(value).length): string {
  const head = viewOf(new Uint8Array(4));
  head.setUint16(0, code, little);
  head.setUint16(2, len, little);
  return toHex(new Uint8Array(head.buffer)) + value.replaceAll(' ', '');
}
/** Within other octets. */
const around = (text: string): Uint8Array => Uint8Array.from([0xff, 0xff, 0xff, ...hex(text), 0xff, 0xff, 0xff, 0xff]);

describe('a block', () => {
  it('has a name by its type, or its number', () => {
    const names = [0x0a0d0d0a, 1, 2, 3, 4, 5, 6, 0xbad, 0x8000_0001].map(format.blockTypeName);
    assert.deepEqual(names, [
      ...['section header', 'interface description', 'obsolete packet', 'simple packet'],
      ...['block of type 0x00000004', 'interface statistics', 'enhanced packet'],
      ...['block of type 0x00000bad', 'block of type 0x80000001'],
    ]);
  });

  it('begins a section with its type and a byte-order magic behind the length, of either order', () => {
    for (const [text, want] of [
      ['0a0d0d0a 0000001c 1a2b3c4d', true],
      ['0a0d0d0a 1c000000 4d3c2b1a', true],
      ['0a0d0d0a 0000001c 1a2b3c4e', false],
      ['0a0d0d0a 1c000000 4e3c2b1a', false],
      ['0a0d0d0b 0000001c 1a2b3c4d', false],
      ['00000001 0000001c 1a2b3c4d', false],
    ] as const) {
      const octets = hex(text);
      assert.equal(format.isSectionHeader(viewOf(octets), 0), want, text);
      assert.equal(format.isSectionHeader(viewOf(around(text)), 3), want, text);
      for (let len = 0; len < 12; len++) assert.equal(format.isSectionHeader(viewOf(octets.slice(0, len)), 0), false);
    }
  });

  it('is padded to words of four octets', () => {
    assert.deepEqual([0, 1, 2, 3, 4, 5, 65_535].map(format.padded), [0, 4, 4, 4, 4, 8, 65_536]);
  });
});

describe('the options of a block', () => {
  const read = (list: string, little: boolean) => {
    const bytes = around(list);
    assert.deepEqual(
      [...format.readOptions(hex(list), 0, hex(list).length, little)].length,
      [...format.readOptions(bytes, 3, bytes.length - 4, little)].length,
    );
    return [...format.readOptions(bytes, 3, bytes.length - 4, little)].map(({ code, value }) => {
      assert.equal(value.buffer, bytes.buffer, 'no copy');
      return [code, toHex(value)];
    });
  };
  const find = (list: string, little: boolean, code: number, len: number): number => {
    const bytes = around(list);
    const at = format.findOption(viewOf(bytes), 3, bytes.length - 4, little, { code, len });
    const alone = format.findOption(viewOf(hex(list)), 0, hex(list).length, little, { code, len });
    assert.equal(alone, at < 0 ? -1 : at - 3, 'in a view that ends with them');
    return at < 0 ? -1 : at - 3;
  };

  for (const little of ORDERS) {
    it(`are code, length and a value that is padded, ${little ? 'little' : 'big'}-endian`, () => {
      const list =
        option(little, 4, '0102030405 000000', 5) +
        option(little, 258, 'aabbccdd') +
        option(little, 4, '0102030405060708');
      assert.deepEqual(read(list, little), [
        [4, '0102030405'],
        [258, 'aabbccdd'],
        [4, '0102030405060708'],
      ]);
      assert.deepEqual([find(list, little, 4, 5), find(list, little, 258, 4), find(list, little, 4, 8)], [4, 16, 24]);
      for (const [code, len] of [
        [4, 4],
        [258, 5],
        [1, 8],
        [0x0201, 4],
      ] as const)
        assert.equal(find(list, little, code, len), -1, `${code} of ${len}`);
    });

    it(`end with code 0, or with what does not fit, ${little ? 'little' : 'big'}-endian`, () => {
      const one = option(little, 7, '01020304');
      const [end, value] = [option(little, 0, ''), 'aabbccdd'];
      for (const [list, count, len, at] of [
        ['', 0, 4, -1],
        [one, 1, 4, -1],
        [one + end + option(little, 9, value), 1, 4, -1],
        [one + option(little, 9, value), 2, 4, 12],
        [one + option(little, 9, value, 5), 1, 5, -1],
        [one + option(little, 9, value, 0xffff), 1, 0xffff, -1],
        [one + option(little, 9, ''), 2, 0, 12],
        [one + option(little, 9, '').slice(0, 6), 1, 0, -1],
      ] as const) {
        assert.equal(read(list, little).length, count, list);
        assert.equal(find(list, little, 9, len), at, list);
      }
      const unpadded = one + option(little, 9, 'aabbcc'); // a writer that forgot it, at the end of the list
      assert.deepEqual(read(unpadded, little)[1], [9, 'aabbcc']);
      assert.equal(find(unpadded, little, 9, 3), 12);
    });
  }

  it('that are text are cut at whole characters', () => {
    const text = (octets: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(octets);
    assert.equal(text(format.optionText('')), '');
    assert.equal(text(format.optionText('aé€🧩')), 'aé€🧩');
    for (const [most, want] of ['', 'a', 'a', 'aé', 'aé', 'aé', 'aé€', 'aé€', 'aé€', 'aé€', 'aé€🧩'].entries())
      assert.equal(text(format.optionText('aé€🧩', most)), want);
    assert.equal(format.optionText('x'.repeat(70_000)).length, 0xffff);
  });
});

describe('an interface', () => {
  for (const little of ORDERS) {
    const number = (value: bigint): string => toHex(new PcapngBuilder(little).u64(value));
    const body = (linktype: number, snaplen: number): string => {
      const view = viewOf(new Uint8Array(8).fill(0xff));
      view.setUint16(0, linktype, little);
      view.setUint32(4, snaplen, little);
      return toHex(new Uint8Array(view.buffer));
    };
    const describeInterface = (text: string) => {
      const bytes = around(text);
      const comments: string[] = [];
      const found = parseInterface(bytes, 3, bytes.length - 4, little, (comment) => comments.push(comment));
      return { ...found, comments };
    };
    const PLAIN = {
      linktype: 258,
      snaplen: 65_535,
      name: '',
      resolution: { units: 1e6, offset: 0 },
      stated: null,
      counted: null,
      comments: [] as string[],
    };

    it(`says its link type, snaplen, name and how it counts time, ${little ? 'little' : 'big'}-endian`, () => {
      const plain = body(258, 65_535);
      assert.deepEqual(describeInterface(plain), PLAIN);
      const name = option(little, 2, toHex(Buffer.from('eth0')));
      const comment = option(little, 1, toHex(Buffer.from('é!!')));
      assert.deepEqual(describeInterface(plain + name + comment + comment), {
        ...PLAIN,
        name: 'eth0',
        comments: ['é!!', 'é!!'],
      });
      const time = (tsresol: string, offset: string) => describeInterface(plain + tsresol + offset).resolution;
      const [nano, past] = [
        option(little, 9, '09000000', 1),
        option(little, 14, number(-3600n & 0xffff_ffff_ffff_ffffn)),
      ];
      assert.deepEqual(time(nano, ''), { units: 1e9, offset: 0 });
      assert.deepEqual(time('', past), { units: 1e6, offset: -3600 }, 'a signed number');
      assert.deepEqual(time(nano, option(little, 14, number(1n << 33n))), { units: 1e9, offset: 2 ** 33 });
      const wrong = option(little, 9, '09090000', 2) + option(little, 14, '00000001');
      assert.deepEqual(time(wrong, ''), { units: 1e6, offset: 0 }, 'options of a wrong length say nothing');
    });

    it(`loses what its statistics say, of itself and of the system, ${little ? 'little' : 'big'}-endian`, () => {
      const drops = (...options: readonly string[]): number | null => {
        const bytes = around('ff'.repeat(12) + options.join(''));
        return parseDrops(bytes, 3, bytes.length - 4, little);
      };
      const [own, system] = [option(little, 5, number(3n)), option(little, 7, number((1n << 63n) + (1n << 33n)))];
      assert.equal(drops(), null);
      assert.equal(
        drops(option(little, 4, number(9n)), option(little, 6, number(9n)), option(little, 8, number(9n))),
        null,
      );
      assert.equal(drops(own), 3);
      assert.equal(drops(system), 2 ** 63 + 2 ** 33, 'an unsigned number');
      assert.equal(drops(own, own), 6);
      assert.equal(drops(option(little, 5, number(0n))), 0);
      assert.equal(drops(option(little, 5, '00000003'), option(little, 7, '00000003')), null, 'of a wrong length');
    });

    it(`and a packet have comments, a line each, ${little ? 'little' : 'big'}-endian`, () => {
      const comment = (...texts: readonly string[]): string | undefined => {
        const bytes = around(
          texts.map((text) => option(little, 1, toHex(Buffer.from(text)))).join('') + option(little, 2, '61626364'),
        );
        return parseComment(bytes, 3, bytes.length - 4, little);
      };
      assert.equal(comment(), undefined);
      assert.equal(comment('one '), 'one ');
      assert.equal(comment('one ', '', 'two '), 'one \n\ntwo ');
    });
  }

  it('has lost the larger of what its statistics and its packets say', () => {
    const interfaceOf = (stated: number | null, counted: number | null) => ({
      linktype: 1,
      snaplen: 0,
      name: '',
      resolution: { units: 1e6, offset: 0 },
      stated,
      counted,
    });
    for (const [stated, counted, want] of [
      [null, null, null],
      [3, null, 3],
      [null, 4, 4],
      [3, 4, 4],
      [5, 4, 5],
      [0, null, 0],
      [null, 0, 0],
    ] as const)
      assert.equal(lostOn(interfaceOf(stated, counted)), want);
    assert.equal(effectiveSnaplen({ ...interfaceOf(null, null), snaplen: 96 }), 96);
    assert.equal(
      effectiveSnaplen(interfaceOf(null, null)),
      262_144,
      '0: no limit, of the longest frames that there are',
    );
  });
});
