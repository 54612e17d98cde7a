import { timeCapture } from './capture.js';
import { timeChecksum } from './checksum.js';
import type { Part, PartPlan } from './part.js';
import { timeQueues } from './queues.js';
import { timeSegmentation } from './segment.js';
import { timeStart } from './start.js';
import { timeVerify } from './verify.js';

const PARTS: Readonly<Record<string, (plan: PartPlan) => Part[] | Promise<Part[]>>> = {
  checksum: timeChecksum,
  segment: timeSegmentation,
  verify: timeVerify,
  queues: timeQueues,
  capture: timeCapture,
  start: timeStart,
};

/** What `--only` takes beside contestants. */
export const PART_NAMES: readonly string[] = Object.keys(PARTS);

/** Times the parts named, one after the other. */
export async function measureParts(names: readonly string[], plan: PartPlan): Promise<Part[]> {
  const parts: Part[] = [];
  for (const name of names) {
    plan.signal.throwIfAborted();
    plan.onStep(name);
    parts.push(...((await PARTS[name]?.(plan)) ?? []));
  }
  return parts;
}
