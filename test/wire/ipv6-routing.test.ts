import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as routing from '../../src/wire/ipv6-routing.js';
import { hex, toHex, viewOf } from './helpers.js';

const DESTINATION = '20010db8000000000000000000000002';
const HOP_A = '20010db80000000000000000000000aa';
const HOP_B = '20010db80000000000000000000000bb';
const MARGIN = 3;

/** The header in octets that have others around it. */
const around = (text: string): DataView => viewOf(Uint8Array.from([0xff, 0xff, 0xff, ...hex(text), 0xff, 0xff]));

describe('the routing header’s final destination', () => {
  const table = [
    ['type 0', `1104 00 02 00000000 ${HOP_A}${HOP_B}`, HOP_B],
    ['type 0, one segment left of two', `1104 00 01 00000000 ${HOP_A}${HOP_B}`, HOP_B],
    ['type 0, octets behind the last whole address', `1105 00 01 00000000 ${HOP_A}${HOP_B} 0102030405060708`, HOP_B],
    ['type 0, used up', `1104 00 00 00000000 ${HOP_A}${HOP_B}`, DESTINATION],
    ['type 0 without an address', '1100 00 01 00000000', null],
    ['type 0 with half of an address', '1101 00 01 00000000 20010db800000000', null],
    ['type 2, home address', `1102 02 01 00000000 ${HOP_A}`, HOP_A],
    ['type 2 without an address', '1101 02 01 00000000 20010db800000000', null],
    ['segment routing: the last segment comes first', `1104 04 01 01000000 ${HOP_A}${HOP_B}`, HOP_A],
    ['segment routing without an address', '1100 04 01 00000000', null],
    [
      'RPL: one octet of each, padding at the end',
      '1101 03 02 ff 60 0000 aabb 000000000000',
      `${DESTINATION.slice(0, 30)}bb`,
    ],
    ['RPL: two octets, then four', '1101 03 02 ec 20 0000 aaaa bbbbbbbb 0000', `${DESTINATION.slice(0, 24)}bbbbbbbb`],
    ['RPL: nothing left out', `1104 03 02 00 00 0000 ${HOP_A}${HOP_B}`, HOP_B],
    ['RPL: no room for the last', '1101 03 01 00 00 0000 20010db800000000', null],
    ['unknown type', `1102 09 01 00000000 ${HOP_A}`, null],
  ] as const;
  for (const [name, text, want] of table) {
    it(name, () => {
      const out = new Uint8Array(16);
      assert.equal(routing.finalDestination(around(text), MARGIN, hex(DESTINATION), out), want !== null);
      assert.equal(toHex(out), want ?? DESTINATION);
    });
  }

  it('is found in any octets that the walker let pass', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 64 }), (bytes) => {
        bytes[1] = (bytes.length >> 3) - 1;
        bytes[2] = bytes[2]! % 6;
        routing.finalDestination(viewOf(bytes), 0, hex(DESTINATION), new Uint8Array(16));
      }),
    );
  });
});

describe('the most segments that can be left', () => {
  const zeros = (octets: number): string => '00'.repeat(octets);
  const table = [
    ['type 0: an address takes two units of the length (RFC 2460 §4.4)', `1100 00 00 00000000`, 0],
    ['type 0, half of an address', `1101 00 00 00000000 ${zeros(8)}`, 0],
    ['type 0, one address', `1102 00 00 00000000 ${zeros(16)}`, 1],
    ['type 0, two addresses', `1104 00 00 00000000 ${zeros(32)}`, 2],
    ['type 2: its one home address (RFC 6275 §6.4)', `1102 02 00 00000000 ${zeros(16)}`, 1],
    ['type 2, an address too many', `1104 02 00 00000000 ${zeros(32)}`, 1],
    ['type 2, no address', `1100 02 00 00000000`, 0],
    ['segment routing: one more than the last entry (RFC 8754 §4.3.1.1)', `1104 04 00 01000000 ${zeros(32)}`, 2],
    ['segment routing, fewer than there are', `1104 04 00 00000000 ${zeros(32)}`, 1],
    ['segment routing, a last entry that is not there', `1104 04 00 02000000 ${zeros(32)}`, 0],
    // RFC 6554 §4.2: n = ((Hdr Ext Len × 8) − Pad − (16 − CmprE)) / (16 − CmprI) + 1
    ['RPL: (32 − 0 − 16) / 16 + 1', `1104 03 00 00 00 0000 ${zeros(32)}`, 2],
    ['RPL: (8 − 6 − 1) / 1 + 1', `1101 03 00 ff 60 0000 ${zeros(8)}`, 2],
    ['RPL: (16 − 5 − 1) / 2 + 1', `1102 03 00 ef 50 0000 ${zeros(16)}`, 6],
    ['RPL: (8 − 0 − 4) / 1 + 1', `1101 03 00 fc 00 0000 ${zeros(8)}`, 5],
    ['RPL: (8 − 0 − 8) / 16 + 1', `1101 03 00 08 00 0000 ${zeros(8)}`, 1],
    ['RPL: (16 − 8 − 1) / 2 + 1, whole addresses of it', `1102 03 00 ef 80 0000 ${zeros(16)}`, 4],
    ['RPL: the four reserved bits behind the padding say nothing', `1102 03 00 ef 5f 0000 ${zeros(16)}`, 6],
    ['RPL: not even the last', `1101 03 00 00 00 0000 ${zeros(8)}`, 0],
    ['type 1, Nimrod', `1102 01 00 00000000 ${zeros(16)}`, undefined],
    ['type 5', `1102 05 00 00000000 ${zeros(16)}`, undefined],
    ['type 253, an experiment', `1102 fd 00 00000000 ${zeros(16)}`, undefined],
  ] as const;
  for (const [name, text, want] of table)
    it(name, () => assert.equal(routing.mostSegmentsLeft(around(text), MARGIN), want));
});

describe('a routing header in which nothing is wrong', () => {
  it('is unwelcome to hosts that are no part of such a network', () => {
    const types = (left: number) => [0, 1, 2, 3, 4, 5, 253].map((type) => routing.isUnwelcome(type, left));
    assert.deepEqual(types(0), [false, false, true, true, true, false, false]); // RFC 5095 §3: a used-up source route is ignored
    assert.deepEqual(types(1), [true, false, true, true, true, false, false]);
  });

  it('has each field in its place', () => {
    const view = around('11 02 04 07 00000000');
    assert.equal(routing.getHeaderLen(view, MARGIN), 24);
    assert.equal(routing.getType(view, MARGIN), 4);
    assert.equal(routing.getSegmentsLeft(view, MARGIN), 7);
  });
});
