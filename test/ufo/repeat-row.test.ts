import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SegmentTable } from '../../src/memory/segment-table.js';
import type { Flow } from '../../src/skb/flow.js';
import { kfreeSkb } from '../../src/skb/release.js';
import type { SkBuff } from '../../src/skb/skbuff.js';
import { ipMakeSkb } from '../../src/ufo/make-skb.js';
import { Segmenter } from '../../src/ufo/segment.js';
import { noise } from '../wire/helpers.js';
import { Cutter, type Layout } from './cut.js';
import { fragmentHeaderLen, SETS_4, SETS_6 } from './flows.js';

const cutter = new Cutter();
const { memory } = cutter.pool;
/** One writes runs of rows by the kernel, its twin every row by itself; they take turns in the memory. */
const tables = { kernel: new SegmentTable(memory), plain: new SegmentTable(memory, null) };
const LINKS = [0, 14, 18, 22].map((len) => noise(len, len));
const LAYOUTS: readonly Layout[] = [
  'linear',
  { frags: [4096], shift: 0, foreign: false },
  { frags: [4090, 4001], shift: 6, foreign: false },
  { frags: [65_535], shift: 3, foreign: true },
  { frags: [20_001, 9999], shift: 1, foreign: true },
];

/** Everything that a batch says, and nothing of what lies behind it. */
function batchOf(table: SegmentTable): object {
  const { rows, pieces } = table;
  return {
    heads: Array.from({ length: rows }, (_, row) => {
      const at = table.headOffset[row]!;
      return [at, Buffer.from(memory.bytes.subarray(at, at + table.headLen[row]!)).toString('hex')];
    }),
    frameLen: [...table.frameLen.subarray(0, rows)],
    owner: [...table.owner.subarray(0, rows)],
    firstPiece: [...table.firstPiece.subarray(0, rows + 1)],
    pieces: [table.piecePage, table.pieceOffset, table.pieceLen].map((column) => [...column.subarray(0, pieces)]),
    room: [20, 100, 1000].map((headLen) => table.hasRoom(headLen)),
  };
}

/** The batches of one datagram; the first one begins behind `rowsBefore` rows with `piecesBefore` pieces each. */
function batches(table: SegmentTable, skb: SkBuff, rowsBefore: number, piecesBefore: number): object[] {
  const segmenter = new Segmenter();
  const list: object[] = [];
  table.reset();
  memory.bytes.fill(0xa5, memory.arena.offset, memory.table.offset + memory.table.len);
  for (let row = 0; row < rowsBefore && table.hasRoom(60); row++) {
    table.pushRow(3, 60, 14);
    for (let piece = 0; piece < piecesBefore; piece++) table.pushPiece(2 * piece, 5, 10);
  }
  segmenter.begin(skb, 9);
  for (let done = false; !done; table.reset()) {
    assert.ok(list.length < 20, 'comes to no end');
    done = segmenter.run(table);
    list.push(batchOf(table));
  }
  return list;
}

function same(flow: Flow, len: number, layout: Layout, rowsBefore = 0, piecesBefore = 1): number {
  const skb = cutter.build(flow, noise(len, len), layout);
  ipMakeSkb(skb, flow, 0xfedc);
  assert.ok(skb.shinfo.gsoSegs > 1, `${len} octets, MTU ${flow.mtu}: not cut`);
  const want = batches(tables.plain, skb, rowsBefore, piecesBefore);
  assert.deepEqual(batches(tables.kernel, skb, rowsBefore, piecesBefore), want);
  kfreeSkb(skb);
  return want.length;
}

describe('rows written by the kernel, and one by one', () => {
  it('is what this machine does', () => assert.notEqual(memory.repeatRow, null));

  for (const [index, set] of [...SETS_4, ...SETS_6].entries()) {
    it(`${set.name}: the same rows and headers, wherever the payload lies`, () => {
      const linkHeader = LINKS[index % LINKS.length]!;
      for (const mtu of [300, 576, 1500, 9001]) {
        const flow = { ...set.flow, mtu, linkHeader };
        const gsoSize = (mtu - fragmentHeaderLen(set)) & ~7;
        const lengths = [9999, 20_000, 65_000, ...[4, 5, 6, 7, 8, 9].map((count) => count * gsoSize - 8)];
        for (const len of lengths) {
          for (const layout of LAYOUTS) {
            const frags = layout === 'linear' || layout.frags[0]! > 4096 ? 1 : Math.ceil(len / 4001);
            if (len <= 65_000 && frags <= 17) same(flow, len, layout);
          }
        }
      }
    });
  }

  it('up to the last row, piece and octet of the arena that there is room for', () => {
    for (const { flow } of [SETS_4[0]!, SETS_6[0]!]) {
      const asked = { ...flow, mtu: 1500, linkHeader: LINKS[1]! };
      const byRows = Array.from({ length: 55 }, (_, i) => same(asked, 65_000, LAYOUTS[1]!, 970 + i));
      const byPieces = Array.from({ length: 10 }, (_, i) => same(asked, 65_000, LAYOUTS[1]!, 219 + i, 18));
      assert.deepEqual([new Set(byRows), new Set(byPieces)], [new Set([1, 2]), new Set([1, 2])]);
    }
    // headers of three lines each fill the arena before the table
    const long = { ...SETS_4.at(-1)!.flow, mtu: 100, linkHeader: noise(80, 1) };
    assert.ok(same(long, 65_000, 'linear') > 2);
  });
});
