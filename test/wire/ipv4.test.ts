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
const GOLDEN = '45b905dc123420b94011bd67 c0000201 c0000202'.replace(/ /g, '');
/** Router alert (copied), record route (not), NOP, end. */
const OPTIONS = '94040000 0707040a000001 01 0000 0000'.replace(/ /g, '');

describe('ipv4', () => {
  it('writes the golden bytes and nothing beside them', () => {
    const { bytes, view, base } = poisoned(20);
    assert.equal(ipv4.emit(view, base, HEADER), 20);
    assert.equal(toHex(bytes), `a5a5a5a5a5${GOLDEN}a5a5a5a5a5`);
    assert.ok(ipv4.verifyChecksum(view, base));
  });

  it('reads them back', () => {
    assert.deepEqual(ipv4.parse(viewOf(hex(`ff${GOLDEN}`)), 1, 20), HEADER);
  });

  it('writes and reads options, which the checksum covers', () => {
    const header = { ...HEADER, options: hex(OPTIONS) };
    const { bytes, view, base } = poisoned(36);
    assert.equal(ipv4.emit(view, base, header), 36);
    assert.equal(toHex(bytes.subarray(base + 20)), `${OPTIONS}a5a5a5a5a5`);
    assert.equal(bytes[base], 0x49);
    assert.ok(ipv4.verifyChecksum(view, base));
    assert.deepEqual(ipv4.parse(view, base, 36), header);
    bytes[base + 33]! ^= 0x40;
    assert.ok(!ipv4.verifyChecksum(view, base));
  });

  it('verifies the header of a captured packet', () => {
    const packet = viewOf(hex('4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7'));
    assert.ok(ipv4.verifyChecksum(packet, 0));
    assert.ok(ipv4.getDontFragment(packet, 0));
    ipv4.fillChecksum(packet, 0);
    assert.equal(ipv4.getChecksum(packet, 0), 0xb861);
  });

  it('keeps flags and offset apart', () => {
    const { view, base } = poisoned(20);
    for (const [word, fragOff, more, dont] of [
      [ipv4.MF | 8191, 8191, true, false],
      [ipv4.DF, 0, false, true],
      [ipv4.RESERVED_FLAG | 1, 1, false, false],
    ] as const) {
      ipv4.setFragOff(view, base, word);
      assert.equal(ipv4.getFragWord(view, base), word);
      assert.equal(ipv4.getFragOff(view, base), fragOff);
      assert.equal(ipv4.getMoreFrags(view, base), more);
      assert.equal(ipv4.getDontFragment(view, base), dont);
    }
  });

  it('parses no header that is not whole', () => {
    const bytes = hex(GOLDEN);
    assert.equal(ipv4.parse(viewOf(bytes), 0, 19), null);
    bytes[0] = 0x46;
    assert.equal(ipv4.parse(viewOf(bytes), 0, 20), null);
    bytes[0] = 0x44;
    assert.equal(ipv4.parse(viewOf(bytes), 0, 20), null);
    bytes[0] = 0x65;
    assert.equal(ipv4.parse(viewOf(bytes), 0, 20), null);
  });
});

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

  it('turns what is not copied into NOPs, in place and within bounds', () => {
    const bytes = hex(`a5${OPTIONS}a5`);
    options.fragmentOptions(bytes, 1, 16);
    assert.equal(toHex(bytes), 'a5940400000101010101010101' + '00000000a5');
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
