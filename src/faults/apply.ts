import { argumentError, UfoError } from '../errors.js';
import { formatPlan, type PlannedStep } from './language.js';
import { type PlanPacket, packetLen } from './packet.js';
import type { StepContext } from './step.js';

/** A datagram has at most 8,192 fragments; a plan may send them a few times over, not fill memory. */
const MOST_FRAGMENTS = 100_000;

/**
 * The fragments that a plan makes of those of one datagram, in the order they go.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT naming the step: a fragment that is not there, a packet above the MTU, too many
 */
export function applyPlan(
  steps: readonly PlannedStep[],
  fragments: readonly PlanPacket[],
  context: StepContext,
): readonly PlanPacket[] {
  let list: readonly PlanPacket[] = fragments;
  for (const planned of steps) {
    const { step, args } = planned;
    const { family } = fragments[0]!;
    if (step.family !== undefined && step.family !== family) {
      throw argumentError(`plan: ${step.name}`, `IPv${family}`, `IPv${step.family} alone`);
    }
    list = naming(planned, () => step.apply(list, context, ...args));
    if (list.length > MOST_FRAGMENTS) {
      throw argumentError(
        `plan: ${formatPlan([planned])}`,
        `${list.length} packets`,
        `at most ${MOST_FRAGMENTS} of a datagram`,
      );
    }
  }
  for (const fragment of list) checkLength(fragment, steps, context);
  return list;
}

/** Says which step an error is from. */
function naming<T>(planned: PlannedStep, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UfoError)) throw error;
    throw new UfoError(error.code, `plan: ${formatPlan([planned])}: ${error.message}`, error.hint);
  }
}

function checkLength(fragment: PlanPacket, steps: readonly PlannedStep[], { mtu }: StepContext): void {
  const len = packetLen(fragment) + fragment.trailer.length;
  if (len <= mtu) return;
  throw argumentError(
    `plan: ${formatPlan(steps)}`,
    `a packet of ${len} octets`,
    `at most ${mtu}, the MTU`,
    'cut smaller',
  );
}
