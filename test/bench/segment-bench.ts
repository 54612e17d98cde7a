/**
 * Segmentation alone: headers and rows of one hot datagram, again and again, without and with its UDP checksum. Not part
 * of npm test: `npm run build && node dist/test/bench/segment-bench.js [milliseconds per run]`.
 */
import assert from 'node:assert/strict';
import { SegmentTable } from '../../src/memory/segment-table.js';
import { skbChecksum } from '../../src/skb/checksum.js';
import type { Flow } from '../../src/skb/flow.js';
import { kfreeSkb } from '../../src/skb/release.js';
import type { SkBuff } from '../../src/skb/skbuff.js';
import { ipMakeSkb, skbChecksumHelp } from '../../src/ufo/make-skb.js';
import { Segmenter } from '../../src/ufo/segment.js';
import { checkFragments } from '../ufo/check-fragments.js';
import { Cutter } from '../ufo/cut.js';
import { flow4, flow6, SETS_4, SETS_6 } from '../ufo/flows.js';
import { noise } from '../wire/helpers.js';

const RUNS = 5;
const runMs = Number(process.argv[2] ?? 300);
const linkHeader = Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]);
const cutter = new Cutter();

/** A datagram ready to be cut, over full pages as `skbAppendDatatoFrags` fills them. */
function prepare(flow: Flow): SkBuff {
  const payload = noise(65_507, 1);
  const set = { ...(flow.family === 4 ? SETS_4[0]! : SETS_6[0]!), flow };
  checkFragments(cutter.cut(flow, 1, payload, PAGES), { set, ident: 1, payload });
  const skb = cutter.build(flow, payload, PAGES);
  ipMakeSkb(skb, flow, 1);
  skbChecksumHelp(skb);
  return skb;
}
const PAGES = { frags: [4096], shift: 0, foreign: false };

/** Nanoseconds of this process's own time for one call of `work`, sorted: others may be using the cores too. */
function measure(work: () => void): number[] {
  const times: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    let calls = 0;
    const begin = process.cpuUsage();
    for (const end = performance.now() + runMs; performance.now() < end; calls += 100) {
      for (let i = 0; i < 100; i++) work();
    }
    const { user, system } = process.cpuUsage(begin);
    if (run > 0) times.push(((user + system) * 1000) / calls); // the first one warms up
  }
  return times.sort((a, b) => a - b);
}

for (const flow of [flow4({ linkHeader }), flow6({ linkHeader, tos: 0xb8, flowLabel: 0x54321 })]) {
  const skb = prepare(flow);
  const table = new SegmentTable(cutter.pool.memory);
  const segmenter = new Segmenter();
  const segs = skb.shinfo.gsoSegs;
  const start = skb.transportHeader - skb.data;
  const cut = (): void => {
    if (!table.hasRoom(64 * 64)) table.reset();
    segmenter.begin(skb, 0);
    if (!segmenter.run(table)) {
      table.reset();
      segmenter.run(table);
    }
  };
  let sum = 0;
  const check = (): void => {
    sum ^= skbChecksum(skb, start, skb.len - start, 0);
  };
  const both = (): void => {
    check();
    cut();
  };
  const figure = (work: () => void): string => {
    const times = measure(work);
    return `${(times[RUNS >> 1]! / segs).toFixed(1)} (best ${(times[0]! / segs).toFixed(1)}) ns`;
  };
  const figures = `${figure(cut)}, with UDP checksum ${figure(both)}, the sum alone ${figure(check)}`;
  assert.ok(sum >= 0 && table.rows > 0);
  console.log(`IPv${flow.family}, 65,507 octets, MTU 1500, ${segs} fragments, each: ${figures}`);
  kfreeSkb(skb);
}
