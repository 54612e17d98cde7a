import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { flow4, fragments, frame, pattern, udpPacket } from './build.js';

/** Datagrams of two fragments with counted idents, `lost` telling which fragments the capture did not get. */
function counted(count: number, lost: (number: number, fragment: number) => boolean) {
  const verifier = new Verifier({ hash: false });
  const verdicts: DatagramVerdict[] = [];
  const payloads = [pattern(100, 1), pattern(100, 2), pattern(100, 3)];
  for (let i = 0; i < count; i++) {
    const flow = { ...flow4, ident: i & 0xffff };
    const pieces = fragments(flow, udpPacket(flow, payloads[Math.floor(i / 65_536) % 3]!), 64);
    const frames = pieces.filter((_, k) => !lost(i, k)).map((octets) => frame(octets, 1 + i * 5e-6));
    verdicts.push(...verifier.push(frames));
  }
  verdicts.push(...verifier.end());
  return { verdicts, summary: verifier.summary({ captureLost: null }) };
}

describe('halves of two datagrams whose idents came round (RFC 4963)', () => {
  it('are a splice and inconclusive, where they fit together', () => {
    const { verdicts, summary } = counted(65_536 + 10, (i, k) => (i === 5 && k === 1) || (i === 65_536 + 5 && k === 0));
    const spliced = verdicts.filter(({ verdict }) => verdict === 'spliced');
    assert.equal(spliced.length, 1);
    assert.equal(spliced[0]!.ident, 5);
    assert.deepEqual(spliced[0]!.mismatches, []);
    assert.equal(spliced[0]!.findings[0]!.code, 'spliced');
    assert.deepEqual([summary.bad, summary.spliced, summary.verdict], [0, 1, 'inconclusive']);
  });

  it('are two datagrams, one incomplete, where they overlap', () => {
    const { verdicts, summary } = counted(65_536 + 10, (i, k) => i === 5 && k === 1);
    const [lost] = verdicts.filter(({ verdict }) => verdict !== 'good');
    assert.deepEqual([lost!.verdict, lost!.ident, lost!.findings[0]!.code], ['incomplete', 5, 'ident-came-again']);
    assert.deepEqual([summary.bad, summary.incomplete, summary.verdict], [0, 1, 'inconclusive']);
  });

  it('never make anything bad of what was only lost', () => {
    let state = 1;
    const random = (): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state / 2 ** 32;
    };
    const { summary } = counted(150_000, () => random() < 0.26);
    assert.equal(summary.bad, 0);
    assert.ok(summary.incomplete > 1000);
  });

  it('do not excuse octets that changed while no ident came again', () => {
    const flow = { ...flow4, ident: 7 };
    const spoilt = udpPacket(flow, pattern(100));
    spoilt[70]! ^= 1;
    const verifier = new Verifier();
    for (let i = 0; i < 70_000; i += 2) {
      const other = { ...flow4, ident: i & 0xffff };
      verifier.push(fragments(other, udpPacket(other, pattern(40)), 32).map((octets) => frame(octets)));
    }
    const verdicts = [...verifier.push(fragments(flow, spoilt, 64).map((octets) => frame(octets))), ...verifier.end()];
    assert.equal(verdicts.filter(({ verdict }) => verdict === 'bad').length, 1);
  });
});
