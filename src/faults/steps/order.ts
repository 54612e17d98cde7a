import { argumentError } from '../../errors.js';
import { at } from '../list.js';
import type { PlanPacket } from '../packet.js';
import { index, rest, seed, whole } from '../parameters.js';
import { seededRandom } from '../random.js';
import type { Step, StepContext } from '../step.js';

type List = readonly PlanPacket[];

const ANY_ORDER = 'any order is put together: RFC 791 §3.2, RFC 815 §3, RFC 8200 §4.5';

/** Steps that change only when a fragment goes. */
export const ORDER_STEPS: readonly Step[] = [
  {
    name: 'reverse',
    parameters: [],
    does: 'the last fragment first, the first last',
    example: [],
    demands: ANY_ORDER,
    apply: (fragments: List) => fragments.toReversed(),
  },
  {
    name: 'shuffle',
    parameters: [seed],
    does: 'any order; the same for the same seed',
    example: [7],
    demands: ANY_ORDER,
    apply: (fragments: List, { turn }: StepContext, from: number) => {
      const random = seededRandom(from, turn);
      const mixed = [...fragments];
      for (let last = mixed.length - 1; last > 0; last--) {
        const other = Math.floor(random() * (last + 1));
        [mixed[last], mixed[other]] = [mixed[other]!, mixed[last]!];
      }
      return mixed;
    },
  },
  {
    name: 'swap',
    parameters: [index, { ...index, name: 'j' }],
    does: 'fragments i and j change places',
    example: [1, 3],
    demands: ANY_ORDER,
    apply: (fragments: List, _context: StepContext, i: number, j: number) => {
      const swapped = [...fragments];
      const [from, to] = [at(fragments, i), at(fragments, j)];
      [swapped[from], swapped[to]] = [swapped[to]!, swapped[from]!];
      return swapped;
    },
  },
  {
    name: 'last-first',
    parameters: [],
    does: 'the last fragment goes before all others',
    example: [],
    demands: ANY_ORDER,
    apply: (fragments: List) => [...fragments.slice(-1), ...fragments.slice(0, -1)],
  },
  {
    name: 'order',
    parameters: [rest(index)],
    does: 'the fragments named go first, in that order, then the others',
    example: [3, 1, 4],
    demands: ANY_ORDER,
    apply: (fragments: List, _context: StepContext, wanted: readonly number[]) => {
      const places = wanted.map((one) => at(fragments, one));
      if (new Set(places).size < places.length) {
        throw argumentError('order', wanted.join(', '), 'each fragment once', 'duplicate(i) sends one again');
      }
      return [
        ...places.map((place) => fragments[place]!),
        ...fragments.filter((_one, place) => !places.includes(place)),
      ];
    },
  },
  {
    name: 'delay',
    parameters: [index, { ...whole('ms', 0, 120_000), wants: '0 … 120000 milliseconds' }],
    does: 'waits so many milliseconds before fragment i',
    example: [3, 200],
    demands: 'waited for as long as the reassembly time lasts: 60–120 s RFC 1122 §3.3.2, 60 s RFC 8200 §4.5',
    apply: (fragments: List, _context: StepContext, i: number, ms: number) =>
      fragments.with(at(fragments, i), { ...fragments[at(fragments, i)]!, delayMs: ms }),
  },
];
