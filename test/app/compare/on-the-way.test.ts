import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summaryText } from '../../../src/app/compare/text.js';
import type { Frame } from '../../../src/wire/frame.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import { fragmentOptions } from '../../../src/wire/ipv4-options.js';
import * as udp from '../../../src/wire/udp.js';
import { flow4, flow6, fragment, fragments, frame, pattern, udpPacket, whole } from '../../verify/build.js';
import { carry, ethernet, etherType, join, MACS, outer4, outer6, WRAPS } from '../../verify/wraps.js';
import { hex, viewOf } from '../../wire/helpers.js';
import { compared, datagram, judged, reports } from './held-file.js';

/** What a router with a smaller MTU behind it makes of a raw IPv4 packet (RFC 791 §3.2). */
function refragment({ bytes, offset, caplen }: Frame, mtu: number): Frame[] {
  const packet = bytes.slice(offset, offset + caplen);
  const headerLen = ipv4.getHeaderLen(viewOf(packet), 0);
  const size = (mtu - headerLen) & ~7;
  if (packet.length <= mtu) return [frame(packet)];
  const word = ipv4.getFragWord(viewOf(packet), 0);
  const out: Frame[] = [];
  for (let at = headerLen; at < packet.length; at += size) {
    const end = packet.length - at <= mtu - headerLen ? packet.length : at + size;
    const piece = join(packet.subarray(0, headerLen), packet.subarray(at, end));
    const view = viewOf(piece);
    if (at > headerLen) fragmentOptions(piece, ipv4.OPTIONS, headerLen - ipv4.OPTIONS);
    ipv4.setTotLen(view, 0, piece.length);
    ipv4.setFragOff(view, 0, (word & ~ipv4.DF) | (end < packet.length ? ipv4.MF : 0));
    ipv4.setFragOff(view, 0, ipv4.getFragWord(view, 0) + ((at - headerLen) >> 3));
    ipv4.fillChecksum(view, 0);
    out.push(frame(piece));
    if (end === packet.length) break;
  }
  return out;
}
const RECORD_ROUTE = hex('070b 08 c0000201 00000000 00');

describe('compare --against: what a way does to a cut', () => {
  it('fragments that a router cut again are explained, once and twice, in any order, and by the MTU told', async () => {
    for (const [size, options] of [
      [4000, {}],
      [1473, {}],
      [9000, { options: RECORD_ROUTE }],
      [2946, { mtu: 1499 }],
    ] as const) {
      const sent = datagram(4, size, '', options);
      const once = sent.flatMap((one) => refragment(one, 1400));
      const twice = once.flatMap((one) => refragment(one, 620));
      assert.deepEqual(await judged(once), ['explained; refragmented'], `${size}`);
      assert.deepEqual(await judged(twice), ['explained; refragmented'], `${size}`);
      assert.deepEqual(await judged(once.toReversed()), ['explained; refragmented; other-order']);
      if (Object.keys(options).length > 0) continue; // up to 7 octets of the MTU show nowhere
      const [report] = await reports(once);
      assert.equal(report!.of.mtu, 1500);
      assert.deepEqual(await judged(twice, 1500), ['explained; refragmented']);
      assert.match((await judged(once, 1450))[0]!, /^different/, 'the sender cut for another one');
    }
  });

  it('the last piece may fill an MTU that is no multiple of 8, at each router, of a packet and of a fragment', async () => {
    // Octets of UDP payload, then the MTUs of the way: 1499 and 1399 carry 1479 and 1379 octets where all but the last have 1472 and 1376.
    for (const [size, ...mtus] of [
      [1376 + 1379 - 8, 1399],
      [1376 + 1377 - 8, 1399],
      [1376 + 1376 - 8, 1399],
      [1480 + 1376 + 1379 - 8, 1399],
      [1472 + 1479 - 8, 1499, 1399],
      [2 * 1472 + 1478 - 8, 1499, 603],
    ] as const) {
      for (const own of [1500, 9000]) {
        const sent = datagram(4, size, '', { mtu: own });
        const come = mtus.reduce<Frame[]>((frames, mtu) => frames.flatMap((one) => refragment(one, mtu)), sent);
        assert.deepEqual(await judged(come, own), ['explained; refragmented'], `${size} by ${own}, ${mtus}`);
      }
    }
  });

  it('a wrong field in what was cut again is named', async () => {
    const frames = datagram(4, 4000, 'set(2, ttl=9)').flatMap((one) => refragment(one, 1400));
    assert.deepEqual(await judged(frames), ['different; refragmented; 3 ttl 9; 4 ttl 9']);
    const wrong = datagram(4, 4000, 'corrupt(2, 100)').flatMap((one) => refragment(one, 1400));
    assert.match((await judged(wrong))[0]!, /^different; refragmented; 1 udp-checksum/);
  });

  it('what no router makes stays different: over IPv6, with DF, of sizes at random', async () => {
    assert.match((await judged(datagram(6, 4000, 'sizes(1376, 104)')))[0]!, /^different/);
    const df = datagram(4, 4000).flatMap((one) => refragment(one, 1400));
    const marked = df.map((one) => {
      const bytes = one.bytes.slice();
      ipv4.setFragOff(viewOf(bytes), 0, ipv4.getFragWord(viewOf(bytes), 0) | ipv4.DF);
      ipv4.fillChecksum(viewOf(bytes), 0);
      return { ...one, bytes };
    });
    assert.match((await judged(marked))[0]!, /^different/);
    assert.match((await judged(datagram(4, 5000, 'sizes(800, 1400, 96)')))[0]!, /^different/);
  });

  it('any fragments missing of what was cut again: lost', async () => {
    const frames = datagram(4, 4000).flatMap((one) => refragment(one, 1400));
    for (let mask = 1; mask < (1 << frames.length) - 1; mask++) {
      const left = frames.filter((_, i) => (mask & (1 << i)) !== 0);
      assert.deepEqual(await judged(left), ['lost'], mask.toString(2));
      assert.deepEqual(await judged(left, 1500), ['lost'], mask.toString(2));
    }
  });

  it('a small piece lost of as many as ours has: lost, with the octets; a wrong field beside it: different', async () => {
    const packet = udpPacket(flow4, pattern(3992));
    const pieces = [
      { offset: 0, len: 1480, more: true },
      { offset: 1488, len: 1472, more: true },
      { offset: 2960, len: 1040, more: false },
    ];
    const left = pieces.map((piece) => frame(fragment(flow4, packet, piece)));
    const [report] = await reports(left);
    assert.deepEqual([report!.cuts[0]!.outcome, report!.cuts[0]!.why], ['lost', 'not in the file: [1480, 1488)']);
    for (const [odd, named] of [
      [{ ttl: 9 }, '2 ttl 9'],
      [{ dontFragment: true }, '2 df 1'],
      [{ options: hex('94040000') }, '2 options 94040000'],
    ] as const) {
      const wrong = left.map((one, i) => (i === 1 ? frame(fragment(flow4, packet, pieces[1]!, odd)) : one));
      const [text] = await judged(wrong);
      assert.match(text!, new RegExp(`^different; .*${named}`));
    }
    const unaligned = left.map((one, i) =>
      i === 1 ? frame(fragment(flow4, packet, { offset: 1488, len: 1469, more: true })) : one,
    );
    assert.deepEqual(await judged(unaligned), ['different; 2 length 1489']);
  });

  it('halves of two datagrams of the same octets are not called one with a wrong ident', async () => {
    for (const family of [4, 6] as const) {
      const [a, b] = [7, 8].map((ident) => datagram(family, 2000, '', { ident }));
      assert.deepEqual(await judged([a![0]!, b![1]!]), ['unsure']);
      assert.deepEqual(await judged([...datagram(family, 5000, 'set(2, ident=77)')]), ['different; 2 ident 77']);
    }
  });

  it('options that later fragments have not, or pad otherwise, are explained; others are not', async () => {
    const packet = udpPacket(flow4, pattern(4000));
    const cut = (first: number, later: number, options: string, head = '0707040000000000'): Frame[] => {
      const at = [0, first, first + later, packet.length];
      return [0, 1, 2].map((i) => {
        const piece = { offset: at[i]!, len: at[i + 1]! - at[i]!, more: i < 2 };
        return frame(fragment(flow4, packet, piece, { options: hex(i === 0 ? head : options) }));
      });
    };
    for (const frames of [
      cut(1472, 1480, ''),
      cut(1400, 1400, ''),
      cut(1472, 1472, '0101010101010101'),
      cut(1472, 1472, '0101010101010000'),
      cut(1468 & ~7, 1472, '94040000', '940400000707040000000000'), // what is copied stays
    ]) {
      assert.deepEqual(await judged(frames), ['explained; options-left-out']);
    }
    assert.deepEqual(await judged(cut(1472, 1472, '0707040000000000')), ['different; options-repeated']);
    assert.match((await judged(cut(1464, 1472, '', '940400000707040000000000')))[0]!, /^different; .*options/);
    assert.match((await judged(cut(1472, 1472, '8804002a01010101')))[0]!, /^different; .*options/);
  });

  it('what routers write into a route or a timestamp is explained as theirs', async () => {
    const route = '830b08 c0000209 c000020a 00'; // one hop behind: the pointer is at the second
    for (const [before, after, codes] of [
      [route, '830b08 c000020b c000020a 00', 'explained; route-written'],
      ['440c05 01 0000000000000000', '440c0d 01 c0000209 00000007', 'different; options-repeated'],
      ['070b04 0000000000000000 00', '070b08 c0000201 00000000 00', 'different; options-repeated'],
    ] as const) {
      const packet = udpPacket({ ...flow4, ...(before === route && { destination: hex('c000020a') }) }, pattern(2000));
      const frames = [
        frame(fragment(flow4, packet, { offset: 0, len: 1464, more: true }, { options: hex(before) })),
        frame(fragment(flow4, packet, { offset: 1464, len: 544, more: false }, { options: hex(after) })),
      ];
      assert.deepEqual(await judged(frames), [codes]);
    }
    const filled = datagram(4, 4000, '', { options: hex('070b0c c0000207 c0000208 00') });
    const recut = filled.flatMap((one) => refragment(one, 1400));
    assert.deepEqual([await judged(filled), await judged(recut)], [['equal'], ['explained; refragmented']]);
  });

  it('one packet of several datagrams under the checksum of the first was not computed yet, and is not proven', async () => {
    for (const flow of [flow4, flow6]) {
      const packet = udpPacket(flow, pattern(14_000));
      const first = udpPacket(flow, pattern(14_000).subarray(0, 1400));
      udp.setChecksum(viewOf(packet), 0, udp.getChecksum(viewOf(first), 0));
      const joined = frame(whole(flow, packet));
      assert.deepEqual(await judged([joined]), ['unsure; joined']);
      assert.deepEqual(await judged([joined], 1500), ['unsure; not-cut-yet; joined']);
      const jumbo = udpPacket(flow, pattern(9000));
      udp.setChecksum(viewOf(jumbo), 0, udp.getChecksum(viewOf(first), 0));
      assert.match((await judged([frame(whole(flow, jumbo))]))[0]!, /^different; 1 udp-checksum/, 'as verify has it');
      assert.deepEqual(await judged([frame(whole(flow, jumbo))], 1500), ['unsure; not-cut-yet; joined']);
      const small = udpPacket(flow, pattern(1400));
      udp.setChecksum(viewOf(small), 0, udp.getChecksum(viewOf(udpPacket(flow, pattern(700))), 0));
      assert.match((await judged([frame(whole(flow, small))]))[0]!, /^different; 1 udp-checksum/, 'a wire carries it');
    }
  });

  it('a UDP checksum of 0 over IPv6 is explained of tunnels alone', async () => {
    const vxlan = join(hex('08000000 00002a00'), MACS, etherType(4), whole(flow4, udpPacket(flow4, pattern(100))));
    for (const [port, octets, want] of [
      [4789, vxlan, 'explained; no-checksum'],
      [4789, pattern(100), 'different; 1 udp-checksum 0x0000'],
      [9999, vxlan, 'different; 1 udp-checksum 0x0000'],
    ] as const) {
      const packet = udpPacket(outer6, octets, [50_000, port]);
      udp.setChecksum(viewOf(packet), 0, 0);
      assert.deepEqual(await judged([frame(carry(outer6, 17, packet))]), [want]);
    }
  });
});

describe('compare --against: networks', () => {
  const inTunnel = ([via]: (typeof WRAPS)[number]): boolean => /vxlan|geneve|gre/.test(via);
  for (const flow of [flow4, flow6]) {
    const pieces = (seed: number): Uint8Array[] => fragments(flow, udpPacket(flow, pattern(3000, seed)), 1000);

    it(`IPv${flow.family}: the same addresses and idents behind other tags and labels are other datagrams`, async () => {
      const all = WRAPS.filter((one) => !inTunnel(one));
      const plain = (inner: Uint8Array): Frame => ethernet(join(etherType(flow.family), inner));
      const ways = [
        plain,
        ...all.map(
          ([, wrap]) =>
            (inner: Uint8Array) =>
              wrap(inner, flow.family),
        ),
      ];
      const sent = ways.map((wrap, i) => pieces(i).map(wrap));
      const mixed = [0, 1, 2, 3].flatMap((i) => sent.flatMap((frames) => frames[i] ?? []));
      const found = await reports(mixed);
      // The entropy label of the last MPLS way is none of a network (RFC 6790): it is the first one's, and comes twice
      // under one ident.
      const alone = found.filter(({ where }) => !/mpls 16$/.test(where!));
      assert.deepEqual(
        alone.map(({ cuts }) => cuts[0]!.outcome),
        alone.map(() => 'equal'),
      );
      assert.deepEqual(
        new Set(alone.map(({ where }) => where!.split(', ')[1])),
        new Set([undefined, ...all.map(([via]) => via).filter((via) => via !== 'mpls 16')]),
      );
    });
  }

  it('tunnels are named as what was not compared, and so is all that datagrams may hide in', async () => {
    const inner = whole(flow4, udpPacket(flow4, pattern(300)));
    const wrapped = WRAPS.filter(inTunnel).map(([, wrap]) => wrap(inner, 4));
    const ip = (octets: Uint8Array): Frame => ethernet(join(hex('0800'), octets));
    const frames = [
      ...wrapped,
      ip(inner),
      ip(carry(outer4, 4, inner)),
      ip(carry(outer4, 41, whole(flow6, udpPacket(flow6, pattern(9))))),
      ip(carry(outer4, 50, pattern(60))),
      ip(carry(outer4, 6, pattern(60))),
      ethernet(join(hex('86dd'), carry(outer6, 50, pattern(60)))),
      ethernet(join(hex('88e5'), pattern(60))),
      ethernet(join(hex('0806'), pattern(46))),
      ethernet(hex('0800')),
    ];
    const { end } = await compared(frames);
    assert.deepEqual(end.notCompared, {
      ...{ vxlan: 4, gre: 3, geneve: 2, '4in4': 1, '6in4': 1, 'protocol 50': 1, 'next header 50': 1 },
      ...{ 'ethertype 0x88e5': 1, 'frames that end within a header': 1 },
    });
    const text = summaryText({
      ...end,
      ...{ type: 'summary', datagrams: 0, refused: [], verdict: 'good' },
      outcomes: { equal: 0, explained: 0, different: 0, unsure: 0, lost: 0, refused: 0 },
    });
    assert.match(text, /^not compared: 15 frames that datagrams may hide in \(4 of vxlan, 3 of gre, /m);
  });
});
