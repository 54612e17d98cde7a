import { count, file, size } from './builders.js';

const group = 'payload';

/** What the datagrams carry, for the commands that make some. */
export const PAYLOAD_OPTIONS = {
  size: size({ describe: 'generated payload of so many octets', group }),
  seed: count({ describe: 'seed of generated payload (1)', group }, { min: 0, max: 0xffff_ffff }),
  file: file({ describe: 'payload from this file; without --size and --file from standard input', group }),
  datagramSize: size({ describe: 'cut a file or standard input into datagrams of so many octets', group }, { min: 1 }),
  count: count({ describe: 'datagrams to make (1)', group }),
} as const;

/** Sets of which at most one may be given. */
export const PAYLOAD_EXCLUSIVE = [
  ['size', 'file'],
  ['size', 'datagramSize'],
] as const;
