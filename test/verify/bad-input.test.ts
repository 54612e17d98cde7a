import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier, type VerifierOptions } from '../../src/verify/verifier.js';
import { finishChecksum, pseudoHeaderSum, sumOctets } from '../../src/wire/checksum.js';
import type { Frame } from '../../src/wire/frame.js';
import * as ipv4 from '../../src/wire/ipv4.js';
import { LINKTYPE_ETHERNET } from '../../src/wire/link-layer.js';
import {
  cuts,
  type Flow,
  flow4,
  flow6,
  fragment,
  fragments,
  frame,
  type Oddity,
  type Piece,
  pattern,
  udpPacket,
  whole,
} from './build.js';

function judge(frames: readonly Frame[], options: VerifierOptions = {}): DatagramVerdict[] {
  const verifier = new Verifier(options);
  return [...verifier.push(frames), ...verifier.end()];
}
const packet = udpPacket(flow4, pattern(4000));
const packet6 = udpPacket(flow6, pattern(4000));
/** The last of three pieces of 1,480 octets is 1,048 long. */
const pieces = cuts(packet.length, 1480);
const framesOf = (flow: Flow, odd: readonly Oddity[] = [], data = flow === flow4 ? packet : packet6): Frame[] =>
  pieces.map((piece, i) => frame(fragment(flow, data, piece, odd[i] ?? {})));

interface Case {
  readonly what: string;
  readonly pieces: readonly Piece[];
  readonly verdict: DatagramVerdict['verdict'];
  readonly mismatches: readonly RegExp[];
  readonly want?: Partial<DatagramVerdict>;
}

const [A, B, C] = pieces as [Piece, Piece, Piece];
const CASES: readonly Case[] = [
  { what: 'a hole', pieces: [A, C], verdict: 'incomplete', mismatches: [], want: { holes: [[1480, 2960]] } },
  {
    what: 'no last fragment',
    pieces: [A, B],
    verdict: 'incomplete',
    mismatches: [],
    want: { holes: [[2960, null]] },
  },
  { what: 'the last fragment first', pieces: [C, B, A], verdict: 'good', mismatches: [] },
  {
    what: 'a last fragment shorter than 8',
    pieces: [
      { offset: 0, len: 4000, more: true },
      { offset: 4000, len: 8, more: false },
    ],
    verdict: 'good',
    mismatches: [],
  },
  {
    what: 'two different ends',
    pieces: [A, { offset: 3600, len: 8, more: false }, C],
    verdict: 'bad',
    mismatches: [
      /^fragment #3: end of the datagram got 4008, want 3608 as /,
      /^fragment #3: end got 4008, want at most 3600/,
    ],
  },
  {
    what: 'an end before other fragments',
    pieces: [B, { offset: 1480, len: 1480, more: false }],
    verdict: 'bad',
    mismatches: [/^fragment #2: fragOff got 185, want 370 /],
  },
  {
    what: 'an end inside of what came',
    pieces: [
      { ...C, more: true },
      { offset: 2000, len: 8, more: false },
    ],
    verdict: 'bad',
    mismatches: [/^fragment #2: end of the datagram got 2008, want at least 4008/],
  },
  {
    what: 'data past the end',
    pieces: [A, C, { offset: 4008, len: 8, more: true }, B],
    verdict: 'bad',
    mismatches: [/^fragment #3: end got 4016, want at most 4008, where fragment #2 ends the datagram$/],
    want: { complete: true },
  },
  {
    what: 'an empty fragment',
    pieces: [A, { offset: 1480, len: 0, more: true }, B, C],
    verdict: 'bad',
    mismatches: [/^fragment #2: length got 0, want at least 1$/],
    want: { complete: true, fragments: 4 },
  },
  {
    what: 'a length that is no multiple of 8',
    pieces: [{ offset: 0, len: 1477, more: true }, B, C],
    verdict: 'bad',
    mismatches: [/^fragment #1: length got 1477, want a multiple of 8$/],
    want: { holes: [[1477, 1480]] },
  },
  {
    what: 'the same place with another M bit',
    pieces: [B, { ...B, more: false }, C],
    verdict: 'bad',
    mismatches: [/^fragment #2: fragOff got 185/, /^fragment #3: end of the datagram got 4008, want 2960/],
    want: { duplicates: 0, overlaps: 1, conflicts: 0 },
  },
  {
    what: 'a fragment inside another',
    pieces: [A, { offset: 800, len: 80, more: true }, B, C],
    verdict: 'bad',
    mismatches: [/^fragment #2: fragOff got 100, want 185 \(overlaps octets 800–880, data equal\)$/],
    want: { overlaps: 1, conflicts: 0, complete: true },
  },
  {
    what: 'a fragment over several others',
    pieces: [A, C, { offset: 0, len: 4000, more: true }],
    verdict: 'bad',
    mismatches: [/overlaps octets 0–1480 and 2960–4000/],
    want: { overlaps: 1, complete: true, holes: [] },
  },
];

describe('fragments', () => {
  for (const flow of [flow4, flow6]) {
    for (const { what, pieces: cut, verdict, mismatches, want } of CASES) {
      it(`with ${what} over IPv${flow.family} are ${verdict}`, () => {
        const data = flow === flow4 ? packet : packet6;
        const [got, ...more] = judge(cut.map((piece) => frame(fragment(flow, data, piece))));
        assert.deepEqual(more, []);
        assert.equal(got!.verdict, verdict, got!.mismatches.join('\n'));
        assert.equal(got!.mismatches.length, mismatches.length, got!.mismatches.join('\n'));
        for (const [i, text] of mismatches.entries()) assert.match(got!.mismatches[i]!, text);
        for (const [key, value] of Object.entries(want ?? {})) {
          assert.deepEqual(got![key as keyof DatagramVerdict], value, key);
        }
      });
    }
  }
});

describe('the ping of death', () => {
  for (const flow of [flow4, flow6]) {
    it(`over IPv${flow.family} is bad, not placed, and throws nothing`, () => {
      const death = frame(fragment(flow, packet, { offset: 65_528, len: 1000, more: false }));
      const [verdict] = judge([...framesOf(flow).slice(0, 2), death]);
      assert.equal(verdict!.verdict, 'bad');
      assert.match(verdict!.mismatches[0]!, /^fragment #3: end got 66528, want at most 655\d\d /);
      assert.deepEqual(verdict!.holes, [[2960, null]]);
      assert.equal(judge([death])[0]!.verdict, 'bad');
    });
  }
});

describe('header fields that differ between fragments', () => {
  const notes: readonly [Oddity, RegExp][] = [
    [{ ttl: 63 }, /^fragment #2: (TTL|hop limit) got 63, fragment #1 has 64$/],
    [{ tos: 3 }, /^fragment #2: TOS\/ECN got 3, fragment #1 has 0$/],
  ];
  for (const flow of [flow4, flow6]) {
    for (const [odd, text] of notes) {
      it(`${Object.keys(odd)} is a note over IPv${flow.family}`, () => {
        const [verdict] = judge(framesOf(flow, [{}, odd]));
        assert.equal(verdict!.verdict, 'good');
        assert.equal(verdict!.notes.length, 1);
        assert.match(verdict!.notes[0]!, text);
      });
    }
  }

  it('flow label is a note', () => {
    const [verdict] = judge(framesOf(flow6, [{}, { flowLabel: 7 }]));
    assert.equal(verdict!.verdict, 'good');
    assert.match(verdict!.notes[0]!, /flow label got 7, fragment #1 has 74565/);
  });

  it('DF is a mismatch', () => {
    const [verdict] = judge(framesOf(flow4, [{}, {}, { dontFragment: true }]));
    assert.deepEqual(verdict!.mismatches, ['fragment #3: DF got 1, want 0 as in fragment #1']);
  });

  it('next header is a note over IPv6 after the first fragment, which alone tells (RFC 8200 4.5)', () => {
    const [verdict] = judge(framesOf(flow6, [{}, { protocol: 6 }]));
    assert.equal(verdict!.verdict, 'good');
    assert.deepEqual(verdict!.notes, ['fragment #2: next header got 6, fragment #1 has 17']);
  });

  it('protocol makes another datagram over IPv4', () => {
    assert.deepEqual(
      judge(framesOf(flow4, [{}, { protocol: 6 }])).map(({ verdict, protocol }) => [verdict, protocol]),
      [
        ['incomplete', 17],
        ['incomplete', 6],
      ],
    );
  });
});

describe('IPv4 options', () => {
  const recordRoute = Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 1);
  const nops = new Uint8Array(8).fill(1);
  const security = Uint8Array.of(130, 4, 1, 2);

  it('without the copied flag belong into the first fragment', () => {
    assert.equal(judge(framesOf(flow4, [{ options: recordRoute }]))[0]!.verdict, 'good');
    const asKernel = framesOf(flow4, [{ options: recordRoute }, { options: nops }, { options: nops }]);
    assert.equal(judge(asKernel)[0]!.verdict, 'good');
    const [verdict] = judge(framesOf(flow4, [{ options: recordRoute }, { options: recordRoute }]));
    assert.deepEqual(verdict!.mismatches, [
      'fragment #2: option got 7, want only options with the copied flag after the first fragment',
    ]);
  });

  it('with the copied flag belong into all', () => {
    const all = [security, security, security].map((options) => ({ options }));
    assert.equal(judge(framesOf(flow4, all))[0]!.verdict, 'good');
    const [verdict] = judge(framesOf(flow4, all.slice(0, 2)));
    assert.deepEqual(verdict!.mismatches, ['fragment #3: copied options got none, want 82040102 as in fragment #1']);
  });

  it('with a source route make its end the destination of the checksum', () => {
    const route = Uint8Array.of(131, 7, 4, 198, 51, 100, 9, 1);
    const final = { ...flow4, destination: Uint8Array.of(198, 51, 100, 9) };
    const all = [{ options: route }, { options: route }, { options: route }];
    assert.equal(judge(framesOf(flow4, all, udpPacket(final, pattern(4000))))[0]!.verdict, 'good');
    assert.equal(judge(framesOf(flow4, all))[0]!.udp!.checksum, 'bad');
  });
});

describe('IPv6 extension headers', () => {
  const routing = Uint8Array.of(44, 2, 0, 1, 0, 0, 0, 0, ...flow6.source.subarray(0, 15), 0x77);
  const extensions = { nextHeader: 43, octets: routing };

  it('with a routing header make its end the destination of the checksum', () => {
    const final = { ...flow6, destination: routing.subarray(8) };
    const all = [{ extensions }, { extensions }, { extensions }];
    assert.equal(judge(framesOf(flow6, all, udpPacket(final, pattern(4000))))[0]!.verdict, 'good');
    assert.equal(judge(framesOf(flow6, all))[0]!.udp!.checksum, 'bad');
  });

  it('may differ before the fragment header: those of the first fragment stay (RFC 8200 4.5)', () => {
    const final = { ...flow6, destination: routing.subarray(8) };
    const [verdict] = judge(framesOf(flow6, [{ extensions }, {}, { extensions }], udpPacket(final, pattern(4000))));
    assert.equal(verdict!.verdict, 'good');
    assert.match(verdict!.notes[1]!, /^fragment #2: extension headers got none, fragment #1 has 2c02/);
  });

  it('hop-by-hop and routing stand before the fragment header', () => {
    const chain = Uint8Array.of(17, 2, 0, 0, 0, 0, 0, 0, ...flow6.destination, ...packet6.subarray(0, 4000));
    const odd = { protocol: 43 };
    const frames = cuts(chain.length, 1480).map((piece) => frame(fragment(flow6, chain, piece, odd)));
    assert.match(judge(frames)[0]!.mismatches[0]!, /^fragment #1: fragment header got 40, want 64, behind the routing/);
  });

  it('destination options may follow it, and the UDP header is found behind them', () => {
    const chain = Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0, ...packet6);
    const frames = cuts(chain.length, 1480).map((piece) => frame(fragment(flow6, chain, piece, { protocol: 60 })));
    const [verdict] = judge(frames);
    assert.deepEqual([verdict!.verdict, verdict!.protocol, verdict!.payloadLen], ['good', 17, 4000]);
  });

  it('must all be in the first fragment (RFC 7112)', () => {
    const chain = Uint8Array.of(17, 2, 1, 20, ...new Uint8Array(20), ...packet6);
    const frames = cuts(chain.length, 16).map((piece) => frame(fragment(flow6, chain, piece, { protocol: 60 })));
    const [verdict] = judge(frames);
    assert.deepEqual(verdict!.mismatches, [
      'fragment #1: header chain got 16 octets of it, want all in the first fragment (RFC 7112)',
    ]);
    assert.equal(verdict!.udp, null);
  });
});

describe('the UDP header', () => {
  const changed = (flow: Flow, at: number, value: number): Frame[] => {
    const data = (flow === flow4 ? packet : packet6).slice();
    new DataView(data.buffer).setUint16(at, value);
    return framesOf(flow, [], data);
  };

  it('with a shorter length leaves a surplus area, which its checksum does not cover (RFC 768, RFC 9868)', () => {
    const [flipped] = judge(changed(flow4, 4, 4000));
    assert.deepEqual([flipped!.udp!.length, flipped!.payloadLen, flipped!.verdict], [4000, 3992, 'bad']);
    for (const flow of [flow4, flow6]) {
      const longer = new Uint8Array(4032);
      longer.set(udpPacket(flow, pattern(4000)));
      const [verdict] = judge(cuts(4032, 1480).map((piece) => frame(fragment(flow, longer, piece))));
      assert.deepEqual([verdict!.verdict, verdict!.payloadLen], ['good', 4000]);
      assert.deepEqual(verdict!.notes, ['surplus area: 24 octets behind the 4008 that the udp length says']);
      const empty = new Uint8Array(32);
      empty.set(udpPacket(flow, new Uint8Array(0)));
      const [all] = judge([frame(whole(flow, empty))]);
      assert.deepEqual([all!.verdict, all!.payloadLen, all!.findings[0]!.code], ['good', 0, 'udp-surplus']);
    }
  });

  it('with a longer length, or one below its own 8 octets, is bad', () => {
    const [longer] = judge(changed(flow4, 4, 5000));
    assert.equal(longer!.mismatches[0], 'udp length got 5000, want at most 4008');
    assert.deepEqual([longer!.payloadLen, longer!.verdict], [4000, 'bad']);
    const [shorter] = judge(changed(flow4, 4, 7));
    assert.equal(shorter!.mismatches[0], 'udp length got 7, want at least 8');
    assert.deepEqual([shorter!.payloadLen, shorter!.verdict], [4000, 'bad']);
  });

  it('without checksum is good over IPv4 alone, unless told', () => {
    const checksumOf = ([verdict]: DatagramVerdict[]) => [verdict!.udp!.checksum, verdict!.verdict];
    assert.deepEqual(checksumOf(judge(changed(flow4, 6, 0))), ['none', 'good']);
    assert.deepEqual(checksumOf(judge(changed(flow6, 6, 0))), ['bad', 'bad']);
    assert.deepEqual(checksumOf(judge(changed(flow6, 6, 0), { allowZeroChecksum6: true })), ['none', 'good']);
  });

  it('with only the pseudo-header sum is not computed: good before the cut, bad after it', () => {
    const sum = pseudoHeaderSum(flow4.source, flow4.destination, 17, packet.length);
    const data = packet.slice();
    new DataView(data.buffer).setUint16(6, sum);
    const [local] = judge([frame(whole(flow4, data))]);
    assert.deepEqual([local!.udp!.checksum, local!.verdict], ['not-computed', 'good']);
    assert.equal(local!.findings[0]!.code, 'checksum-not-computed');
    const [cut] = judge(changed(flow4, 6, sum));
    assert.deepEqual([cut!.udp!.checksum, cut!.verdict], ['not-computed', 'bad']);
  });

  it('names the checksum it wants', () => {
    const want = new DataView(packet.buffer).getUint16(6);
    const [verdict] = judge(changed(flow4, 6, want ^ 0x0101));
    assert.match(verdict!.mismatches[0]!, new RegExp(`^udp checksum got 0x.*, want 0x${want.toString(16)}$`));
  });
});

describe('single packets', () => {
  it('with a bad header checksum are counted and placed', () => {
    const frames = framesOf(flow4);
    frames[1]!.bytes[10]! ^= 0xff;
    const [verdict] = judge(frames);
    assert.deepEqual([verdict!.headerChecksumErrors, verdict!.complete, verdict!.verdict], [1, true, 'bad']);
    assert.match(verdict!.mismatches[0]!, /^fragment #2: header checksum got 0x[0-9a-f]{4}, want 0x[0-9a-f]{4}$/);
  });

  it('with Ethernet padding or behind VLAN tags are good', () => {
    const small = udpPacket(flow4, pattern(1));
    const ethernet = new Uint8Array(60);
    ethernet.set([0x08, 0x00], 12);
    ethernet.set(whole(flow4, small), 14);
    const padded = { ...frame(ethernet), linktype: LINKTYPE_ETHERNET };
    assert.deepEqual([judge([padded])[0]!.verdict, judge([padded])[0]!.payloadLen], ['good', 1]);
    const tagged = new Uint8Array(64);
    tagged.set([0x81, 0x00, 0, 5, 0x08, 0x00], 12);
    tagged.set(whole(flow4, small), 18);
    assert.equal(judge([{ ...frame(tagged), linktype: LINKTYPE_ETHERNET }])[0]!.verdict, 'good');
  });

  it('of which the wire had less than the header says are bad', () => {
    const frames = framesOf(flow4);
    const { bytes } = frames[1]!;
    const [verdict] = judge([frames[0]!, frame(bytes.slice(0, 1000)), frames[2]!]);
    assert.deepEqual(verdict!.mismatches, ["fragment #2: IP length got 1500, want at most 1000, the frame's rest"]);
    assert.deepEqual([verdict!.holes, verdict!.verdict], [[[2460, 2960]], 'bad']);
  });

  it('with an impossible header are bad by themselves', () => {
    const bytes = fragment(flow4, packet, A).slice();
    bytes[0] = 0x44;
    const [verdict] = judge([{ ...frame(bytes) }]);
    assert.deepEqual(verdict!.mismatches, ['header length got 16, want at least 20']);
    const short = fragment(flow4, packet, A).slice();
    ipv4.setTotLen(new DataView(short.buffer), 0, 10);
    assert.equal(judge([frame(short)])[0]!.verdict, 'bad');
  });

  it('that are no IP, or neither UDP nor fragments, are ignored', () => {
    const arp = new Uint8Array(60);
    arp.set([0x08, 0x06], 12);
    const tcp = whole({ ...flow4, protocol: 6 }, pattern(100));
    const verifier = new Verifier();
    verifier.push([{ ...frame(arp), linktype: LINKTYPE_ETHERNET }, frame(tcp)]);
    verifier.end();
    const { frames, datagrams, verdict } = verifier.summary({ captureLost: 0 });
    assert.deepEqual([frames, datagrams, verdict], [2, 0, 'inconclusive']);
  });

  it('fragmented of another protocol are judged without UDP', () => {
    const icmp = pattern(3000);
    icmp.set([8, 0, 0, 0]);
    new DataView(icmp.buffer).setUint16(2, finishChecksum(sumOctets(icmp)));
    const [verdict] = judge(fragments({ ...flow4, protocol: 1 }, icmp).map((octets) => frame(octets)));
    assert.deepEqual([verdict!.verdict, verdict!.udp, verdict!.payloadLen, verdict!.protocol], ['good', null, 3000, 1]);
  });

  it('as atomic IPv6 fragments are complete and mix with nothing (RFC 6946)', () => {
    const small = udpPacket(flow6, pattern(100));
    const atomic = frame(fragment(flow6, small, { offset: 0, len: small.length, more: false }));
    const [a, b, c] = framesOf(flow6) as [Frame, Frame, Frame];
    const verdicts = judge([a, atomic, b, c]);
    assert.deepEqual(
      verdicts.map(({ verdict, fragments: count, payloadLen, ident }) => [verdict, count, payloadLen, ident]),
      [
        ['good', 1, 100, flow6.ident],
        ['good', 3, 4000, flow6.ident],
      ],
    );
  });
});

describe('time', () => {
  const at = (times: readonly number[], flow: Flow): DatagramVerdict[] =>
    judge(framesOf(flow).map(({ bytes }, i) => frame(bytes, times[i]!)));
  const verdicts = (list: DatagramVerdict[]): string[] => list.map(({ verdict }) => verdict);

  it('gives up after 30 s over IPv4 and 60 s over IPv6', () => {
    assert.deepEqual(verdicts(at([100, 101, 129], flow4)), ['good']);
    assert.deepEqual(verdicts(at([100, 101, 131], flow4)), ['incomplete', 'incomplete']);
    assert.match(at([100, 101, 131], flow4)[0]!.notes[0]!, /^given up: incomplete for 30 s$/);
    assert.deepEqual(verdicts(at([100, 101, 159], flow6)), ['good']);
    assert.deepEqual(verdicts(at([100, 101, 161], flow6)), ['incomplete', 'incomplete']);
  });

  it('may be unknown or run backwards', () => {
    assert.deepEqual(verdicts(at([0, 0, 0], flow4)), ['good']);
    assert.deepEqual(verdicts(at([1e9, 0, 1e9 + 1], flow4)), ['good']);
    assert.deepEqual(verdicts(at([1e9, 1e9 - 500, 1e9 - 400], flow4)), ['good']);
  });
});

describe('memory', () => {
  it('holds 100,000 first fragments that never complete', () => {
    const bytes = fragment(flow4, packet, A);
    const view = new DataView(bytes.buffer);
    const verifier = new Verifier({ hash: false, limits: { maxOctets: 4 << 20, maxPending: 1000 } });
    const before = process.cpuUsage();
    let out = 0;
    for (let i = 0; i < 100_000; i++) {
      view.setUint32(12, 0x0a00_0000 + i); // source
      const verdicts = verifier.push([frame(bytes)]);
      out += verdicts.length;
      if (i === 50_000) assert.match(verdicts[0]!.notes[0]!, /^given up: too many datagrams/);
    }
    assert.ok(out >= 99_000, `${out} given up before the end`);
    assert.equal(out + verifier.end().length, 100_000);
    assert.ok(process.cpuUsage(before).user < 20e6, 'microseconds: not every one against every other');
  });

  it('takes 4,096 tiny holes in its stride', () => {
    const large = udpPacket(flow4, pattern(65_507));
    const all = cuts(large.length, 8).map((piece) => frame(fragment(flow4, large, piece)));
    const even = all.filter((_, i) => i % 2 === 0).reverse();
    const odd = all.filter((_, i) => i % 2 === 1);
    const before = process.cpuUsage();
    assert.equal(judge(odd)[0]!.holes.length, 4095);
    const [verdict] = judge([...even, ...even, ...odd]);
    assert.deepEqual([verdict!.verdict, verdict!.fragments, verdict!.duplicates], ['good', all.length, even.length]);
    assert.ok(process.cpuUsage(before).user < 3e6, 'microseconds: not every one against every other');
  });

  it('bounds what a datagram says of itself', () => {
    const frames = Array.from({ length: 500 }, () => frame(fragment(flow4, packet, { offset: 0, len: 0, more: true })));
    for (const [i, { bytes }] of frames.entries()) ipv4.setTtl(new DataView(bytes.buffer), 0, i & 0xff);
    assert.ok(judge(frames)[0]!.mismatches.length <= 65);
  });
});
