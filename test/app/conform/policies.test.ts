import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { agrees, casePayload, casePlan, pairCases, predicted, tripleCases } from '../../../src/app/conform/overlap.js';
import { KNOWN_POLICIES, type Mixture } from '../../../src/app/conform/policies.js';
import { comparePolicies, policyLine, policyOf, policyRows } from '../../../src/app/conform/policy.js';
import { pairOf, RELATIONS, relationOf, triples } from '../../../src/app/conform/relations.js';
import { ownersOf, probeOf, taggedUnits } from '../../../src/app/conform/tagged.js';
import { segment } from '../../../src/ufo/segment-datagram.js';
import { sumOctets } from '../../../src/wire/checksum.js';
import { frameData } from '../../../src/wire/frame.js';

describe('overlapping fragments', () => {
  it('stand in each of the 13 relations, and in each of the 409 consistent triples', () => {
    for (const relation of RELATIONS) assert.equal(relationOf(...pairOf(relation)), relation);
    const names = triples().map(([a, b, c]) => `${relationOf(a, b)} ${relationOf(b, c)} ${relationOf(a, c)}`);
    assert.equal(names.length, 409);
    assert.equal(new Set(names).size, 409);
    assert.equal(pairCases().length, 13 * 2 * 4);
    assert.equal(tripleCases().length, 409 * 4);
  });

  it('carry units of equal sum that tell probe, place and owner, so that any mixture passes its checksum', () => {
    const mine = taggedUnits(0x1234, 1, 0, 20);
    const others = taggedUnits(0x1234, 7, 0, 20);
    const mixture = Buffer.concat([mine.subarray(0, 40), others.subarray(40, 96), mine.subarray(96)]);
    assert.equal(sumOctets(mixture), sumOctets(mine));
    assert.deepEqual(ownersOf(mixture, 0x1234), [...Array(5).fill(1), ...Array(7).fill(7), ...Array(8).fill(1)]);
    assert.equal(probeOf(mixture), 0x1234);
    assert.deepEqual(ownersOf(mixture, 0x1235), Array(20).fill(-1));
    assert.deepEqual(ownersOf(mine.subarray(8), 0x1234)[0], -1, 'a unit that is not where it belongs');
  });

  it('cover the whole datagram, which a last filler alone completes', () => {
    for (const one of [...pairCases(), ...tripleCases()]) {
      const there = new Set(one.order.slice(0, -1).flatMap(([from, to]) => range(from, to)));
      const [from, to] = one.order.at(-1)!;
      assert.ok(
        range(from, to).every((unit) => !there.has(unit)),
        one.name,
      );
      for (const unit of range(from, to)) there.add(unit);
      assert.equal(there.size, one.units, one.name);
      assert.ok(one.tested.every((at, turn) => turn === 0 || at > one.tested[turn - 1]!));
    }
  });

  it('go out as the case says, with the checksum of the whole', () => {
    const way = { source: { address: '192.0.2.1', port: 1 }, destination: { address: '192.0.2.2', port: 9 } };
    for (const one of pairCases().slice(0, 40)) {
      const frames = [...segment({ ...way, payload: casePayload(one, 99), ident: 99, plan: casePlan(one, 99) })];
      const places = frames.map((frame) => {
        const octets = Buffer.from(frameData(frame));
        const from = octets.readUInt16BE(6) & 0x1fff;
        return [from, from + (octets.length - 20) / 8];
      });
      assert.deepEqual(places, one.order);
    }
  });
});

describe('a policy', () => {
  for (const policy of KNOWN_POLICIES) {
    it(`${policy.name} is told by its name from what it delivers, and from the others`, () => {
      const cases = pairCases();
      const answers = cases.map((one) => predicted(one, policy));
      const found = policyOf(cases, answers, [], []);
      assert.deepEqual(
        found.names.map(({ name }) => name),
        [policy.name],
      );
      assert.match(policyLine(found), new RegExp(`^${policy.name}: `));
      assert.equal(policyRows(found.cells).length, 13);
    });
  }

  it('of no name says which is nearest', () => {
    const cases = pairCases();
    const first = KNOWN_POLICIES.find(({ name }) => name === 'first')!;
    const answers: Mixture[] = cases.map((one) => predicted(one, first));
    answers[cases.findIndex(({ relation }) => relation === 'equals')] = 'none';
    const found = policyOf(cases, answers, [], []);
    assert.deepEqual(found.names, []);
    assert.match(policyLine(found), /^no known policy; nearest is first, 103 of 104 answers alike/);
    assert.equal(agrees(cases[0]!, answers[0]!, first), true);
  });

  it('is not told where fragments that share no octet did not come whole either', () => {
    const cases = pairCases();
    const first = KNOWN_POLICIES.find(({ name }) => name === 'first')!;
    const answers = cases.map((one): Mixture => (one.relation === 'meets' ? 'none' : predicted(one, first)));
    assert.match(policyLine(policyOf(cases, answers, [], [])), /^not known: 8 datagrams without any overlap/);
  });

  it('is held against another cell by cell', () => {
    const one = { cells: { 'equals, A first': 'old', 'during, A first': 'none' }, triples: { x: '1,2' } } as const;
    assert.deepEqual(comparePolicies(one, one), []);
    assert.deepEqual(comparePolicies(one, { cells: { 'equals, A first': 'new' }, triples: { x: 'none' } }), [
      'equals, A first: old here, new there',
      'x: 1,2 here, none there',
    ]);
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_none, at) => from + at);
}
