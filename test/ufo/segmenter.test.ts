import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SegmentTable } from '../../src/memory/segment-table.js';
import { skbAppendDatatoFrags } from '../../src/skb/append-datato-frags.js';
import { getfragFromBytes } from '../../src/skb/getfrag.js';
import { kfreeSkb } from '../../src/skb/release.js';
import { ipMakeSkb, skbChecksumHelp } from '../../src/ufo/make-skb.js';
import { pushWhole, Segmenter } from '../../src/ufo/segment.js';
import { noise } from '../wire/helpers.js';
import { Cutter, type Layout, packetList } from './cut.js';
import { flow4, flow6, SETS_4, SETS_6 } from './flows.js';

const LAYOUTS: Readonly<Record<string, Layout>> = {
  'full pages': { frags: [4096], shift: 0, foreign: false },
  'odd stretches of pages': { frags: [4001, 4095, 3999, 3903], shift: 1, foreign: false },
  'one foreign page': { frags: [65_535], shift: 0, foreign: true },
  'foreign pages of odd sizes': { frags: [1, 9999, 2, 7777, 13_579], shift: 5, foreign: true },
};

describe('where the payload lies', () => {
  const cutter = new Cutter();
  for (const [name, layout] of Object.entries(LAYOUTS)) {
    it(`${name}: the same octets as from the head`, () => {
      for (const { flow } of [SETS_4[0]!, SETS_4.at(-1)!, SETS_6[0]!, SETS_6.at(-1)!]) {
        for (const len of [0, 1, 2, 1472, 1473, 8192, 9999, 65_300]) {
          const payload = noise(len, len);
          const linear = packetList(cutter.cut(flow, 99, payload));
          assert.deepEqual(packetList(cutter.cut(flow, 99, payload, layout)), linear, `${len} octets`);
        }
      }
    });
  }

  it('the first foreign page of a pool: the same octets as from the head', () => {
    const payload = noise(9999, 3);
    for (const { flow } of [SETS_4[0]!, SETS_6[0]!]) {
      const fresh = new Cutter();
      const lent = packetList(fresh.cut(flow, 99, payload, { frags: [9001, 998], shift: 3, foreign: true }));
      assert.deepEqual(lent, packetList(cutter.cut(flow, 99, payload)));
    }
  });

  it('several appends, of the octets before as well as behind a page border: the same octets as from the head', () => {
    const payload = noise(20_000, 4);
    for (const { flow } of [SETS_4[0]!, SETS_6.at(-1)!]) {
      const linear = packetList(cutter.cut(flow, 99, payload));
      const skb = cutter.build(flow, payload.subarray(0, 0), { frags: [1], shift: 0, foreign: false });
      let at = 0;
      for (const len of [1, 4094, 2, 0, 9001, 777, 6125]) {
        skbAppendDatatoFrags(null, skb, getfragFromBytes, payload.subarray(at, at + len), len);
        at += len;
      }
      ipMakeSkb(skb, flow, 99);
      skbChecksumHelp(skb);
      assert.deepEqual(packetList(cutter.frames(skb)), linear);
      kfreeSkb(skb);
    }
  });

  it('borrows the payload: rows point at the pages, adjoining pages are one piece', () => {
    const skb = new Cutter().build(flow4(), noise(8192, 1), LAYOUTS['full pages']!);
    ipMakeSkb(skb, flow4(), 1);
    const table = new SegmentTable(skb.pool.memory);
    const segmenter = new Segmenter();
    segmenter.begin(skb, 0);
    assert.ok(segmenter.run(table));
    const [first, second] = skb.shinfo.frags;
    assert.equal(second!.page, first!.page + 1, 'the pool gives pages in order');
    assert.equal(table.rows, 6);
    assert.equal(table.pieces, 6, 'the third fragment crosses from page to page in one piece');
    assert.deepEqual([...table.pieceOffset.subarray(0, 4)], [0, 1472, 2952, 336]);
    assert.deepEqual([...table.pieceLen.subarray(0, 6)], [1472, 1480, 1480, 1480, 1480, 800]);
    kfreeSkb(skb);
  });
});

describe('several datagrams in one table', () => {
  it('keep their owners, and a datagram goes on in the next batch under another one', () => {
    const cutter = new Cutter();
    const table = new SegmentTable(cutter.pool.memory);
    const segmenter = new Segmenter();
    const flow = flow4({ mtu: 100 });
    const small = cutter.build(flow6(), noise(10, 1), 'linear');
    ipMakeSkb(small, flow6(), 1);
    pushWhole(table, small, 0);
    const skb = cutter.build(flow, noise(65_507, 1), 'linear');
    ipMakeSkb(skb, flow, 1);
    skbChecksumHelp(skb);
    segmenter.begin(skb, 1);
    const rows = Math.ceil(65_515 / 80);
    assert.equal(segmenter.run(table), true);
    assert.equal(table.rows, 1 + rows);
    segmenter.begin(skb, 2);
    assert.equal(segmenter.run(table), false, 'the table is full');
    assert.equal(table.rows, table.capacity);
    assert.deepEqual([table.owner[0], table.owner[1], table.owner[rows], table.owner[rows + 1]], [0, 1, 1, 2]);
    table.reset();
    segmenter.owner = 0;
    assert.equal(segmenter.run(table), true);
    assert.equal(table.rows, rows - (table.capacity - 1 - rows));
    assert.equal(table.owner[table.rows - 1], 0);
    assert.equal(segmenter.run(table), true, 'nothing is left');
  });

  it('stops for want of pieces before the table overflows', () => {
    const cutter = new Cutter();
    const table = new SegmentTable(cutter.pool.memory);
    const segmenter = new Segmenter();
    const flow = flow4({ mtu: 1200 });
    const skb = cutter.build(flow, noise(1700, 1), { frags: [100], shift: 1, foreign: false });
    ipMakeSkb(skb, flow, 1);
    let datagrams = 0;
    for (segmenter.begin(skb, 0); segmenter.run(table); segmenter.begin(skb, 0)) datagrams += 1;
    assert.ok(datagrams > 100 && table.rows < table.capacity, `${datagrams} datagrams, ${table.rows} rows`);
    assert.ok(table.pieces <= table.pieceLen.length && table.pieceLen[table.pieces - 1]! > 0);
  });
});
