import { typeError } from '../errors.js';

/** One fragment as a plan finds it and may change it: whole octets of its own. */
export interface PlannedFragment {
  /**
   * All that stands in front of the payload: link header (as long as `PlanContext.linkLen`), IPv4 header with options, or
   * IPv6 header, per-fragment extension headers and fragment header.
   */
  readonly header: Uint8Array;
  /** The IP payload it carries; where it belongs is what the header says. */
  readonly payload: Uint8Array;
  /** Milliseconds from when the fragment in front of it was handed over; 0 … 2^31 − 1. */
  readonly delay: number;
}

/** What a plan may want to know of the datagram. */
export interface PlanContext {
  readonly family: 4 | 6;
  /** Octets of link header in every `header`. */
  readonly linkLen: number;
  /** Largest IP packet that the way carries, octets; longer ones are the plan's own risk (EMSGSIZE). */
  readonly mtu: number;
  /** Identification of the datagram, which an IPv6 packet that is not cut has nowhere. */
  readonly ident: number;
  /** Sum of the UDP pseudo-header without the length: final destination, where a routing header names one. */
  readonly pseudoSum: number;
}

/**
 * What becomes of a datagram's fragments on purpose: a list made from the list that would have gone out. It is sent in its
 * order; what is not in it was not sent, and is not lost.
 */
export interface FragmentPlan {
  /** As the user wrote it; results say it as the reason of the way. */
  readonly text: string;
  /** Must not change what it is given; octets that stay may be passed on as they are. */
  apply(fragments: readonly PlannedFragment[], context: PlanContext): readonly PlannedFragment[];
}

/** @throws UfoError (TypeError) for what is no plan */
export function checkPlan(plan: unknown): asserts plan is FragmentPlan {
  if (typeof (plan as FragmentPlan | null)?.apply === 'function') return;
  const hint = typeof plan === 'string' ? 'plan(text) makes one of text' : undefined;
  throw typeError('plan', plan, 'a plan: what `plan` gives, or an object with apply', hint);
}
