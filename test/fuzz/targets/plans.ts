import assert from 'node:assert/strict';
import { UfoError } from '../../../src/errors.js';
import { STEPS } from '../../../src/faults/catalog.js';
import { formatPlan, readPlan } from '../../../src/faults/language.js';
import { DEFAULT_LIMITS } from '../../../src/verify/reassembly/limits.js';
import { Verifier } from '../../../src/verify/verifier.js';
import { cut, cutOnly } from '../../faults/cut.js';
import { mutateText } from '../mutate.js';
import type { Random } from '../random.js';
import { same } from '../same.js';
import { type Target, textOf } from '../target.js';

const WORDS: readonly string[] = [
  ...STEPS.flatMap(({ name, example }) => [name, `${name}(${example.join(', ')})`]),
  ...['first', 'last', '-1', '−2', '50%', 'same', 'different', 'head', 'tail', 'inside', 'seed=3', 'ttl=3', 'mf=0'],
  ...['0x10', '65528', '1e9', 'offset=8', 'ident=7', 'reserved=1', 'checksum=1', 'length=20', '[["drop", 2]]'],
  ...['protocol=6', 'protocol=60', 'next-header=17', 'next-header=0', 'version=5', 'set(', 'corrupt('],
];
/** Seconds after which a verifier gives up, or takes a late copy for another datagram. */
const SHORTEST_WAIT = Math.min(DEFAULT_LIMITS.timeout4, DEFAULT_LIMITS.timeout6, DEFAULT_LIMITS.holdTime);
const SIZES = [0, 1, 8, 100, 1472, 1473, 2960, 4000];

/** Plans, as text and as JSON: those that can be read make packets that a receiver can be asked about. */
export const plans: Target = {
  name: 'plans',
  executions: 4_000,
  make: (random, corpus) => {
    const steps = Array.from({ length: 1 + random.below(3) }, () => step(random)).join(
      random.pick([', ', ' ', '|', ';']),
    );
    return mutateText(
      random.once(20) ? textOf(random.pick(corpus)) : random.once(4) ? asJson(steps) : steps,
      random,
      WORDS,
    );
  },
  check: (input, random) => checkPlan(textOf(input), random.pick([4, 6]), random.pick(SIZES)),
};

function checkPlan(text: string, family: 4 | 6, size: number): void {
  const steps = refusable(() => readPlan(text, '--plan'));
  if (steps === null) return;
  const formatted = formatPlan(steps);
  assert.equal(formatPlan(readPlan(formatted, '--plan')), formatted, 'what it says of itself is another plan');
  const made = refusable(() => cut(text, family, size, 576));
  if (made === null) return;
  assert.ok(same(cutOnly(text, family, size, 576).packets, made.packets), 'the same plan made other packets');
  assert.ok(made.packets.length <= 100_000);
  // A receiver gives up after 30 seconds (Linux, IPv4) to 120 (RFC 1122 §3.3.2): of what comes behind that plans know nothing.
  if (made.packets.reduce((sum, { delayMs }) => sum + delayMs, 0) >= 1000 * SHORTEST_WAIT) return;
  const verifier = new Verifier({ hash: false });
  const verdicts = [...verifier.push(made.frames), ...verifier.end()];
  // On a link without EtherTypes a packet of the other IP version is read as one: its ident is whatever stands there.
  const hasIdents = made.outcomes.every(({ faults }) => !faults.has('header'));
  const show = (all: readonly { readonly ident: number | null; readonly verdict: string }[]): string[] =>
    all.map(({ ident, verdict }) => (hasIdents ? `${ident ?? 0} ${verdict}` : verdict)).sort();
  if (verdicts.some(({ notes }) => notes.some((note) => note.includes('its ident came again')))) return;
  // Of what is no UDP datagram the verifier says what it is, or nothing.
  if (made.outcomes.some(({ faults }) => faults.has('protocol') || faults.has('chain'))) return;
  if (verdicts.some(({ verdict }) => verdict === 'spliced')) return; // of idents that come round plans know nothing
  assert.deepEqual(show(verdicts), show(made.outcomes), 'the plan and the verifier disagree');
}

/** Null for what is refused in the user's words; anything else that is thrown is a bug. */
function refusable<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof UfoError && error.code === 'ERR_UFO_INVALID_ARGUMENT') return null;
    throw error;
  }
}

function step(random: Random): string {
  const { name, example } = random.pick(STEPS);
  const args = random.once(3) ? [random.pick([1, 2, 3, 'last', 8, 16, 1480])] : example;
  return args.length === 0 ? name : `${name}(${args.join(', ')})`;
}

function asJson(steps: string): string {
  const calls = refusable(() => readPlan(steps));
  return calls === null ? `["${steps}"]` : JSON.stringify(calls.map(({ call }) => call));
}
