import { string } from './builders.js';

/** What becomes of the fragments on purpose, for the commands that make some. */
export const PLAN_OPTION = string({
  describe: 'what becomes of the fragments on purpose: steps like "reverse, drop(2)" (plan list)',
  group: 'headers',
});
