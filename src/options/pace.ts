import { duration, rate } from './builders.js';

const group = 'pace';

/** How fast and how long, for the commands that send. */
export const PACE_OPTIONS = {
  duration: duration({ describe: 'stop after that time; without --count, send as many as go', group }),
  rate: rate({
    describe:
      'at most that fast: 1000/s or 10kdps datagrams, 50kfps packets, 1.5Gbit (10Mbit to hosts beyond a lab and the networks of this host, else as fast as it goes)',
    group,
  }),
  gap: duration({ describe: 'time from one datagram to the next', group }, { min: 0.001 }),
  interval: duration({ describe: 'report that often', group }, { min: 100 }),
} as const;

export const PACE_EXCLUSIVE = [['rate', 'gap']] as const;
