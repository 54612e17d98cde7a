import { C_UDP, PACKAGE_QUEUE, SCAPY, TRAFGEN } from '../contestants/contestants.js';
import type { Measured } from '../measure.js';
import type { Part } from '../parts/part.js';
import { ratioOf } from './summary.js';

/** A figure that the design asks for, beside what was measured. */
export interface Goal {
  readonly type: 'goal';
  readonly what: string;
  readonly want: string;
  /** null: not measured in this run. */
  readonly got: number | null;
  /** The same ratio by processor time, which what else runs on the machine does not bend; null where it is none. */
  readonly byCpu: number | null;
  readonly unit: string;
  readonly reached: boolean | null;
}

/** Drivers that cut in software, of which the best counts. */
const SOFTWARE_UFO = ['packet-socket', 'af-xdp'];

/** The goals as far as this run says anything about them; `main` is the scenario of 65,507 octets over IPv4, MTU 1500. */
export function goalsOf(main: readonly Measured[], parts: readonly Part[]): Goal[] {
  const ratio = (what: string, names: readonly string[], yardstick: string, bound: number): Goal => {
    const bestBy = (by: 'clock' | 'cpu') => largest(names.map((name) => ratioOf(main, name, yardstick, by)));
    return { ...atLeast(what, bestBy('clock'), bound, '×'), byCpu: bestBy('cpu') };
  };
  const part = (name: string) => parts.find((one) => one.name === name)?.value ?? null;
  const peak = main.filter(({ kind, peakRss }) => kind === 'driver' && peakRss !== null);
  return [
    ratio('software UFO, best driver, to trafgen replaying ready frames', SOFTWARE_UFO, TRAFGEN, 1.5),
    ratio('software UFO, best driver, to C on a kernel UDP socket', SOFTWARE_UFO, C_UDP, 1.1),
    ratio('offload (virtio-ufo) to C on a kernel UDP socket', ['virtio-ufo'], C_UDP, 2),
    ratio("raw-socket to the package's own queue", ['raw-socket'], PACKAGE_QUEUE, 1.4),
    ratio('raw-socket to scapy', ['raw-socket'], SCAPY, 50),
    atMost('segmentation with UDP checksum, IPv4, hot', part('segment4'), 40, 'ns/fragment'),
    atMost('segmentation with UDP checksum, IPv6, hot', part('segment6'), 40, 'ns/fragment'),
    atMost('checksum of 64 KiB', part('checksum'), 1.5, 'µs'),
    atLeast('verify a pcap file', part('verify'), 1.5, 'M frames/s'),
    atLeast('verify to tshark reassembling the same file', part('verifyToTshark'), 10, '×'),
    atMost(
      'peak memory of a driver',
      peak.length === 0 ? null : Math.max(...peak.map((one) => one.peakRss! / 1e6)),
      150,
      'MB',
    ),
    atLeast('two queues on two cores to one', part('twoQueues'), 1.8, '×'),
  ];
}

function largest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function atLeast(what: string, got: number | null, bound: number, unit: string): Goal {
  return {
    type: 'goal',
    what,
    want: `≥ ${bound} ${unit}`,
    got,
    byCpu: null,
    unit,
    reached: got === null ? null : got >= bound,
  };
}

function atMost(what: string, got: number | null, bound: number, unit: string): Goal {
  return {
    type: 'goal',
    what,
    want: `≤ ${bound} ${unit}`,
    got,
    byCpu: null,
    unit,
    reached: got === null ? null : got <= bound,
  };
}
