// `npm run fuzz -- --target NAME --executions N --seed S --from N`: long runs of what `npm test` does for a minute.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Random } from './random.js';
import { corpusOf, fuzz } from './run.js';
import { TARGETS } from './targets/all.js';

/** More than any execution takes that ends by itself, on a machine with other work. */
const MOST_MS = 10_000;
/** Growth between two tenths of a run that garbage alone does not explain. */
const MOST_GROWTH = 256 << 20;

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: TARGETS.map(({ name }) => name) },
    executions: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: `${Math.floor(Date.now() / 1000)}` },
    from: { type: 'string', default: '0' },
    keep: { type: 'string' },
  },
});
const seed = Number(values.seed);
const executions = Number(values.executions);
const from = Number(values.from);

for (const name of values.target) {
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined || ![seed, executions, from].every(Number.isSafeInteger)) {
    console.error(`npm run fuzz -- --target ${TARGETS.map((one) => one.name).join('|')} --executions N --seed N`);
    process.exitCode = 2;
    break;
  }
  if (values.keep !== undefined) {
    const corpus = corpusOf(target).map(({ input }) => input);
    writeFileSync(values.keep, target.make(new Random(seed, from), corpus));
    continue;
  }
  for (const { input } of corpusOf(target)) target.check(input, new Random(seed, 0));
  const began = performance.now();
  const { slowest, memory } = await fuzz(target, { seed, executions, from });
  const seconds = (performance.now() - began) / 1000;
  const grown = Math.max(...memory.slice(-2)) - Math.max(...memory.slice(0, 2));
  console.log(
    `${name}: ${executions} executions of seed ${seed} in ${seconds.toFixed(0)} s, nothing found; slowest ` +
      `${slowest.ms.toFixed(0)} ms (execution ${slowest.execution}), memory ${(grown / 2 ** 20).toFixed(0)} MiB grown`,
  );
  if (slowest.ms > MOST_MS || grown > MOST_GROWTH) process.exitCode = 1;
}
