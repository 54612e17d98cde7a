import { at } from '../list.js';
import type { PlanPacket } from '../packet.js';
import { index, optional, rest, whole } from '../parameters.js';
import { seededRandom } from '../random.js';
import type { Step, StepContext } from '../step.js';

type List = readonly PlanPacket[];

/** What `drop` leaves out: fragment `i`, or each with a probability that the seed decides. */
type Dropped = { readonly i: number } | { readonly percent: number } | { readonly seed: number };

/** Steps that leave fragments out, or send them more than once. */
export const COUNT_STEPS: readonly Step[] = [
  {
    name: 'drop',
    parameters: [rest({ name: 'i|p%|seed=n', wants: `${index.wants}; a share like 10%; seed=7`, read: readDropped })],
    does: 'leaves fragments out: those named, or each with the probability p% (the same ones for the same seed, 1)',
    example: [2],
    demands:
      'never delivered; given up after the reassembly time, Time Exceeded code 1 only where fragment 0 came: ' +
      'RFC 792, RFC 1122 §3.3.2, RFC 4443 §3.3, RFC 8200 §4.5',
    apply: drop,
  },
  {
    name: 'duplicate',
    parameters: [index, optional(whole('n', 1, 1000), 1)],
    does: 'sends fragment i n times more (1), right behind itself',
    example: [2, 1],
    demands: 'an exact copy does no harm: RFC 791 §3.2, RFC 5722 errata 3089, RFC 8200 §4.5',
    apply: (fragments: List, _context: StepContext, i: number, n: number) => {
      const place = at(fragments, i);
      return fragments.toSpliced(place + 1, 0, ...Array<PlanPacket>(n).fill({ ...fragments[place]!, delayMs: 0 }));
    },
  },
  {
    name: 'repeat',
    parameters: [whole('n', 1, 1000)],
    does: 'sends all of it n times',
    example: [2],
    demands: 'each complete set of fragments is a datagram, the same again: RFC 791 §3.2, RFC 8200 §4.5',
    apply: (fragments: List, _context: StepContext, n: number) => Array.from({ length: n }, () => fragments).flat(),
  },
];

function readDropped(argument: number | string): Dropped | undefined {
  const i = index.read(argument);
  if (typeof i === 'number') return { i };
  const [, percent, seed] = /^(?:(\d+(?:\.\d+)?)%|seed=(\d{1,9}))$/.exec(String(argument)) ?? [];
  if (seed !== undefined) return { seed: Number(seed) };
  return percent !== undefined && Number(percent) <= 100 ? { percent: Number(percent) } : undefined;
}

/** Positions count in the list as it was given, so that drop(1, 2) drops the first two. */
function drop(fragments: List, { turn }: StepContext, what: readonly Dropped[]): PlanPacket[] {
  const seed = what.find((one) => 'seed' in one)?.seed ?? 1;
  const random = seededRandom(seed, turn);
  const gone = new Set(what.flatMap((one) => ('i' in one ? [at(fragments, one.i)] : [])));
  const percents = what.flatMap((one) => ('percent' in one ? [one.percent] : []));
  return fragments.filter((_one, place) => !gone.has(place) && percents.every((percent) => random() * 100 >= percent));
}
