import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STEPS } from '../../src/faults/catalog.js';
import type { Fault } from '../../src/faults/rules.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import type { Frame } from '../../src/wire/frame.js';
import { cut } from './cut.js';

/** Plans of several steps, and what the examples of the steps leave out. */
const PLANS: readonly string[] = [
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
  ...['repeat(3)', 'repeat(2), reverse', 'duplicate(1, 3)', 'duplicate(last)', 'duplicate(2), shuffle(3)'],
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
const SIZES = [0, 1, 100, 1472, 1473, 2960, 4000, 8192, 65_000];

/** Which fault a text of the verifier names. */
const NAMED: readonly (readonly [RegExp, Fault])[] = [
  [/header checksum/, 'header-checksum'],
  [/overlaps octets/, 'overlap'],
  [/want a multiple of 8/, 'unaligned'],
  [/a packet holds 65535/, 'too-long'],
  [/length got 0, want at least 1/, 'empty'],
  [/end of the datagram got|ends the datagram$/, 'end'],
  [/header chain got/, 'chain'],
  [/IP length got/, 'length'],
  [/udp length got|udp header got/, 'udp-length'],
  [/reserved/, 'reserved'],
  [/DF got/, 'df'],
  [/udp checksum/, 'udp-checksum'],
];

function judged(frames: readonly Frame[]): DatagramVerdict[] {
  const verifier = new Verifier();
  return [...verifier.push(frames), ...verifier.end()];
}

describe('a plan', () => {
  for (const family of [4, 6] as const) {
    for (const text of PLANS) {
      it(`${text} over IPv${family} is judged as the RFCs say, at every size that it can be made of`, () => {
        let made = 0;
        for (const size of SIZES) {
          let planned: ReturnType<typeof cut>;
          try {
            planned = cut(text, family, size);
          } catch (error) {
            assert.match(String(error), /^\w+Error: plan: /, `${size} octets`);
            continue;
          }
          made += 1;
          const verdicts = judged(planned.frames);
          const show = (of: readonly { ident: number | null; verdict: string }[]) =>
            of.map(({ ident, verdict }) => `${ident ?? 0} ${verdict}`).sort();
          assert.deepEqual(show(verdicts), show(planned.outcomes), `${size} octets: ${JSON.stringify(verdicts)}`);
          const told = faultsOf(verdicts);
          const want = new Set(
            planned.outcomes.flatMap(({ faults }) => [...faults]).filter((one) => one !== 'missing'),
          );
          assert.deepEqual([...told].sort(), [...want].sort(), `${size} octets: ${JSON.stringify(verdicts)}`);
        }
        if (!/split-chain|df|checksum\)|checksum=|flow-label/.test(text)) assert.ok(made > 0, 'refused at every size');
      });
    }
  }
});

function faultsOf(verdicts: readonly DatagramVerdict[]): Set<string> {
  const told = new Set(
    verdicts.flatMap(({ mismatches }) =>
      mismatches.filter((text) => !isSurplus(text) && !LEFT_OUT.test(text)).map(faultOf),
    ),
  );
  if (told.has('udp-length')) told.delete('udp-checksum'); // nobody knows over which octets it would be
  return told;
}

/** A list of many has an end. */
const LEFT_OUT = /left out/;

/** Octets behind the UDP datagram are allowed (RFC 768). */
function isSurplus(text: string): boolean {
  const [, got, want] = /^udp length got (\d+), want (\d+)/.exec(text) ?? [];
  return Number(got) < Number(want);
}

function faultOf(text: string): string {
  return NAMED.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}
