import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Comparer, Recount } from '../../src/verify/recount.js';
import type { DatagramKind, DatagramVerdict, VerifySummary } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { flow4, fragments, frame, pattern, udpPacket } from './build.js';

/** Two datagrams, and what a comparer that finds them `as`, and all of it `result`, makes of that. */
function recounted(as: readonly (DatagramKind | null)[], result: VerifySummary['verdict'], lost = false) {
  const verifier = new Verifier({ hash: false });
  const packets = [1, 2].flatMap((ident) => fragments({ ...flow4, ident }, udpPacket(flow4, pattern(3000))));
  const frames = (lost ? packets.slice(1) : packets).map((octets) => frame(octets));
  const verdicts = [...verifier.push(frames), ...verifier.end()];
  let next = 0;
  const comparer: Comparer = {
    take: (verdict) => {
      const kind = as[next++]!;
      return kind === null ? null : { verdict: { ...verdict, verdict: kind } };
    },
    result: () => ({ verdict: result }),
  };
  const recount = new Recount(comparer);
  const taken = verdicts.map((verdict): DatagramVerdict => recount.take(verdict));
  const { verdict, good, bad, planned, incomplete } = recount.summary(verifier.summary({ captureLost: 0 }));
  return { kinds: taken.map((one) => one.verdict), verdict, counts: [good, bad, planned, incomplete] };
}

describe('a summary behind a comparison', () => {
  it('is good only where both say so', () => {
    const both = recounted([null, 'good'], 'good');
    assert.deepEqual(both, { kinds: ['good', 'good'], verdict: 'good', counts: [2, 0, 0, 0] });
    assert.equal(recounted([null, null], 'inconclusive').verdict, 'inconclusive');
    assert.equal(recounted([null, null], 'good', true).verdict, 'inconclusive');
  });

  it('is bad where one of both says so', () => {
    assert.equal(recounted([null, null], 'bad').verdict, 'bad');
    const one = recounted([null, 'bad'], 'good');
    assert.deepEqual(one, { kinds: ['good', 'bad'], verdict: 'bad', counts: [1, 1, 0, 0] });
  });

  it('does not hold against a sender what its plan made so', () => {
    const planned = recounted([null, 'planned'], 'good', true);
    assert.deepEqual(planned, { kinds: ['good', 'planned'], verdict: 'good', counts: [1, 0, 1, 0] });
  });
});
