import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as ipv4 from '../../src/wire/ipv4.js';
import * as options from '../../src/wire/ipv4-options.js';
import { hex, poisoned, toHex, viewOf } from './helpers.js';

const HEADER: ipv4.Ipv4Header = {
  tos: 0xb9,
  totLen: 1500,
  ident: 0x1234,
  dontFragment: false,
  moreFrags: true,
  fragOff: 185,
  ttl: 64,
  protocol: 17,
  source: hex('c0000201'),
  destination: hex('c0000202'),
  options: new Uint8Array(0),
};
/** Router alert (copied), record route (not), NOP, end. */
const OPTIONS = '94040000 0707040a000001 01 0000 0000'.replace(/ /g, '');

describe('ipv4 options', () => {
  it('iterates with the copied flag', () => {
    assert.deepEqual(
      [...options.iterateOptions(hex(OPTIONS))].map((option) => [
        option.type,
        option.offset,
        option.len,
        option.copied,
      ]),
      [
        [options.ROUTER_ALERT, 0, 4, true],
        [options.RECORD_ROUTE, 4, 7, false],
        [options.NOP, 11, 1, false],
        [options.END, 12, 1, false],
      ],
    );
  });

  it('iterates over what it is given and no further, to the first impossible length', () => {
    const list = (text: string) => {
      const bytes = hex(`0101 ${text} 0101`);
      return [...options.iterateOptions(bytes, 2, bytes.length - 4)].map(({ type, offset, len }) => [
        type,
        offset - 2,
        len,
      ]);
    };
    assert.deepEqual(list(''), []);
    assert.deepEqual(list('01'), [[1, 0, 1]]);
    assert.deepEqual(list('00 01'), [[0, 0, 1]], 'nothing comes after the end of the list');
    assert.deepEqual(list('1e02 1f03ff'), [
      [0x1e, 0, 2],
      [0x1f, 2, 3],
    ]);
    for (const broken of ['07', '0700', '0701', '0703', '0704ff'])
      assert.deepEqual(list(`01 ${broken}`), [[1, 0, 1]], broken);
  });

  it('clears what routers write: routes and timestamps behind type and length (RFC 791 §3.1)', () => {
    const table = [
      ['0707 08 0a000001', '0707 00 00000000'],
      ['4408 09 00 00000001', '4408 00 00 00000000'],
      ['8307 08 0a000001', '8307 00 00000000'],
      ['8907 08 0a000001', '8907 00 00000000'],
      ['94040001 860401ff 1e03ff 01', '94040001 860401ff 1e03ff 01'],
      ['01 070308 94040001 00 070308', '01 070300 94040001 00 070308'],
      ['070a08 ff', '070a08 ff'],
    ] as const;
    for (const [list, want] of table) {
      const given = hex(list);
      assert.equal(toHex(options.withoutRouteData(given)), want.replaceAll(' ', ''), list);
      assert.equal(toHex(given), list.replaceAll(' ', ''), 'a copy');
    }
  });

  it('turns what is not copied into NOPs, in place and within bounds', () => {
    const bytes = hex(`a5${OPTIONS}a5`);
    options.fragmentOptions(bytes, 1, 16);
    assert.equal(toHex(bytes), 'a5940400000101010101010101' + '00000000a5');
    for (const [first, later] of [
      ['0702 8302 0703ff', '0101 8302 010101'],
      ['1e02 1e', '0101 1e'],
      ['00 0702', '00 0702'],
      ['01 8603ff 4402', '01 8603ff 0101'],
    ] as const) {
      const list = hex(`0702 ${first} 02`);
      options.fragmentOptions(list, 2, list.length - 3);
      assert.equal(toHex(list), `0702${later}02`.replaceAll(' ', ''), first);
    }
    for (const broken of ['0701', '0700ffff', '44', '07ff0101']) {
      const same = hex(broken);
      options.fragmentOptions(same, 0, same.length);
      assert.equal(toHex(same), broken);
    }
  });

  it('names what is wrong with a list', () => {
    assert.equal(options.optionsFault(hex(OPTIONS)), null);
    assert.equal(options.optionsFault(hex('01010101')), null);
    assert.equal(options.optionsFault(hex('01070901')), 'option 7 at octet 1 has no valid length');
    assert.equal(options.optionsFault(new Uint8Array(41).fill(1)), '41 octets, a header holds 40');
  });

  it('finds the final destination of source routes', () => {
    const table = [
      ['830b04 0a000001 0a000002 00', '0a000002'], // LSRR, two hops to go
      ['01 890b08 0a000001 0a000002', '0a000002'], // SSRR behind a NOP, one to go
      ['830b0c 0a000001 0a000002 00', 'c0000202'], // used up
      ['830b09 0a000001 0a000002 00', 'c0000202'], // no whole address at the pointer
      ['830b03 0a000001 0a000002 00', 'c0000202'], // a pointer into itself
      ['8307040a000001 00', '0a000001'],
      ['830804 0a000001 ff', '0a000001'], // an octet too many
      ['94040000 1e02 8307040a000001', '0a000001'], // behind other options
      ['1e01 8307040a000001', 'c0000202'], // behind an impossible length
      ['01 8308040a000001', 'c0000202'], // past the header
      ['830304 00', 'c0000202'], // no address
      ['830204 00', 'c0000202'], // no pointer
      ['00 8307040a00000100', 'c0000202'], // behind the end of the list
      [OPTIONS, 'c0000202'],
    ] as const;
    for (const [list, want] of table) {
      const given = hex(list);
      const padded = new Uint8Array((given.length + 3) & ~3);
      padded.set(given);
      const { bytes, view, base } = poisoned(60);
      ipv4.emit(view, base, { ...HEADER, options: padded });
      const at = options.finalDestinationOffset(view, base);
      assert.equal(toHex(bytes.subarray(at, at + 4)), want, list);
    }
  });

  it('looks for source routes in the header alone', () => {
    for (const list of ['01010101', '01010183', '01018302', '01018301', '01018303', '01830304']) {
      const { bytes, view, base } = poisoned(24, 0);
      ipv4.emit(view, base, { ...HEADER, options: hex(list) });
      assert.equal(options.finalDestinationOffset(viewOf(bytes), 0), ipv4.DESTINATION, list);
    }
    const bytes = new Uint8Array([...new Uint8Array(24), ...hex('8307040a000001')]);
    ipv4.emit(viewOf(bytes), 0, { ...HEADER, options: hex('01010101') });
    assert.equal(options.finalDestinationOffset(viewOf(bytes), 0), ipv4.DESTINATION);
  });

  it('takes any octets without throwing or leaving the header', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 60 }), (bytes) => {
        const headerLen = bytes.length & ~3;
        bytes[0] = 0x40 | (headerLen >>> 2);
        const at = options.finalDestinationOffset(viewOf(bytes), 0);
        assert.ok(at >= ipv4.DESTINATION && at + 4 <= headerLen);
        const list = bytes.subarray(20, headerLen);
        let end = 0;
        for (const option of options.iterateOptions(list)) {
          assert.equal(option.offset, end);
          end += option.len;
        }
        assert.ok(end <= list.length);
        options.fragmentOptions(bytes, 20, headerLen - 20);
        for (const option of options.iterateOptions(list)) assert.ok(option.copied || option.type <= options.NOP);
      }),
    );
  });
});

describe('IPv4 options that came', () => {
  /** By themselves, and with other octets around them. */
  const fault = (...octets: number[]): string | null => {
    const found = options.receivedOptionsFault(Uint8Array.from(octets), 0, octets.length);
    for (const other of [1, 148]) {
      const around = Uint8Array.of(other, other, ...octets, other, other);
      assert.equal(options.receivedOptionsFault(around, 2, octets.length), found);
    }
    return found;
  };

  it('have lengths of 2 or more that fit, and pointers behind themselves', () => {
    const cases: readonly (readonly [number[], string | null])[] = [
      [[1, 1, 0, 9], null], // what comes after the end is nobody's
      [[148, 4, 0, 0], null],
      [[148, 1, 0, 0], 'option 148 got length 1, want at least 2'],
      [[148, 0, 0, 0], 'option 148 got length 0, want at least 2'],
      [[148, 5, 0, 0], "option 148 got length 5, want at most 4, the header's rest"],
      [[1, 1, 1, 148], 'option 148 got no length, want it within the header'],
      [[1, 1, 148, 1], 'option 148 got length 1, want at least 2'],
      [[1, 1, 148, 3], "option 148 got length 3, want at most 2, the header's rest"],
      [[1, 1, 30, 2], null],
      [[30, 2, 148, 3, 0, 0], 'option 148 got length 3, want at least 4'],
      ...[7, 131, 137].flatMap((type): [number[], string | null][] => [
        [[type, 2, 0, 0], `option ${type} got length 2, want at least 3`],
        [[type, 3, 4, 0], null],
        [[type, 3, 3, 0], `option ${type} got pointer 3, want at least 4`],
      ]),
      [[68, 3, 5, 0], 'option 68 got length 3, want at least 4'],
      [[68, 4, 5, 0], null],
      [[68, 4, 4, 0], 'option 68 got pointer 4, want at least 5'],
      [[148, 3, 0, 0], 'option 148 got length 3, want at least 4'],
    ];
    for (const [octets, want] of cases) assert.equal(fault(...octets), want, octets.join(' '));
  });

  it('have room for a whole entry behind the pointer, or none', () => {
    const zeros = new Array<number>(12).fill(0);
    for (const type of [7, 131, 137]) {
      for (const pointer of [4, 8]) assert.equal(fault(type, 7, pointer, ...zeros), null, `${type} at ${pointer}`);
      for (const [pointer, room] of [
        [5, 3],
        [7, 1],
      ] as const)
        assert.equal(fault(type, 7, pointer, ...zeros), `option ${type} got room for ${room} octets, want 4 or none`);
    }
    const stamps = (pointer: number, flags: number) => fault(68, 12, pointer, flags, ...zeros);
    assert.equal(stamps(9, 0), null);
    assert.equal(stamps(10, 0), 'option 68 got room for 3 octets, want 4 or none');
    for (const flag of [1, 3]) {
      assert.equal(stamps(5, flag), null);
      assert.equal(stamps(9, flag), 'option 68 got room for 4 octets, want 8 or none');
    }
    assert.equal(stamps(13, 0xe0), null);
    assert.equal(stamps(13, 0xf1), 'option 68 got overflow 15, want less');
    assert.equal(stamps(13, 0xf3), null);
    assert.equal(stamps(9, 0xf0), null, 'nothing overflows while there is room');
  });

  it('are routes, records and timestamps but once', () => {
    const [route, strict, record, stamp] = [
      [131, 3, 4],
      [137, 3, 4],
      [7, 3, 4],
      [68, 4, 5, 0],
    ] as const;
    assert.equal(fault(...route, ...record, ...stamp, 0), null);
    assert.equal(fault(...route, ...strict), 'option 137 got a second source route, want one');
    assert.equal(fault(...record, 1, ...record), 'option 7 got a second record of the route, want one');
    assert.equal(fault(...stamp, ...stamp), 'option 68 got a second timestamp, want one');
  });

  it('are unwelcome where hosts drop them unless told otherwise', () => {
    const unwelcome = (...octets: number[]): number =>
      options.unwelcomeOption(Uint8Array.from(octets), 0, octets.length);
    assert.equal(unwelcome(7, 3, 4, 148, 4, 0, 0, 0), -1);
    for (const type of [131, 134, 137]) assert.equal(unwelcome(1, type, 7, 8, 0, 0, 0, 0), type);
    assert.equal(unwelcome(0, 131, 7, 8, 0, 0, 0, 0), -1, 'behind the end of the list');
  });

  it('are no list for a user to give where they do not end as it should, or are too many', () => {
    assert.equal(options.optionsFault(Uint8Array.of(1, 7, 3, 4)), null);
    assert.equal(options.optionsFault(Uint8Array.of(7, 3, 4, 0, 9, 9)), null);
    assert.equal(options.optionsFault(Uint8Array.of(1, 7, 9)), 'option 7 at octet 1 has no valid length');
    assert.equal(options.optionsFault(new Uint8Array(40).fill(1)), null);
    assert.equal(options.optionsFault(new Uint8Array(41).fill(1)), '41 octets, a header holds 40');
  });
});
