import { count, hex, inputFile, size, sizes, value } from './builders.js';
import { parseText } from './parse-payload.js';

const group = 'payload';

/** What the datagrams carry, for the commands that make some. */
export const PAYLOAD_OPTIONS = {
  size: sizes({
    describe:
      'generated payload of so many octets; 64-1500: any of these, by the seed; 64,576,1500: in turn; ' +
      'imix: 18, 524 and 1472 as 7:4:1, over IPv4 frames of 64, 570 and 1518',
    group,
  }),
  seed: count(
    { describe: 'seed of generated payload, and of its size in a range (1)', group },
    { min: 0, max: 0xffff_ffff },
  ),
  data: value({ describe: 'payload of this text, in UTF-8, no end of line added', group }, parseText),
  hex: hex({ describe: 'payload of these octets: 00ff, 00:ff or "00 ff"', group }),
  file: inputFile({ describe: 'payload from this file; standard input where no payload is given', group }),
  datagramSize: size({ describe: 'cut a file or standard input into datagrams of so many octets', group }, { min: 1 }),
  count: count({ describe: 'datagrams to make (1)', group }),
} as const;

/** Sets of which at most one may be given. */
export const PAYLOAD_EXCLUSIVE = [
  ['size', 'data', 'hex', 'file'],
  ['size', 'data', 'hex', 'datagramSize'],
] as const;
