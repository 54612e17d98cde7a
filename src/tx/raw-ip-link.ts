import { argumentError } from '../errors.js';
import type { NetworkInterface } from '../host/interfaces.js';
import { formatAddress } from '../wire/address.js';
import { etherTypeOf } from '../wire/ethernet.js';
import type { EthernetOptions } from './ethernet-link.js';
import type { Link } from './link.js';
import { type LinkRequest, routeBy } from './link-request.js';
import { refuseOwnAddress } from './own-address.js';

/** Links whose packets begin at IP, or get their header from the kernel without being told of an address (`ip link`). */
const RAW_IP: ReadonlySet<string> = new Set(['none', 'ppp', 'ipip', 'tunnel6', 'sit', 'gre', 'gre6', 'rawip']);

/** tun, WireGuard, PPP and the IP tunnels. */
export function isRawIp({ linkType, mac }: NetworkInterface): boolean {
  return mac === null && RAW_IP.has(linkType);
}

/** An interface without an Ethernet header: whoever is at its other end is the next hop. */
export class RawIpLink implements Link {
  readonly headerLen = 0;
  readonly mtu: number;
  readonly headless = true;
  readonly #interface: NetworkInterface;

  /** @throws UfoError ERR_UFO_INVALID_ARGUMENT for a MAC or VLAN tags, which have no place here */
  constructor(networkInterface: NetworkInterface, options: EthernetOptions) {
    for (const name of ['destinationMac', 'sourceMac', 'vlans'] as const) {
      if (options[name] === undefined) continue;
      const { name: where, linkType } = networkInterface;
      throw argumentError(name, options[name], `none on ${where}: a link of type ${linkType} has no Ethernet header`);
    }
    this.#interface = networkInterface;
    this.mtu = networkInterface.mtu;
  }

  packetMtu(interfaceMtu: number): number {
    return interfaceMtu;
  }

  maxFrameLen(interfaceMtu: number): number {
    return interfaceMtu;
  }

  protocol(family: 4 | 6): number {
    return etherTypeOf(family);
  }

  /** @throws UfoError ENETUNREACH without a route by this interface, EHOSTUNREACH for an address of this very host */
  async header(request: LinkRequest): Promise<Uint8Array> {
    const route = await routeBy(this.#interface.name, request);
    if (route.type === 'local') refuseOwnAddress(formatAddress(request.destination), this.#interface.name);
    return new Uint8Array(0);
  }
}
