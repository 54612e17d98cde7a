import { argumentError, unsupportedError } from '../errors.js';
import type { NetworkInterface } from '../host/interfaces.js';
import { nextHopMac } from '../host/neighbour.js';
import { formatAddress } from '../wire/address.js';
import * as ethernet from '../wire/ethernet.js';
import type { Link } from './link.js';
import { type LinkRequest, routeBy } from './link-request.js';
import { refuseMartian, refuseOwnAddress } from './own-address.js';

/** What the drivers that write the Ethernet header themselves can be told about it. */
export interface EthernetOptions {
  /** Send everything to this MAC without asking routes and neighbours: for a device under test without IP. */
  readonly destinationMac?: Uint8Array;
  /** The interface's own by default. */
  readonly sourceMac?: Uint8Array;
  /** VLAN tags, outermost first. */
  readonly vlans?: readonly ethernet.VlanTag[];
}

/** The Ethernet headers of one interface. */
export class EthernetLink implements Link {
  readonly headless = false;
  readonly #interface: NetworkInterface;
  readonly #source: Uint8Array;
  readonly #destination: Uint8Array | null;
  readonly #vlans: readonly ethernet.VlanTag[];

  /** @throws UfoError ERR_UFO_UNSUPPORTED for an interface without Ethernet addresses (tun, ppp). */
  constructor(networkInterface: NetworkInterface, { destinationMac, sourceMac, vlans = [] }: EthernetOptions) {
    this.#interface = networkInterface;
    this.#destination = destinationMac === undefined ? null : checked('destinationMac', destinationMac);
    this.#source = sourceMac === undefined ? ownMac(networkInterface) : checked('sourceMac', sourceMac);
    this.#vlans = vlans;
  }

  get headerLen(): number {
    return ethernet.HEADER_LEN + ethernet.TAG_LEN * this.#vlans.length;
  }

  get mtu(): number {
    return this.packetMtu(this.#interface.mtu);
  }

  /**
   * Largest IP packet that fits behind this header. The kernel lets a frame be longer than the MTU by one 802.1Q tag
   * (`packet_extra_vlan_len_allowed`); every other tag takes its octets from the packet.
   */
  packetMtu(interfaceMtu: number): number {
    return this.maxFrameLen(interfaceMtu) - this.headerLen;
  }

  /** Octets of the longest frame that an interface with this MTU sends. */
  maxFrameLen(interfaceMtu: number): number {
    const free = this.#vlans[0]?.tpid === ethernet.TPID_VLAN ? ethernet.TAG_LEN : 0;
    return interfaceMtu + ethernet.HEADER_LEN + free;
  }

  /** The first EtherType of the frames of a family: what the kernel takes for their protocol. */
  protocol(family: 4 | 6): number {
    return this.#vlans[0]?.tpid ?? ethernet.etherTypeOf(family);
  }

  /**
   * The header for a destination, next hop resolved (at most 3 s).
   * @throws UfoError ENETUNREACH without a route by this interface, EHOSTUNREACH where the next hop does not answer.
   */
  async header(request: LinkRequest): Promise<Uint8Array> {
    const { family } = request;
    const header = new Uint8Array(this.headerLen);
    const nextHop = this.#destination ?? (await this.#nextHop(request));
    ethernet.emit(new DataView(header.buffer), 0, {
      destination: nextHop,
      source: this.#source,
      vlans: this.#vlans,
      etherType: ethernet.etherTypeOf(family),
    });
    return header;
  }

  /** Only by this interface, whatever the routes prefer. On lo there is one next hop, and no route by it to own IPv6 addresses. */
  async #nextHop(request: LinkRequest): Promise<Uint8Array> {
    const { source, destination, signal } = request;
    const address = formatAddress(destination);
    if (this.#interface.linkType === 'loopback') {
      refuseMartian(source, destination, address);
      return new Uint8Array(ethernet.MAC_LEN);
    }
    const route = await routeBy(this.#interface.name, request);
    if (route.type === 'local') refuseOwnAddress(address, this.#interface.name);
    return ethernet.parseMac(await nextHopMac(route, this.#interface, signal))!;
  }
}

function ownMac({ name, mac, linkType }: NetworkInterface): Uint8Array {
  const octets = mac === null ? null : ethernet.parseMac(mac);
  if (octets !== null) return octets;
  throw unsupportedError(
    `${name} has no Ethernet header (a link of type ${linkType}), which this driver writes itself`,
    'use packet-socket or virtio-ufo, which do without one on IP links, or raw-socket or kernel-udp',
  );
}

function checked(name: string, mac: Uint8Array): Uint8Array {
  if (mac.length === ethernet.MAC_LEN) return mac;
  throw argumentError(name, mac, 'a MAC address of 6 octets');
}
