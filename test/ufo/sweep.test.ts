import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noise } from '../wire/helpers.js';
import { checkFragments } from './check-fragments.js';
import { Cutter, type Layout } from './cut.js';
import { fragmentHeaderLen, type HeaderSet, largestPayload, SETS_4, SETS_6, smallestMtu } from './flows.js';

const cutter = new Cutter();
const material = noise(70_000, 1);
const ETHERNET = Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]);
/** Payloads up to here are tried one by one. */
const ALL_UP_TO = 200;
/** Octets either side of a multiple of gsoSize. */
const AROUND = 9;

/** Layouts in turn: in the head; odd frags of pool pages; a few large foreign pages; full pages. */
const LAYOUTS: readonly Layout[] = [
  'linear',
  { frags: [3855, 4093, 3999], shift: 1, foreign: false },
  { frags: [8191, 1, 20_001], shift: 3, foreign: true },
  { frags: [4096], shift: 0, foreign: false },
];

function trial(set: HeaderSet, mtu: number, len: number, turn: number): void {
  const linkHeader = (turn & 4) === 0 ? ETHERNET.subarray(0, 0) : ETHERNET;
  const flow = { ...set.flow, mtu, linkHeader };
  const asked = {
    set: { ...set, flow },
    ident: 1 + ((turn * 40_503) % 65_535),
    payload: material.subarray(turn % 1000, (turn % 1000) + len),
  };
  try {
    checkFragments(cutter.cut(flow, asked.ident, asked.payload, LAYOUTS[turn % LAYOUTS.length]!), asked);
  } catch (error) {
    throw new Error(`${set.name}, MTU ${mtu}, ${len} octets, turn ${turn}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function mtus(set: HeaderSet): number[] {
  const least = smallestMtu(set);
  const list = [least, least + 1, least + 7, least + 8, 296, 576, 1280, 1499, 1500, 1501, 4352, 9000, 32_003, 65_535];
  return list.filter((mtu) => mtu >= least);
}

/** Lengths around the first three multiples of gsoSize, the last one, the largest payload, and five at random. */
function lengths(set: HeaderSet, mtu: number): Set<number> {
  const most = largestPayload(set);
  const gsoSize = (mtu - fragmentHeaderLen(set)) & ~7;
  const found = new Set<number>([most, most - 1, most - 7, most - 8]);
  for (const multiple of [1, 2, 3, Math.floor(most / gsoSize)]) {
    if (multiple * gsoSize < 2 * most) addAround(found, multiple * gsoSize - 8, most);
  }
  for (let i = 0; i < 5; i++) found.add((material[i]! << 8) + material[i + mtu]!);
  return new Set([...found].filter((len) => len <= most && (len <= 4000 || mtu >= 200 || len >= most - 1)));
}

function addAround(found: Set<number>, at: number, most: number): void {
  for (let len = at - AROUND; len <= at + AROUND; len++) if (len >= 0 && len <= most) found.add(len);
}

describe('software UFO, sizes × MTUs × headers', () => {
  for (const set of [...SETS_4, ...SETS_6]) {
    it(`${set.name}: all small payloads, and around the cuts`, () => {
      let turn = 0;
      for (const mtu of mtus(set)) {
        for (let len = 0; len <= ALL_UP_TO; len++) trial(set, mtu, len, turn++);
        for (const len of lengths(set, mtu)) trial(set, mtu, len, turn++);
      }
      assert.equal(cutter.pool.freePages, cutter.pool.pages);
      assert.equal(cutter.pool.foreignPages, 0);
    });
  }

  for (const set of [SETS_4[0]!, SETS_4.at(-1)!, SETS_6[0]!, SETS_6.at(-1)!]) {
    it(`${set.name}: around every multiple of gsoSize`, () => {
      let turn = 0;
      for (const mtu of [1500, 9001]) {
        const gsoSize = (mtu - fragmentHeaderLen(set)) & ~7;
        const found = new Set<number>();
        for (let at = gsoSize; at < largestPayload(set) + 8; at += gsoSize)
          addAround(found, at - 8, largestPayload(set));
        for (const len of found) trial(set, mtu, len, turn++);
      }
    });
  }

  it('cuts into more fragments than a segment table holds', () => {
    trial(SETS_4[0]!, 28, 65_507, 0);
    assert.equal(cutter.batches, Math.ceil(8190 / 1024));
    trial(SETS_6[0]!, 56, 65_527, 0);
    assert.equal(cutter.batches, 8);
  });
});
