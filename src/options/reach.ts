import { flag } from './builders.js';
import type { Option } from './option.js';

const group = 'way';

/** Leave to send what reaches, or is laid at the door of, others than the two ends: for the commands that send. */
export const REACH_OPTIONS = {
  broadcast: flag({
    describe: 'to broadcast addresses too, which are refused else: every host there has to take it, and may answer',
    group,
  }),
  multicast: flag({
    describe: 'to groups too, which are refused else: every member gets it; with a TTL above 1 routers carry it on',
    group,
  }),
  spoof: flag({
    describe: "from addresses that are not this host's, refused else: answers, and the blame, go to whose they are",
    group,
  }),
} as const;

export type ReachName = keyof typeof REACH_OPTIONS;
/** What there is leave for. */
export type Reach = { readonly [K in ReachName]?: boolean | undefined };

/** `--outside-lab`, with what it lets go there. */
export function outsideLab(what: string): Option<boolean> {
  return flag({ describe: `--deep to a host that is in no lab: ${what}`, group: 'proof' });
}
