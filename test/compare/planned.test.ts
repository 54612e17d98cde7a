import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExpectedPlan, PlannedPiece } from '../../src/compare/expected.js';
import { cameAsPlanned, isUnreadable, matchPlanned, plannedText } from '../../src/compare/planned.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { flow4, fragment, frame, pattern, udpPacket } from '../verify/build.js';

const packet = udpPacket(flow4, pattern(100)); // 108 octets: 48, 48, 12
const PIECES: readonly PlannedPiece[] = [
  [0, 48, 1],
  [48, 48, 1],
  [96, 12, 0],
];

const planOf = (packets: readonly PlannedPiece[], more: Partial<ExpectedPlan> = {}): ExpectedPlan => ({
  ...{ plan: 'p', verdict: 'good', faults: [], packets, copies: 0 },
  ...more,
});

/** The verdict on packets with these pieces of the datagram. */
function came(pieces: readonly PlannedPiece[], octets = packet): DatagramVerdict {
  const frames = pieces.map(([offset, len, more]) => frame(fragment(flow4, octets, { offset, len, more: more === 1 })));
  const verifier = new Verifier({ sightings: true });
  return [...verifier.push(frames), ...verifier.end()][0]!;
}

const match = (planned: ExpectedPlan, verdict: DatagramVerdict) => {
  const one = matchPlanned(planned, verdict);
  return { ...one, asPlanned: cameAsPlanned(one) };
};
const [A, B, C] = PIECES as [PlannedPiece, PlannedPiece, PlannedPiece];

describe('a datagram that a plan made', () => {
  it('came as planned whole, or as much of it as was made', () => {
    const good = { lost: 0, copies: 0, strange: [], asPlanned: true };
    assert.deepEqual(match(planOf(PIECES), came(PIECES)), { ...good, inOrder: false }); // a good one lists no fragments
    const missing = planOf([A, C], { verdict: 'incomplete', faults: ['missing'] });
    assert.deepEqual(match(missing, came([A, C])), { ...good, inOrder: true });
    assert.deepEqual(match(missing, came([C, A])), { ...good, inOrder: false });
  });

  it('has lost what did not come, and nothing strange for that', () => {
    const lost = match(planOf(PIECES), came([A, C]));
    assert.deepEqual(lost, { lost: 1, copies: 0, strange: [], inOrder: false, asPlanned: false });
    assert.equal(match(planOf(PIECES, { verdict: 'incomplete' }), came([A])).lost, 2);
    const fewer = { ...came(PIECES), fragments: 2 };
    assert.deepEqual(match(planOf(PIECES), fewer).lost, 1);
  });

  it('has copies that it did not make, or fewer than it made', () => {
    const twice = came([A, A, B, C]);
    assert.deepEqual(match(planOf(PIECES), twice), {
      ...{ lost: 0, copies: 1, strange: [], inOrder: false, asPlanned: false },
    });
    assert.equal(match(planOf(PIECES, { copies: 1 }), twice).asPlanned, true);
    const two = match(planOf(PIECES, { copies: 3 }), twice);
    assert.deepEqual([two.lost, two.copies, two.asPlanned], [2, 0, false]);
  });

  it('has strange fragments and faults by their texts, but for what a mixture explains', () => {
    const missing = planOf([A, C], { verdict: 'incomplete', faults: ['missing'] });
    const other = match(missing, came([A, [40, 16, 1], C]));
    assert.deepEqual(other.strange, [
      'got a fragment of 16 octets at 40 with MF, which the plan did not make',
      ...came([A, [40, 16, 1], C]).mismatches,
    ]);
    const wrong = packet.slice();
    wrong[60]! ^= 1;
    const spoilt = came(PIECES, wrong);
    assert.deepEqual(match(planOf(PIECES), spoilt).strange, spoilt.mismatches);
    const meant = planOf(PIECES, { verdict: 'bad', faults: ['udp-checksum'] });
    assert.equal(match(meant, spoilt).asPlanned, true);
    assert.deepEqual(match(meant, came(PIECES)).strange, ['udp-checksum did not come']);
  });

  it('is mixed with others where those come instead of its own', () => {
    const others: PlannedPiece[] = [[48, 40, 1]];
    const mixed = match(planOf(PIECES, { others, verdict: 'incomplete' }), came([A, [48, 40, 1], C]));
    assert.deepEqual([mixed.lost, mixed.strange], [1, []]);
    const alien = match(planOf(PIECES, { verdict: 'incomplete' }), came([A, [48, 40, 1], C]));
    assert.deepEqual(alien.strange, ['got a fragment of 40 octets at 48 with MF, which the plan did not make']);
  });

  it('of sizes alone is strange where they are others', () => {
    const cut = [
      [0, 56, 1],
      [56, 40, 1],
      [96, 12, 0],
    ] as const;
    assert.deepEqual(match(planOf(PIECES), came(cut)).strange, ['got 3 packets, which the plan did not make']);
    const [four, whole] = [match(planOf([A, B]), came(PIECES)), match(planOf([[0, 108, 0]]), came([[0, 108, 0]]))];
    assert.deepEqual([four.strange, four.lost], [['got 3 packets, which the plan did not make'], 0]);
    assert.equal(whole.asPlanned, true);
  });
});

it('nobody can tell ports and payload where a plan spoils what leads to them', () => {
  const unreadable = (['udp-length', 'chain', 'header', 'protocol'] as const).map((fault) => [fault]);
  for (const faults of unreadable) assert.equal(isUnreadable(planOf(PIECES, { faults })), true);
  assert.equal(isUnreadable(planOf(PIECES, { faults: ['missing', 'overlap', 'udp-checksum'] })), false);
  assert.equal(
    plannedText(planOf(PIECES, { faults: ['missing', 'overlap'] })),
    'as planned by p: octets missing, overlap',
  );
});
