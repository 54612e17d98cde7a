import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as ipv4 from '../../src/wire/ipv4.js';
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

  it('is told in a line: where the piece lies in octets, and what is unusual', () => {
    const line = '192.0.2.1 > 192.0.2.2  id 0x1234  offset  1480  len  1480  MF  ttl 64  proto 17';
    assert.equal(ipv4.format(HEADER), line);
    assert.equal(ipv4.format({ ...HEADER, dontFragment: true }), `${line}  DF`);
    const last = { ...HEADER, ident: 1, moreFrags: false, fragOff: 8000, ttl: 1, protocol: 1 };
    assert.equal(
      ipv4.format({ ...last, options: hex(OPTIONS) }),
      '192.0.2.1 > 192.0.2.2  id 0x0001  offset 64000  len  1464      ttl 1  proto 1  16 octets of options',
    );
    assert.match(ipv4.format({ ...HEADER, totLen: 19 }), / len {5}0 {2}/);
  });

  it('has each field in its place, wherever the header begins (RFC 791 §3.1)', () => {
    const view = viewOf(hex('ffff 49 ab 0102 0304 4567 89 11 bcde c0000201 c6336402'));
    const { getVersion, getHeaderLen, getTos, getTotLen, getIdent, getFragWord, getFragOff, getTtl } = ipv4;
    const first = [getVersion, getHeaderLen, getTos, getTotLen, getIdent, getFragWord, getFragOff, getTtl];
    assert.deepEqual(
      [...first, ipv4.getProtocol, ipv4.getChecksum].map((get) => get(view, 2)),
      [4, 36, 0xab, 0x0102, 0x0304, 0x4567, 0x0567, 0x89, 0x11, 0xbcde],
    );
    assert.equal(toHex(ipv4.getSource(view, 2)), 'c0000201');
    assert.equal(toHex(ipv4.getDestination(view, 2)), 'c6336402');
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
