import type { Step } from './step.js';
import { COUNT_STEPS } from './steps/count.js';
import { CUT_STEPS } from './steps/cut.js';
import { HEADER_STEPS } from './steps/header.js';
import { DATAGRAM_STEPS } from './steps/many.js';
import { ORDER_STEPS } from './steps/order.js';
import { PLACE_STEPS } from './steps/overlap.js';

/** Every step that a plan may have: the one list that grammar, checks, help and drawings come from. */
export const STEPS: readonly Step[] = [
  ...ORDER_STEPS,
  ...COUNT_STEPS,
  ...CUT_STEPS,
  ...PLACE_STEPS,
  ...HEADER_STEPS,
  ...DATAGRAM_STEPS,
];

export function findStep(name: string): Step | undefined {
  return STEPS.find((step) => step.name === name);
}

/** `drop(i|p%|seed=n, …)`: a step as it is written, with the names of its arguments. */
export function signature({ name, parameters }: Step): string {
  if (parameters.length === 0) return name;
  const all = parameters.map((one) => {
    const text = one.rest === true ? `${one.name}, …` : one.name;
    return 'fallback' in one ? `[${text}]` : text;
  });
  return `${name}(${all.join(', ')})`;
}
