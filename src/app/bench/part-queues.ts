import { cpus } from 'node:os';
import type { Runner } from './contestant.js';
import { senderWords } from './contestants.js';
import { LineProcess } from './line-process.js';
import type { Part, PartPlan } from './part.js';
import { MAIN } from './scenario.js';
import type { SenderKind } from './senders.js';
import { arrivedFrames, arrivedSince } from './sink.js';
import { median } from './statistics.js';

const ROUNDS = 5;
const DRIVERS = ['packet-socket', 'af-xdp', 'virtio-ufo'] as const satisfies readonly SenderKind[];

/** One sender on one queue against two on two, turn by turn; the goal counts the driver that gains most. */
export async function timeQueues(plan: PartPlan): Promise<Part[]> {
  if (cpus().length < 2) return [];
  const parts: Part[] = [];
  for (const driver of DRIVERS) {
    const gain = await gainOf(driver, plan).catch(() => null);
    if (gain === null) continue;
    parts.push({
      type: 'part',
      name: `twoQueues ${driver}`,
      what: `two queues to one, ${driver}`,
      value: gain,
      unit: '×',
    });
  }
  if (parts.length === 0) return [];
  const best = Math.max(...parts.map(({ value }) => value));
  return [...parts, { type: 'part', name: 'twoQueues', what: 'two queues to one, best', value: best, unit: '×' }];
}

async function gainOf(driver: SenderKind, { ms, signal }: PartPlan): Promise<number> {
  const runners: Runner[] = [];
  try {
    for (const queue of [0, 1]) {
      runners.push(await LineProcess.start(driver, process.execPath, senderWords(driver, MAIN, queue)));
    }
    const gains: number[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      signal.throwIfAborted();
      const one = await together(runners.slice(0, 1), ms);
      const two = await together(runners, ms);
      if (round >= 0) gains.push(two / one);
    }
    return median(gains);
  } finally {
    await Promise.all(runners.map((runner) => runner.stop()));
  }
}

/** Packets a second that arrive while all of them send. */
async function together(runners: readonly Runner[], ms: number): Promise<number> {
  const before = await arrivedFrames();
  const sent = await Promise.all(runners.map((runner) => runner.forMs(ms)));
  const packets = sent.reduce((sum, one) => sum + one.packets, 0);
  return (await arrivedSince(before, packets)) / Math.max(...sent.map(({ seconds }) => seconds));
}
