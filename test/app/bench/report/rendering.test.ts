import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sentIn } from '../../../../src/app/bench/contestants/command.js';
import { readyFrames } from '../../../../src/app/bench/contestants/ready-frames.js';
import { trafgenConfig } from '../../../../src/app/bench/contestants/trafgen.js';
import type { Measured, Round } from '../../../../src/app/bench/measure.js';
import { slowText } from '../../../../src/app/bench/parts/capture.js';
import { type Goal, goalsOf } from '../../../../src/app/bench/report/goals.js';
import { markdownReport } from '../../../../src/app/bench/report/markdown.js';
import { sinkCost } from '../../../../src/app/bench/report/sink-cost.js';
import { summarize } from '../../../../src/app/bench/report/summary.js';
import { barChart } from '../../../../src/app/bench/report/svg.js';
import { goalTable, resultTable, significant } from '../../../../src/app/bench/report/table.js';
import {
  describeScenario,
  FILE,
  inQuickRun,
  isMain,
  MAIN,
  NULL,
  packetsOf,
  REDIRECT,
  type Scenario,
  scenarios,
} from '../../../../src/app/bench/scenario.js';

const round = (gigabits: number, cpuSecondsPerGb: number | null = 0.5): Round => ({
  octetsPerSecond: (gigabits * 1e9) / 8,
  packetsPerSecond: 100_000 * gigabits,
  lostShare: 0,
  cpuSecondsPerGb,
});
const entry = (name: string, kind: Measured['kind'], gigabits: number[], cost: number): Measured => ({
  ...{ name, kind, peakRss: kind === 'driver' ? 80e6 : null, fault: null },
  rounds: gigabits.map((one) => round(one, cost)),
});
const measured: Measured[] = [
  entry('packet-socket', 'driver', [8, 4, 8], 0.4),
  entry('virtio-ufo', 'driver', [20, 10, 20], 0.2),
  entry('c-kernel-udp', 'yardstick', [10, 5, 10], 0.4),
  entry('trafgen', 'yardstick', [4, 2, 4], 0.5),
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
    const goals = goalsOf(new Map([[describeScenario(MAIN), measured]]), [
      { type: 'part', name: 'segment4', what: '', value: 41, unit: 'ns/fragment' },
      { type: 'part', name: 'checksum', what: '', value: 1.4, unit: 'µs' },
    ]);
    const reached = (start: string): Goal['reached'] | undefined =>
      goals.find(({ what }) => what.startsWith(start))?.reached;
    assert.equal(reached('library, virtio-ufo'), true, 'half the processor time of C');
    assert.equal(reached('library, packet-socket'), true);
    assert.equal(reached('library, packet-socket, 1,472'), null, 'another scenario');
    assert.equal(reached('library, software UFO, best driver, to trafgen'), false);
    assert.equal(reached('segmentation with UDP checksum, IPv4'), false);
    assert.equal(reached('segmentation with UDP checksum, IPv6'), null);
    assert.equal(reached('checksum'), true);
    assert.equal(reached('peak memory'), true);
    assert.match(goalTable(goals), /1\.25 │ *2\.00 │ NOT REACHED/);
  });

  it('hold xdp-live against C where redirected frames are taken, and where they go by the stack', () => {
    const live = (cost: number) => [
      entry('xdp-live', 'driver', [10], cost),
      entry('c-kernel-udp', 'yardstick', [10], 0.4),
    ];
    const goals = goalsOf(
      new Map([
        [describeScenario(MAIN), live(0.4)],
        [describeScenario(REDIRECT), live(0.16)],
      ]),
      [],
    );
    const got = (what: string) => goals.find((one) => one.what === what)?.got;
    assert.equal(got('library, xdp-live'), 2.5);
    assert.equal(got('library, xdp-live by the stack'), 1);
    assert.equal(got('command line, xdp-live'), null);
  });

  it('are neither reached nor missed by a capture whose sender was too slow to tell', () => {
    const lost = { type: 'part', name: 'captureLost', what: '', value: 0, unit: 'frames lost' } as const;
    const found = (rate: number) =>
      goalsOf(new Map(), [{ ...lost, ...slowText(rate) }]).find(({ want }) => want === '≤ 0 lost')!;
    assert.deepEqual([found(399_000).reached, found(399_000).unknown], [true, null]);
    const slow = found(310_000.4);
    assert.equal(slow.reached, null);
    assert.match(goalTable([slow]), /│ +0 │ +│ not known: the sender reached 310,000 frames\/s in its slowest run/);
    const text =
      '  10 datagrams, 14,720 octets of payload, 450 packets\n  0.001 s: 8,850 datagrams/s, 398,230 packets/s, 4 Mbit/s';
    assert.deepEqual(sentIn(text), { datagrams: 10, packets: 450, packetsPerSecond: 398_230 });
  });

  it('show three digits that count', () => {
    assert.deepEqual([1234.5, 40.26, 1.375, 0.04089, 0].map(significant), ['1235', '40.3', '1.38', '0.0409', '0']);
  });
});

describe('benchmark scenarios', () => {
  const cut = (family: 4 | 6, mtu: number, size: number): Scenario => ({ ...MAIN, family, mtu, size });
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
    const names = scenarios(false).map(describeScenario);
    assert.equal(new Set(names).size, 17);
    assert.equal(names.length, 17);
  });

  it('are all in a quick run that goals are about, with those compared only', () => {
    const quick = scenarios(true);
    for (const one of [REDIRECT, FILE, NULL]) assert.ok(quick.map(describeScenario).includes(describeScenario(one)));
    assert.ok(inQuickRun('scapy', MAIN));
    assert.ok(inQuickRun('c-kernel-udp', FILE) && !inQuickRun('node-dgram', FILE));
  });

  it('give trafgen one block of octets a frame', () => {
    assert.equal(trafgenConfig([Uint8Array.of(1, 255), Uint8Array.of(0)]), '{ 1,255 }\n{ 0 }\n');
  });
});

describe('what of a fragment is the sink', () => {
  const costing = (cost: number): Measured[] => [entry('c-kernel-udp', 'yardstick', [10], cost)];

  it('is the processor time that a null device saves the C program', () => {
    const wire = new Map([[describeScenario(MAIN), costing(0.4)]]);
    assert.deepEqual(sinkCost(wire), [], 'no null device, no figure');
    const [part] = sinkCost(new Map([...wire, [describeScenario(NULL), costing(0.25)]]));
    assert.equal(part?.value.toFixed(1), ((0.15 * MAIN.size) / 45).toFixed(1));
  });
});

describe('figures of the command line', () => {
  it('are read from what send prints, whatever the number', () => {
    const text = (line: string): string =>
      `192.0.2.1:1 → 192.0.2.2:9999 by af-xdp on near0, MTU 1500\n  way: why\n  ${line}\n  0.5 s: 20 datagrams/s, 1,110 packets/s, 3 Mbit/s of payload\n`;
    const one = sentIn(text('1 datagram, 65,507 octets of payload, 45 packets, ident 5'));
    assert.deepEqual(one, { datagrams: 1, packets: 45, packetsPerSecond: 1110 });
    const many = sentIn(text('12,345 datagrams, 1 octet of payload, 555,525 packets, idents 1 … 12345'));
    assert.deepEqual(many, { datagrams: 12_345, packets: 555_525, packetsPerSecond: 1110 });
    assert.throws(() => sentIn('nothing'), /no figures in nothing/);
  });
});

describe('the report as Markdown', () => {
  it('holds every scenario fastest first, and the goals', () => {
    const results = summarize(MAIN, measured);
    const goals = goalsOf(new Map([[describeScenario(MAIN), measured]]), []);
    const text = markdownReport('a machine', results, [], goals);
    assert.match(text, /^a machine\n\nIPv4, MTU 1500, 65507 octets:\n\n\| {2}\| packets\/s/);
    assert.match(text, /\| `virtio-ufo` \| 2,000,000 \| 2\.00 \|.*\n\| \(c-kernel-udp\) \| 1,000,000 \|/);
    assert.doesNotMatch(text, /af-xdp` \|/, 'what has no figures has no row');
    assert.match(text, /\| library, virtio-ufo \| ≥ 1\.65 × C \| 2\.00 \| 2\.00 \| reached \|/);
  });
});
