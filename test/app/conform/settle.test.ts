import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type OverlapCase, type Owners, pairCases, predicted, winnerOf } from '../../../src/app/conform/overlap.js';
import { KNOWN_POLICIES, type Mixture } from '../../../src/app/conform/policies.js';
import { comparePolicies, policyLine, policyOf, unsettledIn } from '../../../src/app/conform/policy.js';
import type { Answer, Prober } from '../../../src/app/conform/prober.js';
import { Receiver } from '../../../src/app/conform/receiver.js';
import { settle } from '../../../src/app/conform/settle.js';
import { taggedUnits } from '../../../src/app/conform/tagged.js';
import { plan } from '../../../src/faults/plan.js';
import type { FragmentPlan } from '../../../src/ufo/plan.js';

const CASES = pairCases();
const LINUX = KNOWN_POLICIES.find(({ name }) => name === 'linux-new')!;
const RIGHT = CASES.map((one) => predicted(one, LINUX));
/** Linux discards it, and so nothing is what it answers. */
const DOUBTFUL = CASES.findIndex(({ name }) => name === 'overlaps, A first');
const LATER = CASES.findIndex(({ name }) => name === 'equals, A first');

/** A mixture that a case may make: all the units are of one sender. */
function ownedBy(owner: number, { units }: OverlapCase): Mixture {
  return Array.from({ length: units - 1 }, () => owner);
}

/** Answers cases by `says`, which is told the case's name and how often it was asked; plain datagrams always. */
function proberOf(says: (name: string, times: number) => Mixture) {
  const asked: { name: string; ident: number }[] = [];
  let ident = 0x2000;
  let echoes: Answer['echoes'] = [];
  const prober = {
    path: { family: 6 },
    nextIdent: () => ++ident,
    leapIdents: () => {
      ident += 0x800;
    },
    send: async (payload: Uint8Array, probe: number, { text }: FragmentPlan = plan('repeat(1)')) => {
      const isControl = payload.length > 1000;
      if (!isControl) asked.push({ name: text, ident: probe });
      const mixture = isControl ? [0] : says(text, asked.filter(({ name }) => name === text).length);
      if (mixture === 'none') return;
      const units = mixture.map((owner, at) => taggedUnits(probe, owner, at, at + 1));
      echoes = [...echoes, { at: performance.now(), payload: Buffer.concat(units) }];
    },
    answer: async (_idents: readonly number[], _from: number, _ms: number, enough: (answer: Answer) => boolean) => {
      const answer: Answer = { frames: null, echoes, icmp: [] };
      enough(answer);
      return answer;
    },
  };
  return { prober: prober as unknown as Prober, asked };
}

function echoing(prober: Prober): Receiver {
  return new Receiver(prober, 'echo', new AbortController().signal);
}

/** What counts where the first time `first` was the answer to the doubtful case, and `says` answers from then on. */
async function settled(at: number, first: Mixture, says: (times: number) => Mixture) {
  const { prober, asked } = proberOf((_name, times) => says(times));
  const answers = RIGHT.with(at, first);
  const counting = await settle(echoing(prober), CASES, answers);
  assert.deepEqual([...new Set(asked.map(({ name }) => name))], [CASES[at]!.name], 'what agrees is not asked again');
  return { counting, asked };
}

const result = (answers: readonly Owners[]) => policyOf(CASES, answers, [], []);

describe('an answer that is not what the policy lets expect', () => {
  const strange = ownedBy(2, CASES[DOUBTFUL]!);

  it('is none where the case is answered as the others are, asked again', async () => {
    const { counting, asked } = await settled(DOUBTFUL, strange, () => 'none');
    assert.deepEqual(counting, RIGHT);
    assert.equal(asked.length, 4, 'silence is asked again each time, as ever');
    assert.ok(asked[0]!.ident > 0x2800 && asked[2]!.ident > asked[1]!.ident + 0x800, 'far from what was asked before');
    assert.equal(result(counting).names[0]!.name, 'linux-new');
  });

  it('is none where a silent case is answered', async () => {
    const right = RIGHT[LATER]!;
    const { counting, asked } = await settled(LATER, 'none', () => right);
    assert.deepEqual([counting, asked.length], [RIGHT, 2]);
  });

  it('counts where it is the same again', async () => {
    const { counting, asked } = await settled(DOUBTFUL, strange, () => strange);
    assert.deepEqual([counting, asked.length], [RIGHT.with(DOUBTFUL, strange), 1]);
    assert.match(policyLine(result(counting)), /^no known policy; nearest is linux-new, 103 of 104 answers alike/);
  });

  it('leaves the case not settled where it is another one each time', async () => {
    const { counting, asked } = await settled(DOUBTFUL, strange, (times) => ownedBy(2 + times, CASES[DOUBTFUL]!));
    assert.deepEqual([counting[DOUBTFUL], asked.length], ['not settled', 2]);
    const found = result(counting);
    assert.equal(winnerOf(CASES[DOUBTFUL]!, counting[DOUBTFUL]!), 'not settled');
    assert.deepEqual([found.names, unsettledIn(found)], [[], 1], 'no policy agrees with every answer');
    assert.match(
      policyLine(found),
      /^not settled, 1 datagrams .*; nearest is linux-new, 103 of 103 .*not settled 1\)$/,
    );
    const cells = [found.cells, result(RIGHT).cells].map((one) => ({ cells: Object.fromEntries(one) }));
    assert.deepEqual(comparePolicies(cells[0]!, cells[1]!), []);
    assert.deepEqual(comparePolicies(cells[1]!, cells[0]!), []);
  });

  it('is not asked for where nothing is put together at all', async () => {
    const { prober, asked } = proberOf(() => 'none');
    const nothing = CASES.map((): Mixture => 'none');
    assert.deepEqual(await settle(echoing(prober), CASES, nothing), nothing);
    assert.deepEqual(asked, []);
  });
});
