import type { FragmentPlan, PlanContext, PlannedFragment } from '../ufo/plan.js';
import { applyPlan } from './apply.js';
import { formatPlan, type PlanText, readPlan } from './language.js';
import { type PlanPacket, plannedFragment, planPacket } from './packet.js';

/** A plan that can also be looked at. */
export interface FaultPlan extends FragmentPlan {
  /** The packets that `apply` hands over, but in parts. Counts as a datagram. */
  packets(fragments: readonly PlannedFragment[], context: PlanContext): readonly PlanPacket[];
}

/**
 * A plan for `send` and `segment`: `plan('last-first, drop(2)')`, or the same as `[['last-first'], ['drop', 2]]`. It counts
 * the datagrams that it is applied to, so that what a seed decides differs from one to the next, and is the same when a
 * new plan is applied to the same datagrams.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT: no such step, or arguments that are not its own
 * @example
 * ```js
 * import { plan, segment } from 'udp-ufo';
 *
 * const source = { address: '192.0.2.1', port: 1111 };
 * const destination = { address: '192.0.2.2', port: 9999 };
 * const payload = new Uint8Array(4000);
 * const frames = [...segment({ source, destination, payload, plan: plan('drop(2), reverse') })];
 * console.log(frames.map(({ len }) => len).join(' ')); // 1068 1500
 * ```
 */
export function plan(steps: PlanText, name = 'plan'): FaultPlan {
  const read = readPlan(steps, name);
  let turn = 0;
  const packets: FaultPlan['packets'] = (fragments, context) => {
    const given = fragments.map((fragment) => planPacket(fragment, context.linkLen));
    const made = applyPlan(read, given, { ...context, turn });
    turn += 1;
    return made;
  };
  return {
    text: formatPlan(read),
    packets,
    apply: (fragments, context) => packets(fragments, context).map(plannedFragment),
  };
}
