import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, mock } from 'node:test';
import { STEPS } from '../../../src/faults/catalog.js';
import { makePayload } from '../../../src/payload/generated.js';
import { FrameJudge } from '../../../src/verify/frame-judge.js';
import type { VerifierOptions } from '../../../src/verify/verifier.js';
import { verify } from '../../../src/verify/verify.js';
import { CaptureReader } from '../../../src/wire/capture-reader.js';
import type { Frame } from '../../../src/wire/frame.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import { cut } from '../../faults/cut.js';
import { cuts, flow4, flow6, fragment, fragments, pattern, udpPacket, whole } from '../build.js';
import { assertSame, fileOf, type judge, WAYS } from './both-ways.js';
import { Dice, framed, LINKS, mangled, times } from './traffic.js';

const CASES = new URL('../../../../test/cases/', import.meta.url);

/** What a verifier may be asked for; the kernel judges only where no hash is made. */
const OPTIONS: readonly VerifierOptions[] = [
  {},
  { sightings: true },
  { strict: true },
  { allowZeroChecksum6: true, sightings: true },
  { limits: { holdTime: 0.5 } },
  { limits: { maxPending: 3, maxHeld: 2 } },
  { limits: { maxOctets: 200_000, timeout4: 1, timeout6: 2, holdTime: 0.01 } },
  { select: ({ udp }) => udp?.destinationPort === 9999 },
  { hash: true },
  { mtu: () => 1000 },
  { mtu: () => 9000, sightings: true },
];

describe('what the kernel judges where it lies', () => {
  it('is judged as frame by frame in the captures made by hand', () => {
    let captures = 0;
    for (const name of readdirSync(CASES)) {
      if (!name.endsWith('.pcap')) continue;
      captures += 1;
      const frames = new CaptureReader().push(readFileSync(new URL(name, CASES)));
      for (const way of WAYS) for (const options of OPTIONS) assertSame(frames, way, options, name);
    }
    assert.ok(captures > 10, `${captures} captures`);
  });

  for (const family of [4, 6] as const) {
    it(`is judged the same whatever a plan makes of a datagram over IPv${family}`, () => {
      let compared = 0;
      for (const [i, { name, example }] of STEPS.entries()) {
        const plan = example.length === 0 ? name : `${name}(${example.join(', ')})`;
        for (const size of [0, 1473, 4000]) {
          let frames: readonly Frame[];
          try {
            ({ frames } = cut(plan, family, size));
          } catch (error) {
            assert.match(String(error), /^\w+Error: plan: /); // one that datagrams of this size can't follow
            continue;
          }
          compared += 1;
          const good = cut('reverse, reverse', family, 5000, 1500, 77).frames;
          const way = WAYS[(i + size) % WAYS.length]!;
          for (const options of OPTIONS.slice(0, 3)) assertSame([...good, ...frames, ...good], way, options, plan);
        }
      }
      assert.ok(compared > 2 * (STEPS.length - 1), `only ${compared} were compared`);
    });
  }

  it('is judged the same with bits flipped, packets lost, doubled, woven into each other, out of order, on every link', () => {
    const links = Object.keys(LINKS);
    let oneByOne = 0;
    let all = 0;
    for (let seed = 1; seed <= 250; seed++) {
      const dice = new Dice(seed);
      const packets = mangled(seed);
      const when = times(seed, packets.length);
      const link = dice.once(2) ? 'ethernet' : dice.pick(links);
      const snaplen = dice.once(20) ? 40 + dice.below(1000) : undefined;
      const frames = packets.map((packet, i) => framed(packet, link, when[i]!, snaplen));
      const judged = assertSame(frames, dice.pick(WAYS), dice.pick(OPTIONS), `seed ${seed}, ${link}`);
      oneByOne += judged.oneByOne;
      all += judged.summary.frames;
    }
    assert.ok(all - oneByOne > 3000, `${oneByOne} of ${all} frames were looked at one by one: too little was compared`);
  });
});

describe('the kernel', () => {
  const stream = (count: number, gsoSize: number): Uint8Array[] =>
    Array.from({ length: count }, (_, i) => i + 1).flatMap((ident) =>
      [flow4, flow6].flatMap((flow) => fragments({ ...flow, ident }, udpPacket(flow, pattern(9000, ident)), gsoSize)),
    );

  for (const link of ['ethernet', 'vlan', 'two tags', 'raw', 'cooked', 'cooked 2', 'null', 'loop', 'five tags']) {
    const known = link !== 'five tags';
    it(`takes ${known ? 'all' : 'nothing'} of a stream on ${link}`, () => {
      const frames = stream(50, 1480).map((packet, i) => framed(packet, link, BigInt(1e9 + i)));
      for (const way of WAYS.filter(({ kind }) => kind !== 'big-endian')) {
        const { oneByOne, summary } = assertSame(frames, way, {}, link);
        assert.deepEqual([summary.good, oneByOne], [100, known ? 0 : frames.length]);
      }
    });
  }

  it('takes single datagrams, and those in more fragments than a chunk holds', () => {
    const singles = [flow4, flow6].flatMap((flow) =>
      Array<Uint8Array>(200).fill(whole(flow, udpPacket(flow, pattern(1400)))),
    );
    const tiny = stream(2, 8);
    const frames = [...singles, ...tiny, ...singles].map((packet, i) => framed(packet, 'ethernet', BigInt(1e9 + i)));
    const { summary, oneByOne } = assertSame(frames, WAYS[0]!, {}, 'singles and tiny');
    assert.deepEqual([summary.good, summary.fragments], [804, tiny.length]);
    assert.equal(oneByOne, 0);
  });

  it('knows leftovers of a datagram that it took, and what differs in them', () => {
    const packets = stream(3, 1480).map((packet, i) => framed(packet, 'ethernet', BigInt(1e9 + i)));
    const again = packets.slice(14, 18);
    const other = framed(packets[15]!.bytes.slice(14).fill(1, 30, 40), 'ethernet', 2_000_000_000n);
    for (const extra of [again, [other], [...again, other]]) {
      const { verdicts } = judge2([...packets, ...extra]);
      assert.ok(verdicts.some(({ duplicates, verdict }) => duplicates > 0 || verdict !== 'good'));
    }
  });

  it('tells what the headers of those said that it took', () => {
    const odd = { dontFragment: true, ttl: 9, tos: 0x2e, flowLabel: 0x54321 };
    const packet = udpPacket(flow4, pattern(1200));
    const one = fragment(flow4, packet, { offset: 0, len: packet.length, more: false }, odd);
    const stream = [flow4, flow6].flatMap((flow) =>
      [1, 2, 3].flatMap((ident) => {
        const cut = udpPacket(flow, makePayload(3000, 7, ident));
        return cuts(cut.length, 1448).map((piece) => fragment({ ...flow, ident }, cut, piece, odd));
      }),
    );
    const frames = [one, ...stream].map((octets, i) => framed(octets, 'ethernet', BigInt(1e9 + i)));
    const { verdicts, oneByOne } = assertSame(frames, WAYS[0]!, { sightings: true }, 'headers');
    assert.equal(oneByOne, 0);
    const four = [[true], [], [9], [0x2e]];
    const six = [[], [0x54321], [9], [0x2e]];
    const seen = verdicts.map((verdict) => verdict.seen!);
    assert.deepEqual(
      seen.map(({ df, flowLabel, ttl, tos }) => [df, flowLabel, ttl, tos]),
      [four, four, four, four, six, six, six],
    );
  });

  it('lists the fragments of one that a leftover makes bad', () => {
    const packets = stream(2, 1480);
    const reserved = packets[1]!.slice();
    const view = new DataView(reserved.buffer);
    ipv4.setFragOff(view, 0, ipv4.getFragWord(view, 0) | ipv4.RESERVED_FLAG);
    ipv4.fillChecksum(view, 0);
    const frames = [...packets, reserved].map((packet, i) => framed(packet, 'ethernet', BigInt(1e9 + i)));
    const { verdicts } = judge2(frames);
    const [bad] = verdicts.filter(({ verdict }) => verdict === 'bad');
    const listed = bad!.fragmentList!.map(({ number, frame, offset, repeated = false }) => ({
      number,
      frame,
      offset,
      repeated,
    }));
    const want = Array.from({ length: 7 }, (_, i) => ({
      number: i + 1,
      frame: i + 1,
      offset: 1480 * i,
      repeated: false,
    }));
    assert.deepEqual(listed, [...want, { number: 8, frame: frames.length, offset: 1480, repeated: true }]);
  });

  it('takes a file as records, with no object a frame', async () => {
    const looked = mock.method(FrameJudge.prototype, 'frame');
    const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-whole-'));
    try {
      const file = join(folder, 'in.pcap');
      writeFileSync(
        file,
        fileOf(
          stream(20, 1480).map((packet) => framed(packet, 'ethernet', 1n)),
          'pcap',
        ),
      );
      const verdicts: string[] = [];
      for await (const { verdict } of verify(file, { hash: false })) verdicts.push(verdict);
      assert.deepEqual([verdicts, looked.mock.callCount()], [Array(40).fill('good'), 0]);
    } finally {
      looked.mock.restore();
      rmSync(folder, { recursive: true });
    }
  });

  function judge2(frames: readonly Frame[]): ReturnType<typeof judge> {
    assertSame(frames, WAYS[0]!, {}, 'leftovers');
    return assertSame(frames, WAYS[0]!, { limits: { holdTime: 1e6 } }, 'leftovers');
  }
});
