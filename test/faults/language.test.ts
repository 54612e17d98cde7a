import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UfoError } from '../../src/errors.js';
import { findStep, STEPS } from '../../src/faults/catalog.js';
import { formatPlan, type PlanText, readPlan } from '../../src/faults/language.js';
import { frameData } from '../../src/wire/frame.js';
import { cut } from './cut.js';

describe('the language of plans', () => {
  const forms: readonly (readonly [string, PlanText])[] = [
    ['reverse', [['reverse']]],
    ['last-first, drop(2)', [['last-first'], ['drop', 2]]],
    ['last-first | drop(2,-1);reverse', [['last-first'], ['drop', 2, -1], ['reverse']]],
    [
      'overlap(tail, same, 2) set(1, ttl=3)',
      [
        ['overlap', 'tail', 'same', 2],
        ['set', 1, 'ttl=3'],
      ],
    ],
    ['sizes(8, 0x10)', [['sizes', 8, 16]]],
    ['drop(10%, seed=4)', [['drop', '10%', 'seed=4']]],
  ];
  for (const [text, calls] of forms) {
    it(`reads ${text} as its JSON and its value`, () => {
      const read = (plan: PlanText) => readPlan(plan).map(({ call }) => call);
      assert.deepEqual(read(text), calls);
      assert.deepEqual(read(JSON.stringify(calls)), calls);
      assert.deepEqual(read(calls), calls);
      assert.deepEqual(read(formatPlan(readPlan(text))), calls);
    });
  }

  const numbers: readonly PlanText[] = [
    [['drop', Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]],
    [['corrupt', 1, -0, Number.MAX_SAFE_INTEGER]],
    [
      ['shuffle', -0],
      ['delay', 1, -0],
      ['drop', '0.0000001%', 'seed=000000001'],
    ],
    '[["shuffle", 4294967295e0], ["sizes", 0.8e1]]',
  ];
  for (const plan of numbers) {
    it(`says the numbers of ${JSON.stringify(plan)} so that it reads them again`, () => {
      const read = readPlan(plan);
      const again = readPlan(formatPlan(read));
      const args = (steps: typeof read) =>
        steps.flatMap((one) => one.args.flat().map((value) => JSON.stringify(value)));
      assert.deepEqual(args(again), args(read));
    });
  }

  const wrong: readonly (readonly [PlanText, RegExp])[] = [
    ['', /^plan: got "", want at least one step/],
    ['revers', /^plan: got "revers", want one of reverse, shuffle/],
    ['reverse(2)', /^plan: reverse: got "2", want no arguments and no more/],
    ['drop', /^plan: drop\(.*: got "nothing"/],
    ['drop(0)', /^plan: drop\(.*: got "0", want the number of a fragment/],
    ['sizes(9)', /sizes\(octets, …\): octets: got "9", want 8, 16, …/],
    ['swap(1)', /swap\(i, j\): j: got "nothing"/],
    ['overlap(head, other)', /overlap: got "other", want overlap\(where/],
    ['drop(2', /^plan: got "\(2", want steps/],
    ['[["drop", 2]', /^plan: got .* want a plan as JSON/],
    ['[{"drop": 2}]', /^plan: got .*, want a step like \["drop", 2\]/],
    ['[[]]', /want a step like/],
    ['[["unaligned", 1e91, 1]]', /^plan: unaligned: got "1e\+91, 1", want unaligned/],
    [[['drop', 1e21]], /drop\(.*: got "1e\+21"/],
    [[['corrupt', 1, 1e21]], /corrupt\(.*: got "1e\+21"/],
    [[['drop', 1e-7]], /drop\(.*: got "1e-7"/],
    [[['drop', Number.NaN]], /drop\(.*: got "NaN"/],
    [[['shuffle', Number.POSITIVE_INFINITY]], /shuffle: got "Infinity"/],
    ['set(ttl=300)', /^plan: set\(ttl=300\): ttl: got 300, want 0 … 255/],
    ['set(flow-label=1)', /^plan: set\(flow-label=1\): field: got "flow-label", want for IPv4/],
    ['drop(9)', /^plan: drop\(9\): fragment: got 9, want 1 … 3 or −3 … −1 here/],
    ['drop(1, 2, 3), drop(1)', /^plan: drop\(1\): fragment: got 1, want nothing: none is left/],
    ['sizes(2000)', /^plan: sizes\(2000\): got "a packet of 2020 octets", want at most 1500, the MTU/],
    ['sizes(8), repeat(1000)', /^plan: repeat\(1000\): got "\d+ packets", want at most 100000/],
    ['split-chain', /^plan: split-chain: got "IPv4", want IPv6 alone/],
  ];
  for (const [text, says] of wrong) {
    it(`refuses ${String(text)} by name, with what it wants`, () => {
      assert.throws(
        () => cut(text, 4, 4000),
        (error) => {
          assert.ok(error instanceof UfoError, String(error));
          assert.equal(error.code, 'ERR_UFO_INVALID_ARGUMENT');
          assert.match(error.message, says);
          return true;
        },
      );
    });
  }

  it('makes the same packets each time, and of the next datagram others', () => {
    const shuffled = () => cut('shuffle(5), drop(30%)', 4, 30_000).frames.map((frame) => frameData(frame));
    assert.deepEqual(shuffled(), shuffled());
    assert.notDeepEqual(
      shuffled(),
      cut('shuffle(6), drop(30%)', 4, 30_000).frames.map((frame) => frameData(frame)),
    );
  });

  for (const { name, example, family = 6 } of STEPS) {
    it(`${name} leaves the packets that it is given as they were`, () => {
      const step = findStep(name)!;
      const { args } = readPlan([[name, ...example]])[0]!;
      const { packets } = cut('repeat(1)', family, 5000);
      const before = structuredClone(packets);
      step.apply(packets, { family, linkLen: 0, mtu: 1500, ident: 7, pseudoSum: 0, turn: 0 }, ...args);
      assert.deepEqual(structuredClone(packets), before);
    });
  }
});
