import type { PlanText } from '../../src/faults/language.js';
import type { Outcome } from '../../src/faults/outcome.js';
import { outcomes } from '../../src/faults/outcome.js';
import { type PlanPacket, plannedFragment } from '../../src/faults/packet.js';
import { plan } from '../../src/faults/plan.js';
import { makePayload } from '../../src/payload/generated.js';
import type { FragmentPlan, PlanContext } from '../../src/ufo/plan.js';
import { segment } from '../../src/ufo/segment-datagram.js';
import type { Frame } from '../../src/wire/frame.js';

export const WAYS = {
  4: { source: { address: '192.0.2.1', port: 1111 }, destination: { address: '192.0.2.2', port: 9999 } },
  6: { source: { address: '2001:db8::1', port: 1111 }, destination: { address: '2001:db8::2', port: 9999 } },
} as const;

export interface Cut {
  readonly frames: readonly Frame[];
  /** What the RFCs say of it. */
  readonly outcomes: readonly Outcome[];
  readonly packets: readonly PlanPacket[];
}

/** The frames that a plan makes of a generated datagram, and what a receiver must make of them. */
export function cut(steps: PlanText, family: 4 | 6, size: number, mtu = 1500, ident = 0x1234): Cut {
  const { frames, packets, pseudoSum } = cutOnly(steps, family, size, mtu, ident);
  return { frames, packets, outcomes: outcomes(packets, pseudoSum) };
}

/** The same without a word on what a receiver makes of them. */
export function cutOnly(
  steps: PlanText,
  family: 4 | 6,
  size: number,
  mtu = 1500,
  ident = 0x1234,
): Pick<Cut, 'frames' | 'packets'> & { readonly pseudoSum: number } {
  let seen: { made: readonly PlanPacket[]; context: PlanContext } | undefined;
  const inner = plan(steps);
  const spy: FragmentPlan = {
    text: inner.text,
    apply: (fragments, context) => {
      const made = inner.packets(fragments, context);
      seen = { made, context };
      return made.map(plannedFragment);
    },
  };
  const payload = makePayload(size, 1, 0);
  const frames = [...segment({ ...WAYS[family], payload, mtu, ident, plan: spy })];
  const { made, context } = seen!;
  return { frames, packets: made, pseudoSum: context.pseudoSum };
}
