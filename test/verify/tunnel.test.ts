import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import type { Frame } from '../../src/wire/frame.js';
import { LINKTYPE_ETHERNET } from '../../src/wire/link-layer.js';
import { type Flow, flow4, flow6, fragments, frame, pattern, udpPacket, whole } from './build.js';

const MACS = Uint8Array.of(2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1);
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const join = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);
const ethernet = (octets: Uint8Array): Frame => ({ ...frame(join(MACS, octets)), linktype: LINKTYPE_ETHERNET });

function judge(frames: readonly Frame[]) {
  const verifier = new Verifier();
  const verdicts = [...verifier.push(frames), ...verifier.end()];
  return { verdicts, summary: verifier.summary({ captureLost: null }) };
}
const shown = (verdicts: readonly DatagramVerdict[]) => verdicts.map(({ via, verdict }) => [via, verdict]);

const outer4: Flow = { ...flow4, source: hex('cb007101'), destination: hex('cb007102'), ident: 99 };
const outer6: Flow = {
  ...flow6,
  source: hex(`20010db800ff${'00'.repeat(9)}01`),
  destination: hex(`20010db800ff${'00'.repeat(9)}02`),
};
const etherType = (family: 4 | 6): Uint8Array => hex(family === 4 ? '0800' : '86dd');
const carry = (outer: Flow, protocol: number, octets: Uint8Array): Uint8Array => whole({ ...outer, protocol }, octets);
const udpTo = (port: number, octets: Uint8Array): Uint8Array =>
  carry(outer4, 17, udpPacket(outer4, octets, [50_000, port]));

/** How an inner IP packet of `family` is wrapped into a frame, and the `via` of what is inside. */
const WRAPS: readonly [via: string, wrap: (inner: Uint8Array, family: 4 | 6) => Frame, outer?: boolean][] = [
  ['vlan 100.200', (inner, family) => ethernet(join(hex('88a8 0064 8100 00c8'), etherType(family), inner))],
  ['mpls 16', (inner) => ethernet(join(hex('8847 00010140'), inner))],
  ['mpls 16.17.18', (inner) => ethernet(join(hex('8847 00010040 00011040 00012140'), inner))],
  ['mpls 16', (inner) => ethernet(join(hex('8847 00010040 00007040 abcde140'), inner))],
  [
    'pppoe 7',
    (inner, family) =>
      ethernet(join(hex('8864 11 00 0007'), length16(inner.length + 2), hex(family === 4 ? '0021' : '0057'), inner)),
  ],
  [
    'snap',
    (inner, family) => ethernet(join(length16(inner.length + 8), hex('aaaa03 000000'), etherType(family), inner)),
  ],
  ['802.1ah 66', (inner, family) => ethernet(join(hex('88e7 00000042'), MACS, etherType(family), inner))],
  [
    'gre',
    (inner, family) => ethernet(join(hex('0800'), carry(outer4, 47, join(hex('0000'), etherType(family), inner)))),
  ],
  [
    'gre 5',
    (inner, family) =>
      ethernet(
        join(
          hex('0800'),
          carry(outer4, 47, join(hex('b000'), etherType(family), hex('12340000 00000005 00000001'), inner)),
        ),
      ),
  ],
  [
    'vxlan 42',
    (inner, family) =>
      ethernet(join(hex('0800'), udpTo(4789, join(hex('08000000 00002a00'), MACS, etherType(family), inner)))),
    true,
  ],
  [
    'geneve 43',
    (inner) =>
      ethernet(
        join(
          hex('0800'),
          udpTo(6081, join(hex('0140 6558 00002b00 deadbe00'), MACS, etherType(inner[0]! >>> 4 === 4 ? 4 : 6), inner)),
        ),
      ),
    true,
  ],
  [
    'vlan 9 > vxlan 42',
    (inner, family) =>
      ethernet(
        join(hex('8100 0009 0800'), udpTo(4789, join(hex('08000000 00002a00'), MACS, etherType(family), inner))),
      ),
    true,
  ],
];
const length16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);

describe('a datagram inside', () => {
  for (const flow of [flow4, flow6]) {
    const pieces = fragments(flow, udpPacket(flow, pattern(2000)), 1000);
    for (const [via, wrap, isUdp = false] of WRAPS) {
      it(`${via} over IPv${flow.family} is judged as one of its own`, () => {
        const { verdicts, summary } = judge(pieces.map((inner) => wrap(inner, flow.family)));
        const inner = verdicts.filter(({ payloadLen }) => payloadLen === 2000);
        assert.deepEqual(shown(inner), [[via, 'good']]);
        assert.equal(verdicts.length, isUdp ? 1 + pieces.length : 1);
        assert.deepEqual([summary.judged, summary.verdict], [pieces.length, 'good']);
      });
    }

    for (const [outer, protocol] of [
      [outer4, flow.family === 4 ? 4 : 41],
      [outer6, flow.family === 4 ? 4 : 41],
    ] as const) {
      const via = `${flow.family}in${outer.family}`;
      it(`${via} is judged as one of its own, also where the tunnel's packets are fragments`, () => {
        const wrapped = pieces.map((inner) => frame(carry(outer, protocol, inner)));
        assert.deepEqual(shown(judge(wrapped).verdicts), [[via, 'good']]);
        const cut = pieces.flatMap((inner, i) => fragments({ ...outer, protocol, ident: 500 + i }, inner, 16));
        const { verdicts, summary } = judge(cut.map((octets) => frame(octets)));
        assert.deepEqual(
          shown(verdicts.filter(({ payloadLen, protocol: upper }) => upper === 17 && payloadLen === 2000)),
          [[via, 'good']],
        );
        assert.deepEqual([verdicts.length, summary.reassembled], [1 + pieces.length, pieces.length]);
      });
    }

    it(`a tunnel over IPv${flow.family} with a wrong octet is bad`, () => {
      const spoilt = udpPacket(flow, pattern(2000));
      spoilt[1500]! ^= 1;
      for (const [, wrap] of WRAPS) {
        const { summary } = judge(fragments(flow, spoilt, 1000).map((inner) => wrap(inner, flow.family)));
        assert.equal(summary.bad, 1);
      }
    });
  }

  it('two tunnels with equal addresses and id is two datagrams', () => {
    const inside = (vni: string, seed: number) =>
      fragments(flow4, udpPacket(flow4, pattern(1900, seed)), 1000).map((inner) =>
        ethernet(join(hex('0800'), udpTo(4789, join(hex(`08000000 ${vni}00`), MACS, hex('0800'), inner)))),
      );
    const [a, b] = [inside('000001', 1), inside('000002', 2)];
    const { verdicts } = judge([a[0]!, b[0]!, a[1]!, b[1]!]);
    const inner = verdicts.filter(({ payloadLen }) => payloadLen === 1900);
    assert.deepEqual(shown(inner), [
      ['vxlan 1', 'good'],
      ['vxlan 2', 'good'],
    ]);
  });

  it('tunnels nested without end is named, not followed', () => {
    let packet: Uint8Array = whole(flow4, udpPacket(flow4, pattern(10)));
    for (let i = 0; i < 100; i++) packet = carry(outer4, 4, packet);
    const { summary } = judge([frame(packet)]);
    assert.deepEqual(summary.notJudged, { 'nested too deep': 1 });
  });

  it('what only looks like a tunnel by its port is plain data', () => {
    const { verdicts, summary } = judge([frame(udpTo(4789, pattern(100))), frame(udpTo(6081, pattern(100)))]);
    assert.deepEqual(shown(verdicts), [
      [null, 'good'],
      [null, 'good'],
    ]);
    assert.equal(summary.verdict, 'good');
  });
});
