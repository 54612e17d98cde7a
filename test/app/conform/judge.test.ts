import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAbout } from '../../../src/app/conform/ask.js';
import { judgeRule } from '../../../src/app/conform/judge.js';
import type { Answer } from '../../../src/app/conform/prober.js';
import { RULES } from '../../../src/app/conform/rules/quick.js';
import type { Rule } from '../../../src/app/conform/rules/rule.js';
import { slowRules } from '../../../src/app/conform/rules/slow.js';
import { taggedUnits } from '../../../src/app/conform/tagged.js';
import { readPlan } from '../../../src/faults/language.js';

const SLOW_RULES = slowRules('2001:db8::2');
const find = (family: 4 | 6, demand: RegExp): Rule =>
  [...RULES, ...SLOW_RULES].find((one) => one.family === family && demand.test(one.demand))!;
const icmp = (type: number, code: number, pointer = 0, at = 0) => ({
  ...{ frame: 9, at, type, code, pointer, ident: null },
  payload: new Uint8Array(0),
});
const answer = (echoes: number, ...errors: Answer['icmp'][number][]): Answer => ({
  frames: [1, 3],
  echoes: Array.from({ length: echoes }, () => ({ at: 0, payload: new Uint8Array(0) })),
  icmp: errors,
});

describe('a rule of reassembly', () => {
  it('has a plan that can be read, a section, and IPv6 Ready numbers of section 1.3', () => {
    for (const rule of [...RULES, ...SLOW_RULES]) {
      readPlan(rule.plan);
      assert.match(rule.section, /^RFC \d+/);
      if (rule.ready !== undefined) assert.match(rule.ready, /^1\.3\.[1-4]/);
    }
    const ready = new Set([...RULES, ...SLOW_RULES].flatMap(({ ready }) => ready?.slice(0, 5) ?? []));
    assert.deepEqual([...ready].sort(), ['1.3.1', '1.3.2', '1.3.3', '1.3.4']);
  });

  it('is asked under its own number between link-local addresses', () => {
    const numbers = (host: string) => slowRules(host).flatMap(({ ready }) => ready ?? []);
    assert.deepEqual(numbers('2001:db8::2'), ['1.3.2 A', '1.3.2 B', '1.3.2 C', '1.3.2 E']);
    assert.deepEqual(numbers('fe80::2%eth0'), ['1.3.2 A', '1.3.2 B', '1.3.2 D', '1.3.2 E']);
  });

  it('knows the errors about its own datagram among those of all', () => {
    const quoting = (ident: number | null, probe: number) => ({
      ...icmp(3, 1),
      ident,
      payload: taggedUnits(probe, 0, 0, 2),
    });
    assert.equal(isAbout(quoting(7, 7), 7), true);
    assert.equal(isAbout(quoting(8, 8), 7), false);
    // A port unreachable over IPv6 quotes no fragment header.
    assert.equal(isAbout(quoting(null, 7), 7), true);
    assert.equal(isAbout(quoting(null, 8), 7), false);
    assert.equal(isAbout(icmp(3, 4), 7), false);
  });

  it('tells what is by silence from what is by an answer', () => {
    const bySilence = (rule: Rule, back: Answer) => judgeRule(rule, back, 'echo', 0).bySilence;
    assert.equal(bySilence(find(4, /in order/), answer(1)), false);
    assert.equal(bySilence(find(4, /in order/), answer(0)), true);
    assert.equal(bySilence(find(4, /three/), answer(1)), true);
    assert.equal(bySilence(find(6, /overlap inside/), answer(0)), true);
    assert.equal(bySilence(find(6, /overlap inside/), answer(1)), false);
    assert.equal(bySilence(find(6, /no multiple of 8/), answer(0, icmp(4, 0, 4))), false);
    // That a router lets nothing pass is no word of the receiver's.
    assert.equal(bySilence(find(4, /in order/), answer(0, icmp(3, 13))), true);
  });

  const cases: readonly (readonly [string, Rule, Answer, 'echo' | 'port unreachable', string])[] = [
    ['delivered', find(4, /in order/), answer(1), 'echo', 'kept'],
    ['not delivered', find(4, /in order/), answer(0), 'echo', 'broken'],
    ['delivered, told by ICMP', find(4, /in order/), answer(0, icmp(3, 3)), 'port unreachable', 'kept'],
    ['delivered twice', find(6, /overlap inside/), answer(1), 'echo', 'broken'],
    ['discarded in silence', find(6, /overlap inside/), answer(0), 'echo', 'kept'],
    ['discarded with an error', find(6, /overlap inside/), answer(0, icmp(4, 0, 40)), 'echo', 'broken'],
    ['the pointer right', find(6, /no multiple of 8/), answer(0, icmp(4, 0, 4)), 'echo', 'kept'],
    ['the pointer wrong', find(6, /no multiple of 8/), answer(0, icmp(4, 0, 6)), 'echo', 'broken'],
    ['no error that must come', find(6, /no multiple of 8/), answer(0), 'echo', 'broken'],
    ['no error that should come', find(6, /header chain/), answer(0), 'echo', 'differs'],
    ['not delivered', find(4, /either copy/), answer(0), 'echo', 'allowed'],
    ['delivered', find(4, /multiple of 8 with MF/), answer(1), 'echo', 'allowed'],
    ['a limit', find(4, /largest/), answer(0), 'echo', 'differs'],
    ['one of three, told by ICMP at its rate', find(4, /three/), answer(0, icmp(3, 3)), 'port unreachable', 'kept'],
    ['one of three by echo', find(4, /three/), answer(1), 'echo', 'broken'],
    ['after 30 s', find(4, /fragment missing/), answer(0, icmp(11, 1, 0, 30_000)), 'echo', 'differs'],
    ['after 61 s', find(4, /fragment missing/), answer(0, icmp(11, 1, 0, 61_000)), 'echo', 'kept'],
    ['after 61 s', find(6, /last missing/), answer(0, icmp(3, 1, 0, 61_000)), 'echo', 'kept'],
    ['told without fragment 0', find(6, /fragment 0/), answer(0, icmp(3, 1)), 'echo', 'broken'],
  ];
  for (const [what, rule, back, kind, outcome] of cases) {
    it(`IPv${rule.family}, ${rule.demand}: ${what} is ${outcome}`, () => {
      assert.equal(judgeRule(rule, back, kind, 0).outcome, outcome);
    });
  }
});
