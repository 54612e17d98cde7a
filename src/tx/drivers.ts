import { AF_XDP } from './af-xdp/traits.js';
import type { DriverName, DriverTraits } from './driver.js';
import { KERNEL_UDP } from './kernel-udp/traits.js';
import { PACKET_SOCKET, VIRTIO_UFO } from './packet/traits.js';
import { PCAP_FILE } from './pcap-file/traits.js';
import { RAW_SOCKET } from './raw-socket/traits.js';
import { XDP_LIVE } from './xdp-live/traits.js';

/** What is known of each driver without loading it. */
export const DRIVER_TRAITS: Readonly<Record<DriverName, DriverTraits>> = {
  'raw-socket': RAW_SOCKET,
  'packet-socket': PACKET_SOCKET,
  'af-xdp': AF_XDP,
  'xdp-live': XDP_LIVE,
  'virtio-ufo': VIRTIO_UFO,
  'kernel-udp': KERNEL_UDP,
  'pcap-file': PCAP_FILE,
};

export const ALL_TRAITS: readonly DriverTraits[] = Object.values(DRIVER_TRAITS);
