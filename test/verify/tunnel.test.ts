import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import type { Frame } from '../../src/wire/frame.js';
import { flow4, flow6, fragments, frame, pattern, udpPacket, whole } from './build.js';
import { carry, ethernet, greWithChecksum, hex, join, MACS, nvgre, outer4, outer6, udpTo, WRAPS } from './wraps.js';

function judge(frames: readonly Frame[]) {
  const verifier = new Verifier();
  const verdicts = [...verifier.push(frames), ...verifier.end()];
  return { verdicts, summary: verifier.summary({ captureLost: null }) };
}
const shown = (verdicts: readonly DatagramVerdict[]) => verdicts.map(({ via, verdict }) => [via, verdict]);

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

  it('what a GRE checksum does not fit is dropped there, and nothing of it is good', () => {
    const packet = greWithChecksum(whole(flow4, udpPacket(flow4, pattern(100))), 4);
    const wrapped = (octets: Uint8Array) => frame(carry(outer4, 47, octets));
    assert.deepEqual(judge([wrapped(packet)]).summary.notJudged, {});
    packet[packet.length - 1]! ^= 1;
    const checksum = `gre checksum 0x${Buffer.from(packet.subarray(4, 6)).toString('hex')}`;
    const spoilt = judge([wrapped(packet)]).summary;
    assert.deepEqual([spoilt.good, spoilt.notJudged], [0, { [checksum]: 1 }]);
    const { captureLost: _, ...cut } = judge([{ ...wrapped(packet), caplen: 80 }]).summary;
    assert.deepEqual([cut.incomplete, cut.notJudged], [1, {}], 'nobody can sum what was not captured');
  });

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

  it('FlowIDs of a virtual subnet are one network, other keys and subnets are not', () => {
    const pieces = fragments(flow4, udpPacket(flow4, pattern(2000)), 1000);
    for (const [keys, verdicts] of [
      [['00100000', '00100001', '001000ff'], ['good']],
      [['fffffe00', 'fffffe01', 'fffffeff'], ['good']],
      [
        ['00100000', '00100100', '00100000'],
        ['incomplete', 'incomplete'],
      ],
      [
        ['00000001', '00000002', '00000001'],
        ['incomplete', 'incomplete'],
      ], // keys of other tunnels
      [
        ['000fff00', '000fff01', '000fff00'],
        ['incomplete', 'incomplete'],
      ], // reserved
      [
        ['ffffff00', 'ffffff01', 'ffffff00'],
        ['incomplete', 'incomplete'],
      ],
    ] as const) {
      const found = judge(pieces.map((inner, i) => nvgre(4, keys[i]!, inner))).verdicts;
      assert.deepEqual(
        found.map(({ verdict }) => verdict),
        verdicts,
        keys.join(' '),
      );
    }
  });

  it('GRE and Geneve of one number between the same ends are two networks', () => {
    const [first, second] = fragments(flow4, udpPacket(flow4, pattern(1900)), 1000);
    const udpIn = (octets: Uint8Array) =>
      ethernet(join(hex('0800'), udpTo(6081, join(hex('0000 0800 00000500'), octets))));
    const inGre = (octets: Uint8Array) =>
      ethernet(join(hex('0800'), carry(outer4, 47, join(hex('2000 0800 00000005'), octets))));
    const { verdicts } = judge([udpIn(first!), inGre(second!)]);
    assert.equal(verdicts.filter(({ verdict }) => verdict === 'incomplete').length, 2);
  });

  it('a UDP checksum of 0 over IPv6 is a note in a tunnel, and a fault in any other datagram', () => {
    const inner = whole(flow4, udpPacket(flow4, pattern(100)));
    const vxlan = join(hex('08000000 00002a00'), MACS, hex('0800'), inner);
    const geneve = join(hex('0000 0800 00002b00'), inner);
    for (const [port, octets, want] of [
      [4789, vxlan, 'good'],
      [8472, vxlan, 'good'],
      [6081, geneve, 'good'],
      [4789, pattern(100), 'bad'],
      [6081, vxlan, 'bad'],
      [9999, vxlan, 'bad'],
    ] as const) {
      const packet = udpPacket(outer6, octets, [50_000, port]);
      packet.fill(0, 6, 8);
      for (const frames of [[carry(outer6, 17, packet)], fragments({ ...outer6, ident: 9 }, packet, 64)]) {
        const { verdicts, summary } = judge(frames.map((one) => frame(one)));
        const [own] = verdicts.filter(({ payloadLen }) => payloadLen === octets.length);
        assert.deepEqual([own!.verdict, own!.udp!.checksum], [want, want === 'good' ? 'none' : 'bad']);
        const code = want === 'good' ? 'udp-checksum-zero-tunnel' : 'udp-checksum-zero';
        assert.ok(own!.findings.some((one) => one.code === code));
        assert.equal(summary.good, want === 'good' ? 2 : 0, 'what is inside is judged as well');
      }
    }
  });

  it('what is not read in a tunnel is named with it', () => {
    const inVxlan = (type: string, octets: Uint8Array) =>
      ethernet(join(hex('0800'), udpTo(4789, join(hex('08000000 00002a00'), MACS, hex(type), octets))));
    const esp = whole({ ...flow4, protocol: 50 }, pattern(60));
    const { summary } = judge([
      inVxlan('0800', esp),
      inVxlan('88e5', pattern(60)),
      inVxlan('0806', pattern(46)),
      frame(carry(outer4, 4, esp)),
      frame(carry(outer6, 50, pattern(60))),
      ethernet(join(hex('8100 0009 0800'), esp)),
    ]);
    assert.deepEqual(summary.notJudged, {
      ...{ 'protocol 50 in vxlan': 1, 'ethertype 0x88e5 in vxlan': 1, 'protocol 50 in 4in4': 1 },
      ...{ 'next header 50': 1, 'protocol 50': 1 },
    });
    assert.deepEqual([summary.good, summary.judged], [3, 1]);
  });

  it('tunnels nested without end is named, not followed', () => {
    let packet: Uint8Array = whole(flow4, udpPacket(flow4, pattern(10)));
    for (let i = 0; i < 100; i++) packet = carry(outer4, 4, packet);
    const { summary } = judge([frame(packet)]);
    assert.deepEqual(summary.notJudged, { 'nested too deep in 4in4': 1 });
  });

  it('what only looks like a tunnel by its port is plain data', () => {
    const odd = join(hex('0f000000 00002a01'), pattern(100)); // version 0 and the I flag, reserved bits set, and no frame behind
    const { verdicts, summary } = judge([
      frame(udpTo(4789, pattern(100))),
      frame(udpTo(6081, pattern(100))),
      frame(udpTo(4789, odd)),
      frame(udpTo(6081, odd)),
    ]);
    assert.deepEqual(shown(verdicts), [
      [null, 'good'],
      [null, 'good'],
      [null, 'good'],
      [null, 'good'],
    ]);
    assert.equal(summary.verdict, 'good');
  });
});
