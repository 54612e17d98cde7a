import type { NetworkInterface } from '../host/interfaces.js';
import { EthernetLink, type EthernetOptions } from './ethernet-link.js';
import type { Link } from './link.js';
import { isRawIp, RawIpLink } from './raw-ip-link.js';

/** For drivers that can do without an Ethernet header; all others make an `EthernetLink`, which refuses such interfaces. */
export function anyLink(networkInterface: NetworkInterface, options: EthernetOptions): Link {
  return isRawIp(networkInterface)
    ? new RawIpLink(networkInterface, options)
    : new EthernetLink(networkInterface, options);
}
