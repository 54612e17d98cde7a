import { setTimeout as sleep } from 'node:timers/promises';
import type { LostFrames, NetDevice } from '../../tx/net-device.js';

/** Interfaces that count in their own time do so every second or two. */
const SETTLED_WITHIN_MS = 2500;
const FIRST_PAUSE_MS = 2;
/** Questions for a neighbour that are sent in that time, and what else a host says of itself: three (`mcast_solicit`), twice. */
const MOST_QUESTIONS = 8;
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
  const isUnanswered = (): Promise<boolean | null> => device.neighboursMissing?.() ?? Promise.resolve(false);
  let lost = device.lost();
  let unanswered = await isUnanswered();
  for (let pauseMs = FIRST_PAUSE_MS; performance.now() < deadline; pauseMs *= 2) {
    if (unanswered === null) return { ...lost, neighbour: null };
    if ((lost.unknown ?? 0) === 0 && !unanswered) return lost;
    await sleep(pauseMs);
    lost = device.lost();
    unanswered = await isUnanswered();
  }
  return unanswered ? withoutAnswer(lost, device.taken ?? 0) : lost;
}

/**
 * The questions for a neighbour are packets, which the interface counts as sent, and so cover some of ours: where no more are
 * counted than can be questions, none of ours has left.
 */
function withoutAnswer(lost: LostFrames, taken: number): LostFrames {
  const { qdisc, driver, backlog, unknown } = lost;
  if (unknown === null) return { ...lost, neighbour: null };
  const elsewhere = (qdisc ?? 0) + (driver ?? 0) + (backlog ?? 0);
  const counted = taken - elsewhere - unknown;
  const missing = counted <= MOST_QUESTIONS ? Math.max(0, taken - elsewhere) : unknown;
  return { ...lost, neighbour: missing === 0 ? null : missing, unknown: 0 };
}
