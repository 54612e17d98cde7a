import { argumentError, ERRNO, systemError, type UfoError, unsupportedError } from '../errors.js';
import type { NetworkInterface } from '../host/interfaces.js';
import { nextHopMac } from '../host/neighbour.js';
import { findRoute } from '../host/route.js';
import { formatAddress } from '../wire/address.js';
import * as ethernet from '../wire/ethernet.js';
import type { LinkRequest } from './net-device.js';

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
export class EthernetLink {
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

  /**
   * Largest IP packet that fits behind this header. The kernel lets a frame be longer than the MTU by one 802.1Q tag
   * (`packet_extra_vlan_len_allowed`); every other tag takes its octets from the packet.
   */
  get mtu(): number {
    return this.maxFrameLen(this.#interface.mtu) - this.headerLen;
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
  async header({ family, destination, signal }: LinkRequest): Promise<Uint8Array> {
    const header = new Uint8Array(this.headerLen);
    const nextHop = this.#destination ?? (await this.#nextHop(destination, signal));
    ethernet.emit(new DataView(header.buffer), 0, {
      destination: nextHop,
      source: this.#source,
      vlans: this.#vlans,
      etherType: ethernet.etherTypeOf(family),
    });
    return header;
  }

  /** Only by this interface, whatever the routes prefer. */
  async #nextHop(destination: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    const address = formatAddress(destination);
    const route = await findRoute(address, { interface: this.#interface.name });
    if (route.type === 'local' && this.#interface.linkType !== 'loopback') throw ownAddress(address);
    return ethernet.parseMac(await nextHopMac(route, signal))!;
  }
}

function ownMac({ name, mac }: NetworkInterface): Uint8Array {
  const octets = mac === null ? null : ethernet.parseMac(mac);
  if (octets !== null) return octets;
  throw unsupportedError(
    `${name} has no Ethernet address`,
    'use the driver raw-socket or kernel-udp on this interface',
  );
}

function ownAddress(address: string): UfoError {
  return systemError(ERRNO.EHOSTUNREACH, 'connect', {
    address,
    reason: 'an address of this very host, which no frame on a wire reaches',
    hint: 'use the interface lo, or the driver raw-socket',
  });
}

function checked(name: string, mac: Uint8Array): Uint8Array {
  if (mac.length === ethernet.MAC_LEN) return mac;
  throw argumentError(name, mac, 'a MAC address of 6 octets');
}
