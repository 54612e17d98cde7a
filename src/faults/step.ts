import type { PlanContext } from '../ufo/plan.js';
import type { PlanPacket } from './packet.js';
import type { Parameter } from './parameters.js';

/** What a step may know beside the packets. */
export interface StepContext extends PlanContext {
  /** How many datagrams this plan was applied to before. */
  readonly turn: number;
}

/** One step of a plan in the form that JSON and TypeScript share: `['drop', 2]`, `['set', 1, 'ttl=3']`. */
export type StepCall = readonly [name: string, ...args: (number | string)[]];

/**
 * A step: a pure function over the list of fragments. `args` are what its parameters made of the call's arguments, in the
 * parameters' order.
 */
export interface Step {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** One line for people. */
  readonly does: string;
  /** Arguments for the drawing and for the tests. */
  readonly example: readonly (number | string)[];
  /** Families that it makes sense for; default both. */
  readonly family?: 4 | 6;
  /** What it asks of receivers beyond the rules for its fault; with the section. */
  readonly demands: string;
  // biome-ignore lint/suspicious/noExplicitAny: each step's own parameters give its arguments their types
  readonly apply: (fragments: readonly PlanPacket[], context: StepContext, ...args: any[]) => PlanPacket[];
}
