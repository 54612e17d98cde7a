import { HEADER_OPTION_NAMES } from '../../options/driver-options.js';
import type { DriverTraits } from '../driver.js';

export const PCAP_FILE: DriverTraits = {
  name: 'pcap-file',
  summary: 'writes what would go out; needs no privilege',
  honours: [...HEADER_OPTION_NAMES, 'file'],
  writesHeaders: true,
  seenByCaptures: false,
  sends: false,
  usesUmem: false,
  inThreads: true,
  needs: null,
};
