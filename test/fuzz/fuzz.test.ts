import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from './random.js';
import { corpusOf, fuzz } from './run.js';
import type { Target } from './target.js';
import { TARGETS } from './targets/all.js';

/** Another one has other inputs; one and the same keeps a test from failing now and then. */
const SEED = 12;

describe('whatever comes in', () => {
  for (const target of TARGETS) {
    it(`${target.name}: every case of the corpus is taken as it must be`, () => {
      for (const { file, input } of corpusOf(target)) {
        try {
          target.check(input, new Random(SEED, 0));
        } catch (cause) {
          throw new Error(`${target.name}/${file}: ${(cause as Error).stack}`, { cause });
        }
      }
    });

    it(`${target.name}: so are ${target.executions} that were made for it`, async () => {
      await fuzz(target, { seed: SEED, executions: target.executions });
    });
  }

  it('is told of also where it is not found again, and stacks are as long as before', async () => {
    const { stackTraceLimit } = Error;
    let found = 0;
    const once: Target = {
      ...TARGETS[0]!,
      check: () => assert.notEqual(++found, 3, 'the third one'),
    };
    await assert.rejects(
      fuzz(once, { seed: SEED, executions: 9 }),
      /found once, .*execution 2 of seed[\s\S]*the third one/,
    );
    assert.equal(Error.stackTraceLimit, stackTraceLimit);
    const always: Target = { ...once, check: () => assert.fail('every time') };
    await assert.rejects(fuzz(always, { seed: SEED, executions: 9 }), /execution 0 of seed[\s\S]*every time/);
    assert.equal(Error.stackTraceLimit, stackTraceLimit);
  });
});
