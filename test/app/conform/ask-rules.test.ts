import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askOverlaps } from '../../../src/app/conform/ask-overlaps.js';
import { askRules } from '../../../src/app/conform/ask-rules.js';
import { pairCases } from '../../../src/app/conform/overlap.js';
import { policyLine, policyOf } from '../../../src/app/conform/policy.js';
import type { Answer, Prober } from '../../../src/app/conform/prober.js';
import { type Patience, Receiver } from '../../../src/app/conform/receiver.js';
import { RULES } from '../../../src/app/conform/rules/quick.js';
import type { Rule } from '../../../src/app/conform/rules/rule.js';

const find = (demand: RegExp): Rule => RULES.find((one) => one.family === 4 && demand.test(one.demand))!;
const IN_ORDER = find(/in order/);
const ANY_ORDER = find(/any order/);
const ANOTHER_ID = find(/another id/);
const LARGEST = find(/largest datagram/);

/** What a receiver does with a datagram of so many octets that is sent by this plan: how long its memory is full then, questions. */
type Has = (size: number, plan: string) => { readonly answers: boolean; readonly fills?: number };

/** A receiver whose memory for fragments may be full for as long as so many datagrams come. */
function receiverThat(has: Has, patience: Patience = { onceMs: 60_000, allMs: 60_000 }) {
  const asked: number[] = [];
  let [ident, full] = [0x2000, 0];
  let echoes: Answer['echoes'] = [];
  const prober = {
    path: { family: 4 },
    nextIdent: () => ++ident,
    send: async (payload: Uint8Array, _ident: number, { text }: { readonly text: string }) => {
      asked.push(payload.length);
      const { answers, fills = 0 } = has(payload.length, text);
      echoes = answers && full === 0 ? [{ at: 0, payload }] : [];
      full = Math.max(full - 1, fills);
    },
    answer: async (): Promise<Answer> => ({ frames: null, echoes, icmp: [] }),
  };
  const { signal } = new AbortController();
  return { asked, receiver: new Receiver(prober as unknown as Prober, 'echo', signal, undefined, patience) };
}

async function outcomes(receiver: Receiver, rules: readonly Rule[]): Promise<string[]> {
  return (await askRules(receiver, rules, async () => undefined)).map(({ outcome }) => outcome);
}

describe('silence', () => {
  it('counts where a plain datagram behind it is answered, for a rule and against it', async () => {
    const { receiver, asked } = receiverThat((size) => ({ answers: size !== 4000 }));
    assert.deepEqual(await outcomes(receiver, [ANOTHER_ID, IN_ORDER]), ['kept', 'broken']);
    assert.deepEqual(asked, [4000, 1096, 4000, 1096, 4000, 1096, 4000, 1096]);
  });

  it('tells nothing of a question that fills the memory, and nothing of those behind it', async () => {
    const { receiver } = receiverThat((size) => ({ answers: size < 5000, fills: size < 5000 ? 0 : 4 }));
    assert.deepEqual(await outcomes(receiver, [ANY_ORDER, IN_ORDER, LARGEST]), ['unsure', 'kept', 'differs']);
  });

  it('is asked about again where the memory was full of what had been asked before', async () => {
    let before = true;
    const { receiver } = receiverThat(() => {
      const fills = before ? 6 : 0;
      before = false;
      return { answers: true, fills };
    });
    await receiver.answersNow();
    assert.deepEqual(await outcomes(receiver, [IN_ORDER]), ['kept']);
  });

  it('of a large datagram is held against a plain one as large', async () => {
    const { receiver, asked } = receiverThat((size) => ({ answers: size < 5000 }));
    assert.deepEqual(await outcomes(receiver, [ANY_ORDER]), ['unsure']);
    assert.deepEqual(asked, [30_000, 30_000, 30_000, 30_000, 1096]);
  });

  it('is not waited for longer than the patience of a run', async () => {
    const { receiver } = receiverThat(() => ({ answers: false }), { onceMs: 200, allMs: 300 });
    const from = performance.now();
    assert.deepEqual(await outcomes(receiver, [ANOTHER_ID, IN_ORDER, LARGEST]), ['unsure', 'unsure', 'unsure']);
    assert.equal(await receiver.recovers(), false);
    assert.ok(performance.now() - from < 5000);
  });

  it('leaves overlaps unsettled where no plain datagram is answered either', async () => {
    const { receiver } = receiverThat(() => ({ answers: false }), { onceMs: 100, allMs: 100 });
    const cases = pairCases();
    const answers = await askOverlaps(receiver, cases);
    assert.deepEqual(new Set(answers), new Set(['not settled']));
    assert.match(policyLine(policyOf(cases, answers, [], [])), /^not known: 104 datagrams were not answered/);
  });
});
