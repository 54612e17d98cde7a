import { HEADER_OPTION_NAMES } from '../../options/driver-options.js';
import type { DriverTraits } from '../driver.js';

export const AF_XDP: DriverTraits = {
  name: 'af-xdp',
  summary: 'the fastest that leaves the cutting to us; one sender for each queue',
  honours: [...HEADER_OPTION_NAMES, 'interface', 'queue'],
  writesHeaders: true,
  seenByCaptures: false,
  sends: true,
  usesUmem: true,
  inThreads: true,
  needs: 'CAP_NET_RAW',
};
