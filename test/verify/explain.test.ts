import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explanation } from '../../src/verify/explain.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import type { Frame } from '../../src/wire/frame.js';
import { cuts, flow4, flow6, fragment, frame, pattern, udpPacket, whole } from './build.js';

const packet = udpPacket(flow4, pattern(4792));
const pieces = cuts(packet.length, 1200);
const framesOf = (...chosen: readonly { offset: number; len: number; more: boolean }[]): Frame[] =>
  chosen.map((piece, i) => frame(fragment(flow4, packet, piece), 1000 + i / 1000));

function judge(frames: readonly Frame[]): DatagramVerdict {
  const verifier = new Verifier();
  return [...verifier.push(frames), ...verifier.end()][0]!;
}

describe('the explanation of a bad datagram', () => {
  it('draws its fragments with holes, overlaps and the faulty ones', () => {
    const verdict = judge(framesOf(pieces[0]!, { offset: 600, len: 1200, more: true }, pieces[3]!));
    assert.deepEqual(explanation(verdict).split('\n'), [
      '                          |0                                           4800|',
      '            #1         @1 |============                                    | 0 … 1200 MF, ttl 64, +0.000000 s',
      '           >#2         @2 |      ============                              | 600 … 1800 MF, ttl 64, +0.001000 s',
      '            #3         @3 |                                    ============| 3600 … 4800, ttl 64, +0.002000 s',
      '                      all |======!!!!!!======..................============|',
      '           fragment-overlap (RFC 5722, RFC 8200 4.5): Linux drops all so far; what lies inside a fragment or a run of them it drops alone (inet_frag_queue_insert)',
      '             IPv4 header of fragment #2:',
      '               0  45 00 04 c4 12 34[20 4b]40 11 bf a6 c0 00 02 01',
      '              16  c0 00 02 02',
    ]);
  });

  it('marks the octets of the faulty field', () => {
    const frames = framesOf(...pieces);
    frames[1]!.bytes.set([0x12, 0x34], 10);
    const lines = explanation(judge(frames)).split('\n');
    assert.match(lines.at(-2)!, /^ +0 {2}45 00 04 c4 12 34 20 96 40 11\[12 34\]c0 00 02 01$/);
    assert.match(lines.at(-4)!, /header-checksum \(RFC 791 3\.1\): Linux drops the packet/);
  });

  it('is there for a packet that was not fragmented, over both families', () => {
    for (const flow of [flow4, flow6]) {
      const spoilt = udpPacket(flow, pattern(100));
      spoilt[50]! ^= 1;
      const text = explanation(judge([frame(whole(flow, spoilt))]));
      assert.match(text, /^ +udp-checksum \(RFC 768, RFC 8200 8\.1\): Linux drops the datagram/);
      assert.match(text, /\[[0-9a-f]{2} [0-9a-f]{2}\]$/);
    }
  });

  it('is empty for one with which nothing is wrong, and short for one of thousands of fragments', () => {
    assert.equal(explanation(judge(framesOf(...pieces))), '');
    assert.equal(explanation(judge(framesOf(pieces[0]!))), '');
    const many = cuts(packet.length, 8).map((piece) => fragment(flow4, packet, piece));
    many[300]![11]! ^= 1;
    const lines = explanation(judge(many.map((octets) => frame(octets)))).split('\n');
    assert.ok(lines.length < 30);
    assert.ok(lines.some((line) => line.includes('#301 ')));
  });

  it('names a repeated fragment by its own number and frame, before the datagram is whole and after', () => {
    const spoilt = (time: number): Frame => {
      const one = frame(fragment(flow4, packet, pieces[1]!), time);
      one.bytes.set([0, 1], one.offset + 10);
      return one;
    };
    const all = framesOf(...pieces);
    const repeat = frame(fragment(flow4, packet, pieces[2]!), 1001);
    for (const [frames, number] of [
      [[...all.slice(0, 2), spoilt(1000.0015), ...all.slice(2)], 3],
      [[...all, spoilt(1000.9)], 5],
      [[...all, repeat, spoilt(1001.1)], 6],
      [[...all, ...all.slice(0, 3), spoilt(1001.1), repeat], 8],
    ] as const) {
      const verdict = judge(frames);
      assert.deepEqual([verdict.verdict, verdict.fragments, verdict.overlaps], ['bad', 4, 0]);
      const [{ fragment: named, text }] = verdict.findings as unknown as [{ fragment: number; text: string }];
      assert.equal(named, number);
      assert.match(text, new RegExp(`fragment #${number}: header checksum got 0x0001`));
      const { frame: at, time, offset, repeated } = verdict.fragmentList!.find((one) => one.number === named)!;
      const place = frames.findIndex((_, i) => i === number - 1) + 1;
      assert.deepEqual([at, offset, repeated], [place, 1200, true]);
      assert.ok(Math.abs(time - frames[place - 1]!.seconds - frames[place - 1]!.nanoseconds * 1e-9) < 2e-6);
      const lines = explanation(verdict).split('\n');
      assert.ok(
        lines.some((line) => line.includes(`>#${number} `) && line.endsWith(', repeated')),
        lines.join('\n'),
      );
      assert.ok(lines.some((line) => /^ +all \|=+\|$/.test(line)));
      assert.ok(lines.includes(`             IPv4 header of fragment #${number}:`));
    }
  });

  it('names all stretches that one fragment overlaps', () => {
    const { mismatches } = judge(framesOf(pieces[0]!, pieces[2]!, { offset: 1000, len: 1600, more: true }));
    assert.deepEqual(mismatches, [
      'fragment #3: fragOff got 125, want 150 (overlaps octets 1000–1200 and 2400–2600, data equal)',
    ]);
  });

  it('has the same facts in JSON', () => {
    const verdict = judge(framesOf(pieces[0]!, pieces[0]!, pieces[3]!));
    assert.deepEqual(verdict.fragmentList, [
      { number: 1, frame: 1, time: 1000, offset: 0, length: 1200, more: true, ttl: 64, tos: 0 },
      { number: 3, frame: 3, time: 1000.002, offset: 3600, length: 1200, more: false, ttl: 64, tos: 0 },
    ]);
    assert.equal(judge(framesOf(...pieces)).fragmentList, null);
    const spoilt = packet.slice(0, 1000); // its UDP length says more
    const one = fragment(flow4, spoilt, { offset: 0, len: 1000, more: false }, { ttl: 9, tos: 0x2e });
    assert.deepEqual(judge([frame(one, 1000)]).fragmentList, [
      { number: 1, frame: 1, time: 1000, offset: 0, length: 1000, more: false, ttl: 9, tos: 0x2e },
    ]);
  });
});
