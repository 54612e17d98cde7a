import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CompareCase, sizeOfCase, sweptCases } from '../../../src/app/compare/cases.js';
import { CAUSES } from '../../../src/compare/cuts/causes.js';
import type { HeldCut } from '../../../src/compare/cuts/explain.js';
import { CauseGroups } from '../../../src/compare/cuts/groups.js';

const cause = (code: string) => CAUSES.find((one) => one.code === code)!;
const difference = (field: string, fragment = 2) => ({ fragment, field, from: 'a', to: 'b' });

function found(codes: readonly string[], left: HeldCut['left'] = []): HeldCut {
  const causes = codes.map((code) => ({ cause: cause(code), differences: [difference(code)] }));
  return { outcome: left.length > 0 ? 'different' : 'explained', causes, differences: [], left };
}

function plain(size: number, more: Partial<CompareCase> = {}): CompareCase {
  return { family: 4, mtu: 1500, size, what: '', headers: {}, ...more };
}

describe('differences grouped by cause', () => {
  it('has a group for each cause, with how many datagrams of whom', () => {
    const groups = new CauseGroups<CompareCase>(sizeOfCase);
    groups.add(plain(3000), 'kernel-ip', found(['ident-own', 'last-unrounded']));
    groups.add(plain(3000), 'kernel-ufo', found(['ident-own']));
    groups.add(plain(4000), 'kernel-ip', found(['ident-own']));
    const ways = Object.fromEntries(groups.list().map(({ code, ways }) => [code, ways]));
    assert.deepEqual(ways, { 'ident-own': { 'kernel-ip': 2, 'kernel-ufo': 1 }, 'last-unrounded': { 'kernel-ip': 1 } });
  });

  it('keeps the least datagram of each, whatever came first: fragments, then headers, then octets', () => {
    const options = { options: Uint8Array.of(148, 4, 0, 0) };
    const cases = [
      plain(9000),
      plain(3000, { what: 'router alert', headers: options }),
      plain(3001),
      plain(3000),
      plain(8000, { mtu: 9000, what: 'router alert', headers: options }),
    ];
    const order = [cases[4], cases[3], cases[2], cases[1], cases[0]];
    for (const all of [cases, cases.toReversed()]) {
      for (const left of [1, 2, 3, 4]) {
        const some = all.filter((one) => order.indexOf(one) >= left);
        const groups = new CauseGroups<CompareCase>(sizeOfCase);
        for (const one of some) groups.add(one, 'kernel-ip', found(['ident-own']));
        assert.equal(groups.list()[0]!.example.of, order[left]);
      }
    }
  });

  it('shows of an example what its cause makes, not what others make', () => {
    const groups = new CauseGroups<CompareCase>(sizeOfCase);
    groups.add(plain(3000), 'kernel-ip', found(['ident-own', 'flow-label-own'], [difference('ttl', 3)]));
    const shown = groups.list().map(({ code, example }) => [code, example.differences.map(({ field }) => field)]);
    assert.deepEqual(shown, [
      ['unexplained: ttl', ['ttl']],
      ['ident-own', ['ident-own']],
      ['flow-label-own', ['flow-label-own']],
    ]);
  });

  it('puts what nobody explains first, one group for the same fields', () => {
    const groups = new CauseGroups<CompareCase>(sizeOfCase);
    groups.add(plain(5000), 'file', found(['ident-own']));
    groups.add(plain(5000), 'file', found([], [difference('ttl', 3)]));
    groups.add(plain(4000), 'file', found([], [difference('ttl', 2)]));
    groups.add(plain(4000), 'file', found([], [difference('ttl'), difference('tos')]));
    const [first, second, third] = groups.list();
    assert.deepEqual(
      [first, second, third].map((one) => [one!.code, one!.ways['file']]),
      [
        ['unexplained: ttl', 2],
        ['unexplained: ttl, tos', 1],
        ['ident-own', 1],
      ],
    );
    assert.equal(first!.example.of.size, 4000);
  });

  it('is bounded, and counts what it does not keep', () => {
    const groups = new CauseGroups<CompareCase>(sizeOfCase);
    for (let i = 0; i < 300; i++) groups.add(plain(1), 'file', found([], [difference(`field ${i}`)]));
    assert.deepEqual([groups.list().length, groups.others], [256, 44]);
  });
});

describe('the sweep', () => {
  it('has every edge of the cut of both families, and no datagram too large', () => {
    for (const mtu of [68, 576, 1280, 1499, 1500, 9000]) {
      const cases = sweptCases([4, 6], mtu);
      assert.equal(new Set(cases.map(({ family }) => family)).size, mtu < 1280 ? 1 : 2);
      const sizes = cases.filter(({ family, what }) => family === 4 && what === '').map(({ size }) => size);
      const gsoSize = (mtu - 20) & ~7;
      for (const size of [0, mtu - 28, mtu - 27, gsoSize + mtu - 28, 2 * gsoSize - 8, 2 * gsoSize - 7]) {
        assert.ok(sizes.includes(size), `MTU ${mtu}, ${size} octets`);
      }
      for (const { size, family } of cases) assert.ok(size <= (family === 4 ? 65_507 : 65_527));
    }
  });
});
