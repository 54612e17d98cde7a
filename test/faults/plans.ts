import { STEPS } from '../../src/faults/catalog.js';

/** Plans of several steps, and what the examples of the steps leave out. */
export const PLANS: readonly string[] = [
  ...STEPS.map(({ name, example }) => (example.length === 0 ? name : `${name}(${example.join(', ')})`)),
  ...['head', 'tail', 'inside', 'exact', 'cover'].flatMap((kind) => [`overlap(${kind}, same)`, `overlap(${kind})`]),
  ...[
    'overlap(tail, same, last)',
    'overlap(exact, same, 1)',
    'overlap(inside, different, 1)',
    'overlap(cover, same, 1)',
  ],
  ...['drop(1)', 'drop(last)', 'drop(1, last)', 'drop(50%)', 'drop(30%, seed=5)', 'drop(100%)'],
  ...[
    'gap(2, 1480)',
    'gap(last, 8)',
    'unaligned(2, 4)',
    'unaligned(1, 7)',
    'mf-on-last, reverse',
    'zero-last, last-first',
  ],
  ...['set(tos=8)', 'set(2, ttl=3)', 'set(2, tos=1)', 'set(2, reserved=1)', 'set(2, ident=77)'],
  ...['set(version=5)', 'set(1, version=5), last-first', 'set(2, version=7)', 'set(last, version=0), repeat(2)'],
  ...[
    'set(1, mf=0)',
    'set(2, offset=0)',
    'set(2, offset=65528)',
    'set(2, df=1)',
    'set(2, checksum=1)',
    'set(2, length=1000)',
  ],
  ...['corrupt(1, 0)', 'corrupt(1, 6)', 'corrupt(1, 4)', 'corrupt(1, 100)', 'corrupt(last, 0)', 'corrupt(2, ttl)'],
  ...['corrupt(1, checksum)', 'corrupt(2, mf)', 'corrupt(2, offset)', 'corrupt(2, ident)', 'set(2, flow-label=5)'],
  ...[
    'repeat(3)',
    'repeat(2), reverse',
    'overlap(head), repeat(2), drop(8)',
    'duplicate(1, 3)',
    'duplicate(last)',
    'duplicate(2), shuffle(3)',
  ],
  ...[
    'interleave(3, same)',
    'interleave(2), shuffle(9)',
    'interleave(4), drop(2)',
    'atomic, reverse',
    'atomic, repeat(2)',
  ],
  ...['sizes(8)', 'sizes(1480, 8)', 'sizes(1000, 200)', 'tiny(16), reverse', 'split-chain, reverse', 'tiny, drop(1)'],
  ...['trailing(3, last)', 'over-65535, last-first', 'reverse, overlap(tail, different, 2), drop(3)'],
];
export const SIZES = [0, 1, 100, 1472, 1473, 2960, 4000, 8192, 65_000];
