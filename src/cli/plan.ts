import { usageError } from '../errors.js';
import { choice, json, required, size, string, withDefault } from '../options/builders.js';
import { HEADER_OPTIONS } from '../options/headers.js';
import { defineCommand } from './command.js';
import { stepNames } from './names.js';

/** `udp-ufo plan list`, `udp-ufo plan show PLAN`. */
export const plan = defineCommand({
  name: 'plan',
  describe: 'Fragment plans: the steps there are, drawn and explained, and what a plan makes of a datagram',
  positionals: {
    action: required(choice({ describe: 'list, or show PLAN' }, ['list', 'show'])),
    plan: string({ describe: 'steps like "last-first, drop(2)", or the same as JSON', completes: stepNames }),
  },
  options: {
    size: withDefault(size({ describe: 'octets of payload' }), '4400'),
    mtu: withDefault({ ...HEADER_OPTIONS.mtu, describe: 'largest IP packet' }, '1500'),
    family: choice({ describe: 'IPv4 or IPv6; default: what its steps are for, else IPv4' }, ['4', '6']),
    json,
  },
  examples: [
    ['plan list', 'every step with a drawing and what receivers must make of it'],
    ['plan show "overlap(tail, different), reverse" --size 8000', 'what comes out, and what verify will say'],
  ],
  handler: async ({ action, plan, family, ...values }, { output }) => {
    const { listSteps, showPlan } = await import('../app/plan/plan.js');
    if (action === 'list') {
      if (plan !== undefined) throw usageError('PLAN: list takes none', 'udp-ufo plan show PLAN');
      return listSteps(values.json, output);
    }
    if (plan === undefined) throw usageError('PLAN: not given', 'udp-ufo plan list shows the steps');
    return showPlan({ ...values, plan, family: family === undefined ? undefined : family === '6' ? 6 : 4 }, output);
  },
});
