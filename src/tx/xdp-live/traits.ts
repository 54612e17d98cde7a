import { HEADER_OPTION_NAMES } from '../../options/driver-options.js';
import type { DriverTraits } from '../driver.js';

/** By the "pass" way captures do see its frames, but not by the other: the open device knows which it takes. */
export const XDP_LIVE: DriverTraits = {
  name: 'xdp-live',
  summary:
    'frames that the kernel makes by a program of ours; whether the interface takes them is asked when it is opened',
  honours: [...HEADER_OPTION_NAMES, 'interface'],
  writesHeaders: true,
  seenByCaptures: false,
  sends: true,
  usesUmem: false,
  inThreads: true,
  needs: 'CAP_BPF',
  needsForEach: ['CAP_BPF'], // each frame is a BPF_PROG_TEST_RUN
};
