import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  countingIdents,
  createIdentSource,
  identKeys,
  identSourceOf,
  identWrapSeconds,
  REASSEMBLY_TIME_4,
  stretchIdents,
} from '../../src/ufo/ident.js';

const DRAWS = 1_000_000;

describe('IPv6 ids', () => {
  it('a million draws: none is 0, none comes twice, all bits are used', () => {
    const source = createIdentSource();
    const drawn = Float64Array.from({ length: DRAWS }, () => source.next6()).sort();
    let repeated = 0;
    let ones = 0;
    for (let i = 1; i < DRAWS; i++) if (drawn[i] === drawn[i - 1]) repeated += 1;
    for (const ident of drawn) ones |= ident;
    assert.equal(repeated, 0);
    assert.ok(drawn[0]! >= 1 && drawn[DRAWS - 1]! <= 0xffff_ffff);
    assert.equal(ones, -1);
  });

  it('do not count up: differences of neighbours do not repeat, and each 16th of the range gets its share', () => {
    const source = createIdentSource();
    const differences = new Set<number>();
    const shares = new Uint32Array(16);
    let last = source.next6();
    for (let i = 0; i < 20_000; i++) {
      const ident = source.next6();
      differences.add((ident - last) >>> 0);
      shares[ident >>> 28]! += 1;
      last = ident;
    }
    assert.ok(differences.size > 19_900, `${differences.size} of 20000 differences differ`);
    for (const share of shares) assert.ok(share > 1000 && share < 1500, `shares ${shares.join(' ')}`);
  });

  it('two senders with keys of their own draw different series', () => {
    const [a, b] = [createIdentSource(), createIdentSource()];
    const series = (source: typeof a) => Array.from({ length: 8 }, () => source.next6());
    assert.notDeepEqual(series(a), series(b));
  });
});

describe('IPv4 ids', () => {
  it('use all of 1 … 65,535 but for a rest of less than the number of queues before one repeats', () => {
    for (const count of [1, 2, 7]) {
      const source = createIdentSource({ index: count - 1, count });
      const slots = Math.floor(65_535 / count);
      const drawn = Array.from({ length: slots }, () => source.next4());
      assert.equal(new Set(drawn).size, slots);
      assert.ok(drawn.every((ident) => ident >= 1 && ident <= 65_535));
      assert.equal(source.next4(), drawn[0], 'then they begin again');
    }
  });

  it('repeat inside the reassembly time at more than 2,184 datagrams a second', () => {
    assert.ok(identWrapSeconds(2184) > REASSEMBLY_TIME_4);
    assert.ok(identWrapSeconds(2185) < REASSEMBLY_TIME_4);
  });
});

describe('shares of several queues', () => {
  for (const count of [2, 3, 8]) {
    it(`${count} queues never draw the same id`, () => {
      const keys = identKeys();
      const [four, six] = [new Set<number>(), new Set<number>()];
      const each4 = Math.floor(65_535 / count);
      const each6 = 20_000;
      for (let index = 0; index < count; index++) {
        const source = createIdentSource({ index, count }, keys);
        for (let i = 0; i < each4; i++) four.add(source.next4());
        for (let i = 0; i < each6; i++) six.add(source.next6());
      }
      assert.equal(four.size, each4 * count);
      assert.equal(six.size, each6 * count);
    });
  }
});

describe('countingIdents', () => {
  it('counts up and wraps to 1, each family at its own limit', () => {
    const source = countingIdents(0xfffe);
    assert.deepEqual([source.next4(), source.next4(), source.next4(), source.next4()], [0xfffe, 0xffff, 1, 2]);
    const wide = countingIdents(0xffff_ffff);
    assert.deepEqual([wide.next6(), wide.next6()], [0xffff_ffff, 1]);
  });

  it('is the same series every time', () => {
    const [a, b] = [countingIdents(5), countingIdents(5)];
    for (let i = 0; i < 10; i++) assert.equal(a.next6(), b.next6());
  });
});

describe('a source of the user', () => {
  it('gives ids that can be sent, or fails the datagram', () => {
    for (const bad of [0, -1, 1.5, Number.NaN, 2 ** 32, '5', undefined]) {
      const source = identSourceOf({ next4: () => bad as number, next6: () => bad as number });
      assert.throws(() => source.next4(), /^(Type|Range)Error: idents: got /, String(bad));
      assert.throws(() => source.next6(), /^(Type|Range)Error: idents: got /, String(bad));
    }
    const most = identSourceOf({ next4: () => 0xffff, next6: () => 0xffff_ffff });
    assert.deepEqual([most.next4(), most.next6()], [0xffff, 0xffff_ffff]);
    assert.throws(() => identSourceOf(countingIdents(70_000)).next4(), /idents: got 70000, want 1 … 65535 for IPv4/);
    const none = identSourceOf({ next4: () => 0, next6: () => 0 });
    assert.throws(() => none.next6(), /idents: got 0, want 1 … 4294967295 for IPv6/);
  });
});

describe('stretches of several counting senders', () => {
  const stretches = (first: number, length: number, draws: number, next: 'next4' | 'next6'): number[][] =>
    [0, 1, 2].map((index) => {
      const source = stretchIdents({ first, length, share: { index, count: 3 } });
      return Array.from({ length: draws }, () => source[next]());
    });

  it('lie one behind the other', () => {
    const want = [
      [100, 101],
      [102, 103],
      [104, 105],
    ];
    for (const next of ['next4', 'next6'] as const) assert.deepEqual(stretches(100, 2, 2, next), want);
  });

  it('go on at 1 behind the last id there is, and never use 0', () => {
    assert.deepEqual(stretches(0xffff, 2, 2, 'next4'), [
      [0xffff, 1],
      [2, 3],
      [4, 5],
    ]);
    assert.deepEqual(stretches(0xffff_ffff, 1, 1, 'next6'), [[0xffff_ffff], [1], [2]]);
  });

  it('have no id in common however long they send', () => {
    const all = stretches(60_000, Number.POSITIVE_INFINITY, 30_000, 'next4').map((ids) => new Set(ids));
    assert.deepEqual(
      all.map(({ size }) => size),
      [21_845, 21_845, 21_845],
    );
    assert.equal(new Set(all.flatMap((ids) => [...ids])).size, 65_535);
  });
});
