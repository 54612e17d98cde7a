import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeRule } from '../../../src/app/conform/judge.js';
import type { Answer } from '../../../src/app/conform/prober.js';
import { RULES } from '../../../src/app/conform/rules/quick.js';
import type { Rule } from '../../../src/app/conform/rules/rule.js';
import { SLOW_RULES } from '../../../src/app/conform/rules/slow.js';
import { readPlan } from '../../../src/faults/language.js';

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
