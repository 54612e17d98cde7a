import type { DriverName } from '../../tx/net-device.js';
import type { Frame } from '../../wire/frame.js';
import { LINKTYPE_ETHERNET } from '../../wire/link-layer.js';

/** What a driver makes of frames. */
export interface FrameWay {
  /** Whole Ethernet frames, or the IP packets in frames of any link type. */
  readonly sends: 'frames' | 'packets';
  /** The kernel puts IPv4 headers right: wrong ones would not arrive as they are. */
  readonly rightsIpv4Headers: boolean;
  /** A tag of 802.1Q may come on top of what the MTU allows (`packet_extra_vlan_len_allowed`); AF_XDP says EMSGSIZE to it. */
  readonly tagsOnTop: boolean;
}

/** The drivers that take ready frames, with what each makes of them; a file holds what the first frame is. */
export const FRAME_WAYS = {
  'packet-socket': { sends: 'frames', rightsIpv4Headers: false, tagsOnTop: true },
  'af-xdp': { sends: 'frames', rightsIpv4Headers: false, tagsOnTop: false },
  'raw-socket': { sends: 'packets', rightsIpv4Headers: true, tagsOnTop: false },
  'pcap-file': { sends: 'frames', rightsIpv4Headers: false, tagsOnTop: true },
} as const satisfies Partial<Record<DriverName, FrameWay>>;
export type FrameDriver = keyof typeof FRAME_WAYS;

/** The way of all frames, whose first is this one. */
export function frameWay(driver: FrameDriver, { linktype }: Frame): FrameWay {
  const raw = driver === 'pcap-file' && linktype !== LINKTYPE_ETHERNET;
  return raw ? { ...FRAME_WAYS[driver], sends: 'packets' } : FRAME_WAYS[driver];
}
