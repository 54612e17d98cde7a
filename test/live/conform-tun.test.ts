import assert from 'node:assert/strict';
import { findAnswerKind } from '../../src/app/conform/ask.js';
import { askOverlaps } from '../../src/app/conform/ask-overlaps.js';
import { pairCases } from '../../src/app/conform/overlap.js';
import { type PolicyResult, policyLine, policyOf } from '../../src/app/conform/policy.js';
import { Prober } from '../../src/app/conform/prober.js';
import { Receiver } from '../../src/app/conform/receiver.js';
import { settle } from '../../src/app/conform/settle.js';
import { describeLive, liveIt } from './in-lab.js';
import { type OverlapWay, TunStack } from './tun-stack.js';

/** Receivers that differ in nothing but whose octets win. */
const WAYS: readonly (readonly [name: string, way: OverlapWay])[] = [
  ['first', () => false],
  ['last', () => true],
  ['bsd', (old, later) => later.start < old.start],
  ['bsd-right', (old, later) => later.start >= old.start],
  ['linux', (old, later) => later.start <= old.start],
  ['windows', (old, later) => later.start < old.start && later.end > old.end],
  ['solaris', (old, later) => later.start < old.start && later.end >= old.end],
  // Copies of the same octets aside; the questions have none.
  ['discard-all', 'discard'],
];

describeLive('udp-ufo conform against a stack in user space, behind a tun interface', () => {
  for (const family of [4, 6] as const) {
    for (const [name, way] of WAYS) {
      liveIt(`names one that has it as ${name}, over IPv${family}`, async () => {
        const { names } = await policyOfStack(way, family);
        assert.deepEqual(
          names.map((policy) => policy.name),
          [name],
        );
      });
    }
  }

  liveIt('says of one that is like none what is nearest', async () => {
    // Takes the later octets, but where it ends first.
    const found = await policyOfStack((old, later) => later.end < old.end, 4);
    assert.deepEqual(found.names, []);
    assert.match(policyLine(found), /^no known policy; nearest is /);
  });
});

async function policyOfStack(way: OverlapWay, family: 4 | 6): Promise<PolicyResult> {
  await using stack = await TunStack.open('ufostack', way);
  const { signal } = new AbortController();
  const to = { family, address: stack.addresses[family], port: 7, driver: 'packet-socket', signal } as const;
  await using prober = await Prober.open(to);
  assert.equal(await findAnswerKind(prober), 'echo');
  const receiver = new Receiver(prober, 'echo', signal);
  const cases = pairCases();
  const first = await askOverlaps(receiver, cases);
  return policyOf(cases, await settle(receiver, cases, first), [], []);
}
