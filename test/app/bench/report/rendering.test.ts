import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readyFrames } from '../../../../src/app/bench/contestants/ready-frames.js';
import { trafgenConfig } from '../../../../src/app/bench/contestants/trafgen.js';
import type { Measured, Round } from '../../../../src/app/bench/measure.js';
import { type Goal, goalsOf } from '../../../../src/app/bench/report/goals.js';
import { summarize } from '../../../../src/app/bench/report/summary.js';
import { barChart } from '../../../../src/app/bench/report/svg.js';
import { goalTable, resultTable, significant } from '../../../../src/app/bench/report/table.js';
import { isMain, MAIN, packetsOf, type Scenario, scenarios } from '../../../../src/app/bench/scenario.js';

const round = (gigabits: number, cpuSecondsPerGb: number | null = 0.5): Round => ({
  octetsPerSecond: (gigabits * 1e9) / 8,
  packetsPerSecond: 100_000 * gigabits,
  lostShare: 0,
  cpuSecondsPerGb,
});
const entry = (name: string, kind: Measured['kind'], gigabits: number[], peakRss: number | null = 80e6): Measured => ({
  ...{ name, kind, peakRss, fault: null },
  rounds: gigabits.map((one) => round(one)),
});
const measured: Measured[] = [
  entry('packet-socket', 'driver', [8, 4, 8]),
  entry('virtio-ufo', 'driver', [20, 10, 20]),
  entry('c-kernel-udp', 'yardstick', [10, 5, 10]),
  entry('trafgen', 'yardstick', [4, 2, 4], null),
  { name: 'af-xdp', kind: 'driver', rounds: [], peakRss: null, fault: 'af-xdp: <no> queue & no luck' },
];

describe('benchmark results', () => {
  it('are medians and ratios within the round', () => {
    const [packet, , c, , xdp] = summarize(MAIN, measured);
    assert.equal(packet?.bitsPerSecond, 8e9);
    assert.equal(packet?.toC, 0.8);
    assert.equal(packet?.toTrafgen, 2);
    assert.equal(packet?.spread, 0.5);
    assert.equal(c?.toC, null);
    assert.equal(xdp?.bitsPerSecond, null);
    assert.equal(xdp?.fault, 'af-xdp: <no> queue & no luck');
  });

  it('stand in the table fastest first, with what is wrong', () => {
    const text = resultTable(MAIN, summarize(MAIN, measured));
    const order = ['virtio-ufo', '(c-kernel-udp)', 'packet-socket', '(trafgen)', 'af-xdp'].map((name) =>
      text.indexOf(name),
    );
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
    assert.match(text, /^IPv4, MTU 1500, 65507 octets\n/);
    assert.match(text, /packet-socket *│ *8\.00 │ *800,000 │ 0\.80 │ *2\.00 │/);
    assert.match(text, /no luck/);
  });

  it('draw a bar for each that has figures, its length by its rate', () => {
    const svg = barChart(summarize(MAIN, measured));
    const widths = [...svg.matchAll(/<rect x="150" y="\d+" width="(\d+)"/g)].map(([, width]) => Number(width));
    assert.deepEqual(widths, [520, 260, 208, 104]);
    assert.ok(svg.startsWith('<svg ') && svg.endsWith('</svg>\n'));
    assert.doesNotMatch(svg, /af-xdp/);
    assert.match(svg, />IPv4, MTU 1500, 65507 octets, Gbit\/s of payload</);
  });

  it('are held against the goals; what was not measured is neither reached nor missed', () => {
    const goals = goalsOf(measured, [
      { type: 'part', name: 'segment4', what: '', value: 41, unit: 'ns/fragment' },
      { type: 'part', name: 'checksum', what: '', value: 1.4, unit: 'µs' },
    ]);
    const reached = (start: string): Goal['reached'] | undefined =>
      goals.find(({ what }) => what.startsWith(start))?.reached;
    assert.equal(reached('software UFO, best driver, to trafgen'), true);
    assert.equal(reached('software UFO, best driver, to C'), false);
    assert.equal(reached('offload'), true);
    assert.equal(reached('segmentation with UDP checksum, IPv4'), false);
    assert.equal(reached('segmentation with UDP checksum, IPv6'), null);
    assert.equal(reached('checksum'), true);
    assert.equal(reached('peak memory'), true);
    assert.match(goalTable(goals), /0\.800 │ *1\.00 │ NOT REACHED/);
  });

  it('show three digits that count', () => {
    assert.deepEqual([1234.5, 40.26, 1.375, 0.04089, 0].map(significant), ['1235', '40.3', '1.38', '0.0409', '0']);
  });
});

describe('benchmark scenarios', () => {
  const cut = (family: 4 | 6, mtu: number, size: number): Scenario => ({ family, mtu, size, payload: 'hot' });
  for (const [scenario, want] of [
    [MAIN, 45],
    [cut(6, 1500, 65_527), 46],
    [cut(4, 9000, 65_507), 8],
    [cut(4, 1500, 1472), 1],
    [cut(6, 1500, 1472), 2],
    [cut(4, 1500, 8192), 6],
  ] as const) {
    it(`IPv${scenario.family}, MTU ${scenario.mtu}, ${scenario.size} octets make ${want} packet(s), as the UFO stage cuts them`, () => {
      assert.equal(packetsOf(scenario, scenario.mtu), want);
      assert.equal(readyFrames(scenario).length, want);
    });
  }

  it('hold the one that the goals are about, first and once', () => {
    for (const quick of [true, false]) assert.deepEqual(scenarios(quick).map(isMain).indexOf(true), 0);
    assert.equal(scenarios(false).filter(isMain).length, 1);
    assert.equal(scenarios(false).length, 13);
  });

  it('give trafgen one block of octets a frame', () => {
    assert.equal(trafgenConfig([Uint8Array.of(1, 255), Uint8Array.of(0)]), '{ 1,255 }\n{ 0 }\n');
  });
});
