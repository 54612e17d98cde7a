import type { LinkRequest } from './net-device.js';

/** What stands in front of the IP header on one interface, and how long frames may be with it. */
export interface Link {
  /** Octets of the link header. */
  readonly headerLen: number;
  /** Largest IP packet behind it. */
  readonly mtu: number;
  /** The kernel writes the link header, where there is one at all: SOCK_DGRAM instead of SOCK_RAW. */
  readonly headless: boolean;
  /** Largest IP packet behind it where the interface's own MTU is `interfaceMtu`. */
  packetMtu(interfaceMtu: number): number;
  /** Octets of the longest frame that an interface with this MTU sends. */
  maxFrameLen(interfaceMtu: number): number;
  /** What the kernel takes for the protocol of a family's frames. */
  protocol(family: 4 | 6): number;
  /** The header for a destination, next hop resolved. */
  header(request: LinkRequest): Promise<Uint8Array>;
}
