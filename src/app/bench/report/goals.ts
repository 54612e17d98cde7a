import { commandOf } from '../contestants/contestants.js';
import { C_UDP, TRAFGEN } from '../contestants/yardsticks.js';
import type { Measured } from '../measure.js';
import type { Part } from '../parts/part.js';
import { describeScenario, FILE, JUMBO, MAIN, REDIRECT, type Scenario, SMALL, USO } from '../scenario.js';
import { ratioOf } from './summary.js';

/** A figure that the design asks for, beside what was measured. */
export interface Goal {
  readonly type: 'goal';
  readonly what: string;
  readonly want: string;
  /** Ratios by processor time, which what else runs on the machine does not bend. null: not measured in this run. */
  readonly got: number | null;
  /** The same ratio by what arrived a second; null where it is none. */
  readonly byClock: number | null;
  readonly unit: string;
  /** null: not measured, or not known. */
  readonly reached: boolean | null;
  /** Why it is not known in spite of what was measured; null where it is, or nothing was. */
  readonly unknown: string | null;
}

/** What was measured in every scenario, by `describeScenario`. */
export type MeasuredIn = ReadonlyMap<string, readonly Measured[]>;

/** Drivers that cut in software, of which the best counts. */
const SOFTWARE_UFO = ['packet-socket', 'af-xdp', 'xdp-live'];

/** At least so many times as fast as a yardstick in the same scenario. */
const RATIOS: readonly (readonly [string, Scenario, readonly string[], string, number])[] = [
  ['command line, virtio-ufo', MAIN, [commandOf('virtio-ufo')], C_UDP, 1.2],
  ['command line, af-xdp', MAIN, [commandOf('af-xdp')], C_UDP, 0.95],
  ['command line, xdp-live', REDIRECT, [commandOf('xdp-live')], C_UDP, 1.4],
  ['command line, packet-socket, 1,472 octets', SMALL, [commandOf('packet-socket')], C_UDP, 0.5],
  ['command line, --file by virtio-ufo, to C read()+send()', FILE, [commandOf('virtio-ufo')], C_UDP, 1.2],
  ['library, xdp-live', REDIRECT, ['xdp-live'], C_UDP, 2],
  ['library, xdp-live by the stack', MAIN, ['xdp-live'], C_UDP, 1.3],
  ['library, virtio-ufo', MAIN, ['virtio-ufo'], C_UDP, 1.65],
  ['library, af-xdp', MAIN, ['af-xdp'], C_UDP, 1.12],
  ['library, packet-socket', MAIN, ['packet-socket'], C_UDP, 0.78],
  ['library, raw-socket', MAIN, ['raw-socket'], C_UDP, 0.45],
  ['library, software UFO, best driver, to trafgen replaying ready frames', MAIN, SOFTWARE_UFO, TRAFGEN, 1.5],
  ['library, xdp-live, to trafgen, where redirected frames are taken', REDIRECT, ['xdp-live'], TRAFGEN, 1.5],
  ['library, packet-socket, 1,472 octets', SMALL, ['packet-socket'], C_UDP, 1],
  ['library, af-xdp, 1,472 octets', SMALL, ['af-xdp'], C_UDP, 1.4],
  ['library, kernel-udp by USO, 1,472 octets', USO, ['kernel-udp'], C_UDP, 2],
  ['library, virtio-ufo by USO, 1,472 octets', USO, ['virtio-ufo'], C_UDP, 2],
  ['library, virtio-ufo, MTU 9000, an octet', JUMBO, ['virtio-ufo'], C_UDP, 1.1],
  ['library, af-xdp, MTU 9000, an octet', JUMBO, ['af-xdp'], C_UDP, 0.9],
  ['library, sendFile by virtio-ufo, to C read()+send()', FILE, ['virtio-ufo'], C_UDP, 1.2],
];

/** Bounds of what is timed alone. */
const BOUNDS: readonly (readonly [string, string, '≤' | '≥', number, string])[] = [
  ['segmentation with UDP checksum, IPv4, hot', 'segment4', '≤', 40, 'ns/fragment'],
  ['segmentation with UDP checksum, IPv6, hot', 'segment6', '≤', 40, 'ns/fragment'],
  ['checksum of 64 KiB', 'checksum', '≤', 1.5, 'µs'],
  ['verify a pcap file, a second of processor time', 'verify', '≥', 2.2, 'M frames/s'],
  ['verify to the same checks in C', 'verifyToC', '≥', 0.7, '×'],
  ['verify to tshark reassembling the same file', 'verifyToTshark', '≥', 10, '×'],
  ['capture at 400,000 frames/s while sending', 'captureLost', '≤', 0, 'lost'],
  ['capture into a pcap file', 'capturePcap', '≤', 1100, 'ns/frame'],
  ['capture into a pcapng file', 'capturePcapng', '≤', 1100, 'ns/frame'],
  ['receive 65,507 octets, judged', 'receive', '≤', 20, 'µs'],
  ['receive at 3,000/s', 'receiveLost', '≤', 0, 'lost'],
  ['start: send of one datagram', 'startSend', '≤', 0.25, 's of processor time'],
  ['start: --help', 'startHelp', '≤', 0.1, 's of processor time'],
  ['start: --version', 'startVersion', '≤', 0.1, 's of processor time'],
  ['two queues on two cores to one', 'twoQueues', '≥', 1.8, '×'],
];

/** Of a driver's process, octets. */
const PEAK_RSS = 150e6;

/** The goals as far as this run says anything about them. */
export function goalsOf(measured: MeasuredIn, parts: readonly Part[]): Goal[] {
  const peaks = (measured.get(describeScenario(MAIN)) ?? []).flatMap(({ kind, peakRss }) =>
    kind === 'driver' && peakRss !== null ? [peakRss] : [],
  );
  return [
    ...RATIOS.map(([what, scenario, names, yardstick, bound]) => {
      const found = measured.get(describeScenario(scenario)) ?? [];
      const best = (by: 'clock' | 'cpu') => largest(names.map((name) => ratioOf(found, name, yardstick, by)));
      const unit = yardstick === C_UDP ? '× C' : '×';
      return { ...goal(what, best('cpu'), '≥', bound, unit), byClock: best('clock') };
    }),
    ...BOUNDS.map(([what, name, relation, bound, unit]) => {
      const part = parts.find((one) => one.name === name);
      const known = goal(what, part?.value ?? null, relation, bound, unit);
      return part?.unknown === undefined ? known : { ...known, reached: null, unknown: part.unknown };
    }),
    goal('peak memory of a driver', peaks.length === 0 ? null : Math.max(...peaks) / 1e6, '≤', PEAK_RSS / 1e6, 'MB'),
  ];
}

function largest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function goal(what: string, got: number | null, relation: '≤' | '≥', bound: number, unit: string): Goal {
  const want = `${relation} ${bound} ${unit}`;
  const reached = got === null ? null : relation === '≥' ? got >= bound : got <= bound;
  return { type: 'goal', what, want, got, byClock: null, unit, reached, unknown: null };
}
