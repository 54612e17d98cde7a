import { HEADER_OPTION_NAMES } from '../../options/driver-options.js';
import type { DriverTraits } from '../driver.js';

/** `qdiscBypass` hides frames from captures: the open device knows. */
export const PACKET_SOCKET: DriverTraits = {
  name: 'packet-socket',
  summary: 'below the IP stack and conntrack; needs the next hop’s Ethernet address',
  honours: [...HEADER_OPTION_NAMES, 'interface', 'qdiscBypass'],
  writesHeaders: true,
  seenByCaptures: true,
  sends: true,
  usesUmem: false,
  usesSlots: true,
  inThreads: true,
  needs: 'CAP_NET_RAW',
};

export const VIRTIO_UFO: DriverTraits = {
  name: 'virtio-ufo',
  summary: 'hands whole datagrams over; whether the kernel cuts them (4.14 to 5.16 did not) is asked when it is opened',
  honours: [...HEADER_OPTION_NAMES, 'interface'],
  writesHeaders: true,
  seenByCaptures: true,
  sends: true,
  usesUmem: false,
  inThreads: true,
  needs: 'CAP_NET_RAW',
};
