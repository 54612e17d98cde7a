import { timeCapture } from './capture.js';
import { timeChecksum } from './checksum.js';
import type { Part, PartPlan } from './part.js';
import { timeQueues } from './queues.js';
import { timeReceive } from './receive.js';
import { timeSegmentation } from './segment.js';
import { timeStart } from './start.js';
import { timeVerify } from './verify.js';

const PARTS: Readonly<Record<string, (plan: PartPlan) => Part[] | Promise<Part[]>>> = {
  checksum: timeChecksum,
  segment: timeSegmentation,
  verify: timeVerify,
  queues: timeQueues,
  capture: timeCapture,
  receive: timeReceive,
  start: timeStart,
};

/** What `--only` takes beside contestants. */
export const PART_NAMES: readonly string[] = Object.keys(PARTS);

/** What was timed, and of what broke down why. */
export interface PartsMeasured {
  readonly parts: readonly Part[];
  readonly failures: readonly PartFailure[];
}

interface PartFailure {
  readonly name: string;
  readonly error: unknown;
}

/** Times the parts named, one after the other; one that breaks down takes none of the others with it. */
export async function measureParts(names: readonly string[], plan: PartPlan): Promise<PartsMeasured> {
  const parts: Part[] = [];
  const failures: PartFailure[] = [];
  for (const name of names) {
    plan.signal.throwIfAborted();
    try {
      plan.onStep(name);
      parts.push(...((await PARTS[name]?.(plan)) ?? []));
    } catch (error) {
      plan.signal.throwIfAborted();
      failures.push({ name, error });
    }
  }
  return { parts, failures };
}
