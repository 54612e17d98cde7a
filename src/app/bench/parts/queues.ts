import { cpus } from 'node:os';
import { LAB } from '../../../host/lab.js';
import type { SocketOptions } from '../../../socket/options.js';
import { DRIVER_TRAITS } from '../../../tx/drivers.js';
import type { DriverName } from '../../../tx/net-device.js';
import { QueueSenders } from '../../queues/queues.js';
import { BENCH_PORT } from '../contestants/ready-frames.js';
import { MAIN } from '../scenario.js';
import { median } from '../statistics.js';
import { arrivedSince, farArrivals } from '../wire.js';
import type { Part, PartPlan } from './part.js';

const ROUNDS = 5;
export const QUEUE_DRIVERS = ['af-xdp', 'packet-socket', 'virtio-ufo', 'raw-socket'] as const;
/** Queues 0 and 1 are the pair's. */
const QUEUE_ALONE = 2;

/** One sender on one queue against two on two, turn by turn; the goal counts the driver that gains most. */
export async function timeQueues(plan: PartPlan): Promise<Part[]> {
  if (cpus().length < 2) return [];
  const parts: Part[] = [];
  for (const driver of plan.quick ? QUEUE_DRIVERS.slice(0, 1) : QUEUE_DRIVERS) {
    const value = await gainOf(driver, plan);
    parts.push({ type: 'part', name: `twoQueues ${driver}`, what: `two queues to one, ${driver}`, value, unit: '×' });
  }
  const best = Math.max(...parts.map(({ value }) => value));
  return [...parts, { type: 'part', name: 'twoQueues', what: 'two queues to one, best', value: best, unit: '×' }];
}

async function gainOf(driver: DriverName, { ms, signal }: PartPlan): Promise<number> {
  await using alone = await open(driver, 1, QUEUE_ALONE, signal);
  await using pair = await open(driver, 2, 0, signal);
  const gains: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    signal.throwIfAborted();
    const one = await packetsPerSecond(alone, ms);
    const two = await packetsPerSecond(pair, ms);
    if (round >= 0) gains.push(two / one);
  }
  return median(gains);
}

function open(driver: DriverName, queues: number, queue: number, signal: AbortSignal): Promise<QueueSenders> {
  return QueueSenders.open({
    queues,
    socket: queueSocket(driver, queue),
    source: { address: undefined, port: 0 },
    destination: { address: LAB.far.ipv4, port: BENCH_PORT },
    payload: { size: MAIN.size, seed: 1 },
    signal,
  });
}

/** A sender's socket: on `queue`, and those after it, where the driver sends by one queue of the interface. */
export function queueSocket(driver: DriverName, queue: number): SocketOptions {
  return { type: 'udp4', driver, ...(DRIVER_TRAITS[driver].honours.includes('queue') ? { queue } : {}) };
}

/** What arrives while all of them send. */
async function packetsPerSecond(senders: QueueSenders, ms: number): Promise<number> {
  const arrivals = farArrivals(LAB.far);
  const before = await arrivals.count();
  const results = await senders.send({ durationMs: ms });
  const packets = results.reduce((sum, one) => sum + one.fragments, 0);
  return (await arrivedSince(arrivals, before, packets)) / Math.max(...results.map(({ seconds }) => seconds));
}
