import type { DriverName } from '../../tx/net-device.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { FRAGMENT_HEADER_LEN } from '../../wire/ipv6-extension.js';
import { HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';

/** One datagram of the demo. */
export interface DemoCase {
  readonly driver: DriverName;
  readonly family: 4 | 6;
  readonly mtu: number;
  /** Octets of UDP payload. */
  readonly size: number;
  /** IP packets it has to make, by the RFCs and not by what is tested. */
  readonly packets: number;
}

export const MTUS = [1500, 9000] as const;
const MIDDLING = 8192;
/** Drivers that show the largest datagrams only, where they work; raw-socket shows everything. */
const OTHER_DRIVERS = ['packet-socket', 'virtio-ufo', 'af-xdp', 'kernel-udp'] as const;

const IP_HEADER_LEN = { 4: ipv4.HEADER_LEN, 6: ipv6.HEADER_LEN } as const;
/** A UDP datagram's limit is that of the IP packet (IPv4) or of its payload (IPv6). */
export const LARGEST = {
  4: ipv4.MAX_TOT_LEN - ipv4.HEADER_LEN - UDP_HEADER_LEN,
  6: ipv6.MAX_PAYLOAD_LEN - UDP_HEADER_LEN,
} as const;

/** The datagrams of one MTU, the largest of both families first. */
export function demoCases(mtu: number): DemoCase[] {
  const families = [4, 6] as const;
  const largest = (driver: DriverName) => families.map((family) => demoCase(driver, family, mtu, LARGEST[family]));
  const rest = families.flatMap((family) => {
    const exact = mtu - IP_HEADER_LEN[family] - UDP_HEADER_LEN;
    return [0, 1, exact, exact + 1, MIDDLING].map((size) => demoCase('raw-socket', family, mtu, size));
  });
  return [...largest('raw-socket'), ...rest, ...OTHER_DRIVERS.flatMap(largest)];
}

function demoCase(driver: DriverName, family: 4 | 6, mtu: number, size: number): DemoCase {
  return { driver, family, mtu, size, packets: packetsOf(family, mtu, size) };
}

/** Every fragment but the last carries a multiple of 8 octets (RFC 791, RFC 8200 section 4.5). */
export function packetsOf(family: 4 | 6, mtu: number, size: number): number {
  const headerLen = IP_HEADER_LEN[family];
  const len = UDP_HEADER_LEN + size;
  if (headerLen + len <= mtu) return 1;
  const room = mtu - headerLen - (family === 6 ? FRAGMENT_HEADER_LEN : 0);
  return Math.ceil(len / (room - (room % 8)));
}
