import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differenceText } from '../../src/compare/difference.js';
import type { ExpectedDatagram } from '../../src/compare/expected.js';
import { dscpText, fieldDifferences } from '../../src/compare/fields.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { flow4, fragment, frame, pattern, udpPacket } from '../verify/build.js';

/** A datagram that came whole, its fields as the verdict says. */
function came(): DatagramVerdict {
  const packet = udpPacket(flow4, pattern(100));
  const octets = fragment(flow4, packet, { offset: 0, len: packet.length, more: false }, { tos: 0xb8 });
  const verifier = new Verifier({ sightings: true });
  return [...verifier.push([frame(octets)]), ...verifier.end()][0]!;
}

const seen = came();
/** The same with other values. */
const seenWith = (more: Partial<NonNullable<DatagramVerdict['seen']>>): DatagramVerdict => ({
  ...seen,
  seen: { ...seen.seen!, ...more },
});
const payload = { length: 100 };
/** What differs, in words, and whether a router may do that. */
const differing = (expected: Omit<ExpectedDatagram, 'payload'>, verdict = seen): [string, boolean][] =>
  fieldDifferences({ payload, ...expected }, verdict).map((one) => [differenceText(one), one.onTheWay]);

describe('header fields held against what was sent', () => {
  it('differ by name, those that routers write marked as such', () => {
    const cases: readonly (readonly [Omit<ExpectedDatagram, 'payload'>, string, boolean])[] = [
      [{ source: '192.0.2.9' }, 'source got 192.0.2.1, want 192.0.2.9 as sent', false],
      [{ destination: '192.0.2.9' }, 'destination got 192.0.2.2, want 192.0.2.9 as sent', false],
      [{ sourcePort: 7 }, 'sourcePort got 1111, want 7 as sent', false],
      [{ destinationPort: 7 }, 'destinationPort got 9999, want 7 as sent', false],
      [{ ident: 7 }, 'ident got 4660, want 7 as sent', false],
      [{ headers: { ttl: 65 } }, 'ttl got 64, want 65 as sent', true],
      [{ headers: { tos: 0x28 } }, 'dscp got 46 (ef), want 10 (af11) as sent', true],
      [{ headers: { tos: 0xb9 } }, 'ecn got 0, want 1 as sent', true],
      [{ headers: { df: true } }, 'df got 0, want 1 as sent', false],
      [{ headers: { options: '94040000' } }, 'options got none, want 94040000 as sent', false],
      [{ headers: { checksum: 'zero' } }, 'udp checksum got computed, want zero as sent', false],
    ];
    for (const [expected, text, onTheWay] of cases) assert.deepEqual(differing(expected), [[text, onTheWay]]);
  });

  it('are right where they are as sent, or any of several, or not told', () => {
    const headers = { ttl: 64, tos: 0xb8, df: false, options: '', checksum: 'computed' } as const;
    assert.deepEqual(differing({ source: '192.0.2.1', ident: 0x1234, headers }), []);
    assert.deepEqual(differing({ headers: { ttl: [9, 64], tos: [0, 0xb8] } }), []);
    assert.deepEqual(differing({}), []);
    assert.deepEqual(differing({ headers: { ttl: [9, 10] } }), [['ttl got 64, want 9 or 10 as sent', true]]);
  });

  it('differ once for each value that packets have, and not where none was seen', () => {
    const verdict = seenWith({ ttl: [64, 63, 62], tos: [0xb8, 0xb9, 0xba] });
    assert.deepEqual(differing({ headers: { ttl: 64, tos: 0xb8 } }, verdict), [
      ['ttl got 63, want 64 as sent', true],
      ['ttl got 62, want 64 as sent', true],
      ['ecn got 1, want 0 as sent', true],
      ['ecn got 2, want 0 as sent', true],
    ]);
    const headers = { ttl: 1, tos: 1, df: true, flowLabel: 1, vlan: '5', options: '01', extensionHeaders: '3c' };
    const { seen: _, ...blind } = seen;
    assert.deepEqual(differing({ headers, sourcePort: 7 }, { ...blind, udp: null }), []);
  });

  it('of tags and of what only routes wrote into options are no fault of the sender', () => {
    assert.deepEqual(differing({ headers: { vlan: '5' } }, seenWith({ vlan: [null] })), []);
    assert.deepEqual(differing({ headers: { vlan: '5' } }, seenWith({ vlan: [''] })), [
      ['vlan got none, want 5 as sent', false],
    ]);
    const route = (written: string): string => `0707${written}01`;
    const sent = { headers: { options: route('0400000000') } };
    const recorded = route('08c0000201');
    assert.deepEqual(differing(sent, seenWith({ options: recorded })), [
      [`options got ${recorded}, want ${sent.headers.options} as sent`, true],
    ]);
    const other = '94040000';
    assert.equal(differing(sent, seenWith({ options: other }))[0]![1], false);
  });
});

it('classes of service have their names', () => {
  const names = [0, 1, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 30, 32, 34, 38, 40, 44, 46, 48, 56, 63].map(dscpText);
  const want =
    '0|1|8 (cs1)|10 (af11)|12 (af12)|14 (af13)|16 (cs2)|18 (af21)|20 (af22)|22 (af23)|24 (cs3)|26 (af31)|30 (af33)|' +
    '32 (cs4)|34 (af41)|38 (af43)|40 (cs5)|44|46 (ef)|48 (cs6)|56 (cs7)|63';
  assert.equal(names.join('|'), want);
});
