import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { placeOf } from '../../src/faults/packet.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { cut } from './cut.js';

const IDENT = 0x1234;

/** Each packet: offset, octets, M where more follow; what else it has that the datagram's fragments have not. */
function places(text: string, family: 4 | 6, size: number): string {
  const shown = cut(text, family, size, 1500, IDENT).packets.map((packet) => {
    const { offset, more, ident } = placeOf(packet);
    const { payload, trailer, delayMs, datagram } = packet;
    const extra = [
      ident === IDENT ? '' : ` #${ident}`,
      trailer.length === 0 ? '' : ` trailing ${trailer.length}`,
      delayMs === 0 ? '' : ` after ${delayMs} ms`,
      datagram === 0 ? '' : ` of ${datagram}`,
    ];
    return `${offset}+${payload.length}${more ? 'M' : ''}${extra.join('')}`;
  });
  return shown.join(', ');
}

/** Of 4,000 octets over IPv4 the UFO stage makes `0+1480M, 1480+1480M, 2960+1048`; over IPv6 1448 octets a fragment. */
const MADE: readonly (readonly [plan: string, want: string, family?: 4 | 6, size?: number])[] = [
  ['reverse', '2960+1048, 1480+1480M, 0+1480M'],
  ['swap(1, 3)', '2960+1048, 1480+1480M, 0+1480M'],
  ['swap(-1, 2)', '0+1480M, 2960+1048, 1480+1480M'],
  ['last-first', '2960+1048, 0+1480M, 1480+1480M'],
  ['order(3, 1)', '2960+1048, 0+1480M, 1480+1480M'],
  ['order(2)', '1480+1480M, 0+1480M, 2960+1048'],
  ['delay(3, 200)', '0+1480M, 1480+1480M, 2960+1048 after 200 ms'],
  ['drop(2)', '0+1480M, 2960+1048'],
  ['drop(1, last)', '1480+1480M'],
  ['drop(100%)', ''],
  // Seeds mean the same in every version.
  ['shuffle(7)', '2960+1048, 0+1480M, 1480+1480M'],
  [
    'sizes(400), drop(30%, seed=5)',
    '0+400M, 400+400M, 800+400M, 1200+400M, 2000+400M, 2400+400M, 2800+400M, 3200+400M, 3600+400M, 4000+8',
  ],
  ['drop(0%)', '0+1480M, 1480+1480M, 2960+1048'],
  ['duplicate(2, 2)', '0+1480M, 1480+1480M, 1480+1480M, 1480+1480M, 2960+1048'],
  ['delay(2, 9), duplicate(2)', '0+1480M, 1480+1480M after 9 ms, 1480+1480M, 2960+1048'],
  ['repeat(2)', '0+1480M, 1480+1480M, 2960+1048, 0+1480M, 1480+1480M, 2960+1048'],
  ['tiny', '0+8M, 8+1480M, 1488+1480M, 2968+1040'],
  ['tiny(16)', '0+16M, 16+1480M, 1496+1480M, 2976+1032'],
  ['tiny', '0+8M, 8+1448M, 1456+1448M, 2904+1104', 6],
  ['tiny', '0+8M, 8+100', 6, 100],
  ['drop(1), tiny', '1480+1480M, 2960+1048'],
  ['sizes(8, 16, 1480)', '0+8M, 8+16M, 24+1480M, 1504+1480M, 2984+1024'],
  ['sizes(1000, 200)', '0+1000M, 1000+200M, 1200+200M, 1400+200M, 1600+200M, 1800+8', 4, 1800],
  ['reverse, sizes(1000)', '2960+1000M, 3960+48, 1480+1000M, 2480+480M, 0+1000M, 1000+480M'],
  ['drop(2), sizes(1000)', '0+1000M, 1000+480M, 2960+1000M, 3960+48'],
  ['unaligned(1, 3)', '0+1477M, 1480+1480M, 2960+1048'],
  ['unaligned', '0+1479M, 1480+1480M, 2960+1048'],
  ['zero-last', '0+1480M, 1480+1480M, 2960+1048M, 4008+0'],
  ['zero-last', '0+1480M, 1480+1480M, 2960+1048M, 4008+0', 4, 3997],
  ['zero-last', '0+112M, 112+0', 6, 100],
  ['split-chain', '0+8M, 8+116', 6, 100],
  ['split-chain', '0+8M, 8+1448M, 1456+1448M, 2904+1120', 6],
  ['overlap(head)', '0+1480M, 1480+1480M, 1472+16M, 2960+1048'],
  ['overlap(tail)', '0+1480M, 1480+1480M, 2952+16M, 2960+1048'],
  ['overlap(inside)', '0+1480M, 1480+1480M, 1488+1464M, 2960+1048'],
  ['overlap(exact)', '0+1480M, 1480+1480M, 1480+1480M, 2960+1048'],
  ['overlap(cover)', '0+1480M, 1488+1464M, 1480+1480M, 2960+1048'],
  ['overlap(tail, same, last)', '0+1480M, 1480+1480M, 2960+1048, 4000+8'],
  ['overlap(inside, same, last)', '0+1480M, 1480+1480M, 2960+1048, 2968+1032M'],
  ['overlap(cover, same, last)', '0+1480M, 1480+1480M, 2968+1032M, 2960+1048'],
  ['gap(3, 16)', '0+1480M, 1480+1480M, 2976+1048'],
  ['gap(1)', '8+1480M, 1488+1480M, 2968+1048'],
  ['gap(3, 62568)', '0+1480M, 1480+1480M, 65528+1048'],
  ['over-65535', '0+1480M, 1480+1480M, 65528+1048'],
  ['over-65535', '0+1480M, 1480+1480M, 65528+16', 4, 2960],
  ['mf-on-last', '0+1480M, 1480+1480M, 2960+1048M'],
  ['mf-on-last', '0+108M', 6, 100],
  [
    'interleave(2)',
    '0+1480M, 0+1480M #12851 of 1, 1480+1480M, 1480+1480M #12851 of 1, 2960+1048, 2960+1048 #12851 of 1',
  ],
  ['drop(1, 3), interleave(3, same)', '1480+1480M, 1480+1480M of 1, 1480+1480M of 2'],
  ['atomic', '0+1480M, 0+16, 1480+1480M, 2960+1048'],
  ['atomic', '0+1448M, 0+16, 1448+1448M, 2896+1112', 6],
  ['last-first, atomic', '2960+1048, 0+1480M, 0+16, 1480+1480M'],
  ['atomic', '0+108', 6, 100],
  ['trailing(8, last)', '0+1480M, 1480+1480M, 2960+1048 trailing 8'],
  ['trailing(3)', '0+108 trailing 3', 4, 100],
];

describe('a step', () => {
  for (const [plan, want, family = 4, size = 4000] of MADE) {
    it(`${plan} makes of ${size} octets over IPv${family}: ${want}`, () =>
      assert.equal(places(plan, family, size), want));
  }

  it('overlaps with the octets that were there, or with all others', () => {
    for (const [kind, i] of [
      ['head', 2],
      ['tail', 2],
      ['inside', 2],
      ['exact', 1],
      ['tail', 'last'],
    ] as const) {
      const datagram = new Uint8Array(4008);
      const fragments = cut('repeat(1)', 4, 4000).packets;
      for (const one of fragments) datagram.set(one.payload, placeOf(one).offset);
      for (const octets of ['same', 'different'] as const) {
        const { packets } = cut(`overlap(${kind}, ${octets}, ${i})`, 4, 4000);
        const over = packets[i === 'last' ? 3 : i]!;
        const { offset } = placeOf(over);
        const there = datagram.subarray(offset, offset + over.payload.length);
        const want = octets === 'same' ? there : there.map((octet) => octet ^ 0xff);
        assert.deepEqual(new Uint8Array(over.payload), new Uint8Array(want), `${kind}, ${octets}, ${i}`);
      }
    }
  });

  it('drops about the share that it is told, of each datagram others', () => {
    const left = Array.from(
      { length: 40 },
      (_, seed) => cut(`sizes(8), drop(30%, seed=${seed})`, 4, 4000).packets.length,
    );
    const mean = left.reduce((sum, count) => sum + count, 0) / left.length / 501;
    assert.ok(mean > 0.66 && mean < 0.74, `${mean} of them left`);
    assert.ok(new Set(left).size > 10);
  });

  const refused: readonly (readonly [plan: string, says: RegExp, family?: 4 | 6, size?: number])[] = [
    ['tiny, unaligned, atomic', /atomic: fragment: got "a first fragment of 7 octets", want one that holds/, 4, 100],
    ['split-chain, unaligned, atomic', /atomic: fragment: got "a first fragment of 7 octets"/, 6, 100],
    ['split-chain, atomic', /atomic: fragment: got "a first fragment of 8 octets"/, 6, 100],
    ['drop(1), atomic', /atomic: fragments: got 2, want the first one among them/],
    ['unaligned(last)', /fragment: got -1, want one that does not end the datagram/],
    ['unaligned(1, 8)', /unaligned: got "8"/],
    ['unaligned', /fragments: got 1, want at least 2/, 4, 100],
    ['overlap(tail)', /fragments: got 1, want at least 2/, 4, 100],
    ['over-65535', /fragments: got 1, want at least 2/, 4, 100],
    ['overlap(head, same, 1)', /got "head of the first fragment", want a later one/],
    ['overlap(inside, same, last)', /got "a fragment of 23 octets", want one of 24 or more/, 4, 1495],
    ['overlap(cover, same, last)', /got "a fragment of 23 octets", want one of 24 or more/, 4, 1495],
    ['overlap(head, same, last)', /got "a fragment of 7 octets", want one of 8 or more/, 4, 1479],
    ['order(1, 1)', /order: got "1, 1", want each fragment once/],
    ['gap(3, 62576)', /octets: got 62576, want at most 62568/],
    ['drop(2), split-chain', /got "a list with holes", want it first in the plan/, 6],
    ['split-chain', /payload: got 65512, want at most 65511 octets/, 6, 65_504],
    ['corrupt(1, 108)', /octet: got 108, want 0 … 107/, 4, 100],
    ['corrupt(1, -1)', /got "-1", want an octet of its payload/],
    ['corrupt(1, 1.5)', /got "1.5", want an octet of its payload/],
    ['drop(100%), mf-on-last', /fragments: got 0, want one that ends the datagram/],
    ['delay(1, 120001)', /ms: got "120001", want 0 … 120000 milliseconds/],
    ['drop(101%)', /got "101%"/],
    ['shuffle(-1)', /got "-1"/],
    ['interleave(1)', /n: got "1", want 2 … 64(?!, a multiple)/],
    ['interleave(65)', /n: got "65"/],
    ['repeat(0)', /n: got "0", want 1 … 1000/],
    ['drop(1.5)', /got "1.5"/],
    ['swap(1, 0)', /j: got "0"/],
  ];
  for (const [plan, says, family = 4, size = 4000] of refused) {
    it(`${plan} of ${size} octets over IPv${family} is refused, and why`, () => {
      assert.throws(() => cut(plan, family, size), { code: 'ERR_UFO_INVALID_ARGUMENT', message: says });
    });
  }

  it('goes as far as it may', () => {
    for (const [plan, family, size] of [
      ['overlap(inside, same, last)', 4, 1496],
      ['overlap(head, same, last)', 4, 1480],
      ['split-chain', 6, 65_503],
      ['corrupt(1, 107)', 4, 100],
      ['delay(1, 120000)', 4, 100],
      ['interleave(64)', 4, 100],
    ] as const)
      assert.ok(cut(plan, family, size).packets.length > 0, plan);
  });
});

describe('the datagrams of one plan', () => {
  const judged = (text: string, family: 4 | 6, size: number): DatagramVerdict[] => {
    const verifier = new Verifier();
    return [...verifier.push(cut(text, family, size).frames), ...verifier.end()];
  };

  for (const family of [4, 6] as const) {
    it(`are each right by themselves, with data of their own, over IPv${family}`, () => {
      for (const [text, size, lengths] of [
        ['atomic', 4000, [8, 4000]],
        ['interleave(3)', 100, [100, 100, 100]],
        ['interleave(3)', 4000, [4000, 4000, 4000]],
      ] as const) {
        const verdicts = judged(text, family, size);
        assert.deepEqual(
          verdicts.map(({ verdict, notes, payloadLen, udp }) => [verdict, notes, payloadLen, udp!.destinationPort]),
          lengths.map((len) => ['good', [], len, 9999]),
        );
        assert.equal(new Set(verdicts.map(({ payloadSha256 }) => payloadSha256)).size, lengths.length, text);
      }
    });
  }

  it('have between the IPv6 header and theirs nothing but padding, where a plan makes the chain longer (RFC 8200 4.2)', () => {
    const { packets } = cut('split-chain', 6, 4000);
    const octets = Buffer.concat(packets.map(({ payload }) => payload)).subarray(0, 16);
    assert.equal(octets.toString('hex'), `1101010c${'00'.repeat(12)}`);
  });
});
