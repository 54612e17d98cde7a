import { setTimeout as sleep } from 'node:timers/promises';
import type { LostFrames, NetDevice } from '../../tx/net-device.js';

/** Interfaces that count in their own time do so every second or two. */
const SETTLED_WITHIN_MS = 2500;
const FIRST_PAUSE_MS = 2;
const KEYS = ['socket', 'qdisc', 'driver', 'neighbour', 'backlog', 'unknown'] as const satisfies (keyof LostFrames)[];

/**
 * What devices have lost, once what is still under way has been counted as sent: packets wait in queues, and for neighbours.
 * null where one of them cannot know.
 */
export async function settledLoss(devices: readonly NetDevice[]): Promise<LostFrames> {
  const losses = await Promise.all(devices.map(settledLossOf));
  const sum = (key: keyof LostFrames): number | null =>
    losses.reduce<number | null>(
      (total, { [key]: lost }) => (lost === null || total === null ? null : total + lost),
      0,
    );
  return Object.fromEntries(KEYS.map((key) => [key, sum(key)])) as unknown as LostFrames;
}

async function settledLossOf(device: NetDevice): Promise<LostFrames> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  let lost = device.lost();
  for (let pauseMs = FIRST_PAUSE_MS; (lost.unknown ?? 0) > 0 && performance.now() < deadline; pauseMs *= 2) {
    await sleep(pauseMs);
    lost = device.lost();
  }
  if ((lost.unknown ?? 0) === 0 || !(await device.neighboursMissing?.())) return lost;
  return { ...lost, neighbour: (lost.neighbour ?? 0) + lost.unknown!, unknown: 0 };
}
