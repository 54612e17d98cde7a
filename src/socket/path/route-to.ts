import { lookup } from 'node:dns/promises';
import { argumentError } from '../../errors.js';
import { findInterface, type NetworkInterface } from '../../host/interfaces.js';
import { findRoute } from '../../host/route.js';
import { parseAddress } from '../../wire/address.js';
import type { SocketOptions } from '../options.js';
import { sends } from './choose-driver.js';

/** The way to a destination as far as this host knows it. */
export interface RouteTo {
  /** Address literal. */
  readonly address: string;
  readonly source: string;
  readonly interfaceName: string;
  /** The smaller of the interface's and the route's, octets. */
  readonly mtu: number;
}

const UNROUTED_MTU = 1500;

/** An address literal of the socket's family; names are looked up. */
export async function resolveHost(host: string, family: 4 | 6): Promise<string> {
  const literal = parseAddress(host);
  if (literal !== null) {
    if (literal.family === family) return host;
    throw argumentError('address', host, `an IPv${family} address: the socket is of type udp${family}`);
  }
  return (await lookup(host, { family })).address;
}

/**
 * Asks the kernel how it would send to `address`. A device under test without IP (`destinationMac`) is not asked for, nor is
 * a file: then the interface's own address, or the bound one, is the source.
 */
export async function routeTo(address: string, options: SocketOptions, boundTo: string | null): Promise<RouteTo> {
  const { interface: name, destinationMac } = options;
  if (!sends(options)) {
    if (boundTo === null)
      throw argumentError('source', undefined, 'an address: this driver asks no routes', 'bind to one');
    return { address, source: boundTo, interfaceName: '', mtu: options.mtu ?? UNROUTED_MTU };
  }
  if (destinationMac !== undefined) {
    if (name === undefined) throw argumentError('interface', name, 'an interface: destinationMac asks no routes');
    const found = await findInterface(name);
    return { address, source: boundTo ?? ownAddress(found, options), interfaceName: name, mtu: found.mtu };
  }
  const route = await findRoute(address, name === undefined ? {} : { interface: name });
  const { mtu } = await findInterface(route.interface);
  return {
    address,
    source: boundTo ?? route.source,
    interfaceName: route.interface,
    mtu: Math.min(mtu, route.mtu ?? mtu),
  };
}

function ownAddress({ name, addresses }: NetworkInterface, { type }: SocketOptions): string {
  const family = type === 'udp4' ? 4 : 6;
  const found = addresses.find((one) => one.family === family);
  if (found === undefined) throw argumentError('source', undefined, `an address: ${name} has none of IPv${family}`);
  return found.address;
}
