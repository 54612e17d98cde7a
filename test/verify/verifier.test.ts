import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { DatagramVerdict, VerifySummary } from '../../src/verify/verdict.js';
import { Verifier, type VerifierOptions } from '../../src/verify/verifier.js';
import type { Frame } from '../../src/wire/frame.js';
import { cuts, flow4, flow6, fragment, fragments, frame, pattern, udpPacket, whole } from './build.js';

function verify(
  frames: readonly Frame[],
  options: VerifierOptions = {},
): { verdicts: DatagramVerdict[]; summary: VerifySummary } {
  const verifier = new Verifier(options);
  const verdicts = [...verifier.push(frames), ...verifier.end()];
  return { verdicts, summary: verifier.summary({ captureLost: null }) };
}
const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');
const payload = pattern(4000);
const big = pattern(65_507);

for (const flow of [flow4, flow6]) {
  const packet = udpPacket(flow, payload);
  const pieces = fragments(flow, packet).map((octets) => frame(octets));

  describe(`a datagram over IPv${flow.family}`, () => {
    it('gives every field of the contract', () => {
      const { verdicts, summary } = verify(pieces);
      assert.deepEqual(verdicts, [
        {
          type: 'datagram',
          family: flow.family,
          source: flow.family === 4 ? '192.0.2.1' : '2001:db8::1',
          destination: flow.family === 4 ? '192.0.2.2' : '2001:db8::2',
          via: null,
          ident: flow.ident,
          protocol: 17,
          fragments: 3,
          duplicates: 0,
          overlaps: 0,
          conflicts: 0,
          holes: [],
          complete: true,
          headerChecksumErrors: 0,
          udp: { sourcePort: 1111, destinationPort: 9999, length: 4008, checksum: 'good' },
          payloadLen: 4000,
          payloadSha256: sha256(payload),
          verdict: 'good',
          mismatches: [],
          notes: [],
          findings: [],
          cut: false,
          offloaded: null,
          fragmentList: null,
        },
      ]);
      assert.deepEqual(summary, {
        type: 'summary',
        frames: 3,
        fragments: 3,
        datagrams: 1,
        good: 1,
        bad: 0,
        incomplete: 0,
        reassembled: 0,
        offloaded: 0,
        spliced: 0,
        planned: 0,
        judged: 3,
        other: 0,
        headersCut: 0,
        notJudged: {},
        captureLost: null,
        fault: null,
        notes: [],
        verdict: 'good',
      });
    });

    it('is good in any order', () => {
      assert.equal(verify([...pieces].reverse()).verdicts[0]!.verdict, 'good');
    });

    it('is good unfragmented, without fragments', () => {
      const [verdict] = verify([frame(whole(flow, packet))]).verdicts;
      assert.equal(verdict!.verdict, 'good');
      assert.equal(verdict!.fragments, 0);
      assert.equal(verdict!.ident, flow.family === 4 ? flow.ident : null);
      assert.equal(verdict!.payloadSha256, sha256(payload));
    });

    it('is incomplete with its hole named', () => {
      const { verdicts, summary } = verify([pieces[0]!, pieces[2]!]);
      assert.deepEqual(verdicts[0]!.holes, [[1480, 2960]]);
      assert.equal(verdicts[0]!.verdict, 'incomplete');
      assert.equal(verdicts[0]!.complete, false);
      assert.equal(verdicts[0]!.udp, null);
      assert.equal(verdicts[0]!.payloadLen, null);
      assert.equal(summary.verdict, 'inconclusive');
    });

    it('has a hole without end while the last fragment is unknown', () => {
      assert.deepEqual(verify([pieces[1]!]).verdicts[0]!.holes, [
        [0, 1480],
        [2960, null],
      ]);
    });

    it('of the largest size is good', () => {
      const largest = flow.family === 4 ? big : pattern(65_527);
      const frames = fragments(flow, udpPacket(flow, largest)).map((octets) => frame(octets));
      const [verdict] = verify(frames).verdicts;
      assert.equal(verdict!.verdict, 'good');
      assert.equal(verdict!.payloadLen, largest.length);
    });

    it('cut by snaplen 96 is incomplete, never bad', () => {
      const cut = fragments(flow, packet).map((octets) => frame(octets, 0, 96));
      const { verdicts, summary } = verify(cut);
      const headers = flow.family === 4 ? 20 : 48;
      assert.equal(verdicts.length, 1);
      assert.deepEqual(verdicts[0]!.holes, [
        [96 - headers, 1480],
        [1480 + 96 - headers, 2960],
        [2960 + 96 - headers, 4008],
      ]);
      assert.equal(verdicts[0]!.verdict, 'incomplete');
      assert.deepEqual(verdicts[0]!.mismatches, []);
      assert.match(verdicts[0]!.notes.join(), /cut by the capture \(snaplen\)/);
      assert.equal(summary.verdict, 'inconclusive');
    });
  });
}

describe('duplicates', () => {
  const packet = udpPacket(flow4, payload);
  const [a, b, c] = fragments(flow4, packet).map((octets) => frame(octets)) as [Frame, Frame, Frame];

  it('are counted and good', () => {
    const { verdicts } = verify([a, a, b, c]);
    assert.equal(verdicts[0]!.duplicates, 1);
    assert.equal(verdicts[0]!.fragments, 3);
    assert.equal(verdicts[0]!.verdict, 'good');
  });

  it('that come after completion are its leftovers', () => {
    const { verdicts, summary } = verify([a, b, c, c, a, a]);
    assert.equal(verdicts.length, 1);
    assert.equal(verdicts[0]!.duplicates, 3);
    assert.equal(verdicts[0]!.fragments, 3);
    assert.equal(summary.verdict, 'good');
  });

  it('that complete themselves are a new datagram', () => {
    const { verdicts } = verify([a, b, c, c, b, a]);
    assert.deepEqual(
      verdicts.map((verdict) => [verdict.verdict, verdict.duplicates]),
      [
        ['good', 0],
        ['good', 0],
      ],
    );
  });

  it('with other octets than the completed datagram are an incomplete one', () => {
    const other = fragments(flow4, udpPacket(flow4, pattern(4000, 2))).map((octets) => frame(octets));
    const { verdicts } = verify([a, b, c, other[1]!]);
    assert.deepEqual(
      verdicts.map(({ verdict, duplicates }) => [verdict, duplicates]),
      [
        ['good', 0],
        ['incomplete', 0],
      ],
    );
  });

  it('come too late after the hold time', () => {
    const at = (time: number, { bytes }: Frame): Frame => frame(bytes, time);
    const { verdicts } = verify([at(1, a), at(1, b), at(1, c), at(40, a)]);
    assert.deepEqual(
      verdicts.map(({ verdict }) => verdict),
      ['good', 'incomplete'],
    );
  });

  it('hold nothing behind them longer than maxHeld verdicts', () => {
    const verifier = new Verifier({ limits: { maxHeld: 4 } });
    let out = 0;
    for (let ident = 1; ident <= 20; ident++) {
      for (const octets of fragments({ ...flow4, ident }, packet)) out += verifier.push([frame(octets)]).length;
    }
    assert.equal(out, 16);
    assert.equal(verifier.end().length, 4);
  });
});

describe('what overlaps', () => {
  const packet = udpPacket(flow4, payload);
  const pieces = cuts(packet.length, 1480);
  const good = pieces.map((piece) => fragment(flow4, packet, piece));
  const odd = (offset: number, len: number, data = packet, more = true): Uint8Array =>
    fragment(flow4, data, { offset, len, more });
  const judge = (...packets: Uint8Array[]): DatagramVerdict =>
    verify(packets.map((octets) => frame(octets))).verdicts[0]!;

  it('is bad even with equal data, and says where', () => {
    const verdict = judge(good[0]!, odd(1472, 1488), good[2]!);
    assert.equal(verdict.overlaps, 1);
    assert.equal(verdict.conflicts, 0);
    assert.equal(verdict.verdict, 'bad');
    assert.equal(verdict.complete, true);
    assert.equal(verdict.udp!.checksum, 'good');
    assert.deepEqual(verdict.mismatches, [
      'fragment #2: fragOff got 184, want 185 (overlaps octets 1472–1480, data equal)',
    ]);
  });

  it('with other data is a conflict, and the first data stay', () => {
    const verdict = judge(good[0]!, odd(1472, 1488, pattern(4008, 9)), good[1]!, good[2]!);
    assert.deepEqual([verdict.overlaps, verdict.conflicts, verdict.verdict], [2, 2, 'bad']);
    assert.match(verdict.mismatches[0]!, /conflicting/);
  });

  it('of the same place with other data is no duplicate', () => {
    const changed = packet.slice();
    changed[2000]! ^= 1;
    const verdict = judge(good[0]!, good[1]!, fragment(flow4, changed, pieces[1]!), good[2]!);
    assert.deepEqual([verdict.duplicates, verdict.overlaps, verdict.conflicts], [0, 1, 1]);
    assert.equal(verdict.udp!.checksum, 'good');
  });

  it('before what came is told by its end', () => {
    const verdict = judge(good[1]!, odd(0, 1488), good[2]!);
    assert.deepEqual(verdict.mismatches, [
      'fragment #2: end got 1488, want at most 1480 (overlaps octets 1480–1488, data equal)',
    ]);
  });
});
