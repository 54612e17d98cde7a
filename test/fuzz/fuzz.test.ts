import { describe, it } from 'node:test';
import { Random } from './random.js';
import { corpusOf, fuzz } from './run.js';
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

    it(`${target.name}: so are ${target.executions} that were made for it`, () => {
      fuzz(target, { seed: SEED, executions: target.executions });
    });
  }
});
