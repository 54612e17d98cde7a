import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import { argumentError, ERRNO, systemError } from '../../errors.js';
import { findInterface, listInterfaces, type NetworkInterface } from '../../host/interfaces.js';
import { findWayOut, type Route } from '../../host/route.js';
import { isMulticast, parseAddress } from '../../wire/address.js';
import type { SocketOptions } from '../options.js';
import { sends } from './choose-driver.js';
import type { PathSettings } from './settings.js';

/** The way to a destination as far as this host knows it. */
export interface RouteTo {
  /** Address literal, without a zone. */
  readonly address: string;
  readonly source: string;
  readonly interface: string;
  /** It has to leave by this interface, whatever the routes say. */
  readonly bound: boolean;
  /** A group: its TTL is another one. */
  readonly multicast: boolean;
  /** The smaller of the interface's and the route's, octets. */
  readonly mtu: number;
  /** The interface in full, and the kernel's route: absent where nobody was asked. */
  readonly link?: NetworkInterface;
  readonly route?: Route;
}

const UNROUTED_MTU = 1500;

/** An address literal of the socket's family, with its zone; names are looked up. */
export async function resolveHost(host: string, family: 4 | 6, lookup?: LookupFunction): Promise<string> {
  if (lookup !== undefined) return checkedFamily(await lookedUp(host, family, lookup), family);
  if (parseAddress(host) !== null) return checkedFamily(host, family);
  return lookedUp(host, family, dns.lookup as LookupFunction); // asked for now: programs put their own in its place
}

/**
 * Asks the kernel how it would send to `address`. A device under test without IP (`destinationMac`) is not asked for, nor is
 * a file: then the interface's own address, or the bound one, is the source.
 * @throws UfoError for a zone that names no interface, or another one than `interface`; EACCES for a broadcast address where
 *   broadcast is off
 */
export async function routeTo(
  text: string,
  options: SocketOptions,
  boundTo: string | null,
  settings: PathSettings,
): Promise<RouteTo> {
  const [address = text, zone] = text.split('%');
  const multicast = isMulticast(parseAddress(address)!);
  if (!sends(options)) {
    if (boundTo === null) {
      throw argumentError('source', undefined, 'an address: this driver asks no routes', 'bind to one');
    }
    const mtu = options.mtu ?? UNROUTED_MTU;
    return { address, source: withoutZone(boundTo), interface: '', bound: false, multicast, mtu };
  }
  const name = await interfaceFor(text, zone, multicast, options, settings);
  const found = { address, bound: name !== undefined, multicast };
  if (options.destinationMac !== undefined) {
    if (name === undefined) throw argumentError('interface', name, 'an interface: destinationMac asks no routes');
    const own = await findInterface(name);
    const source = withoutZone(boundTo ?? ownAddress(own, options));
    return { ...found, source, interface: name, mtu: own.mtu, link: own };
  }
  const { route, link } = await findWayOut(address, {
    interface: name,
    source: boundTo === null ? undefined : withoutZone(boundTo),
  });
  if (route.type === 'local' && name !== undefined && isLinkLocal(address)) {
    // Our own: the kernel takes it by lo, but finds it by the interface that it belongs to.
    const own = await findInterface(name);
    return { ...found, source: withoutZone(boundTo ?? address), interface: name, mtu: own.mtu, link: own, route };
  }
  if (route.type === 'broadcast' && !settings.broadcast) {
    throw systemError(ERRNO.EACCES, 'send', { address, reason: 'a broadcast address', hint: 'setBroadcast(true)' });
  }
  return {
    ...found,
    source: withoutZone(boundTo ?? route.source),
    interface: route.interface,
    mtu: Math.min(link.mtu, route.mtu ?? link.mtu),
    ...{ link, route },
  };
}

/** The interface that an address asks for by its zone, else that of the socket, or the one for groups; undefined: any. */
async function interfaceFor(
  text: string,
  zone: string | undefined,
  multicast: boolean,
  { interface: own }: SocketOptions,
  settings: PathSettings,
): Promise<string | undefined> {
  if (zone === undefined) {
    if (own === undefined && isLinkLocal(text)) {
      throw argumentError('address', text, `a zone with a link-local address, as ${text}%eth0`, 'or set `interface`');
    }
    return own ?? (multicast ? settings.multicastInterface : undefined);
  }
  const all = await listInterfaces();
  const found = all.find(({ name, ifindex }) => name === zone || String(ifindex) === zone);
  if (found === undefined) {
    throw argumentError('address', text, `a zone that is one of ${all.map(({ name }) => name).join(', ')}`);
  }
  if (own !== undefined && own !== found.name) {
    throw argumentError('address', text, `a zone as \`interface\` has it, which is ${own}`, 'leave one of them out');
  }
  return found.name;
}

/** As dgram calls it: with the family alone, which `dns.lookup` takes for its options. */
function lookedUp(host: string, family: 4 | 6, lookup: LookupFunction): Promise<string> {
  return new Promise((resolve, reject) => {
    lookup(host, family as never, (error, address) => {
      if (error !== null && error !== undefined) reject(error);
      else if (typeof address === 'string') resolve(address);
      else reject(argumentError('lookup', address, 'an address for its callback'));
    });
  });
}

/** @throws UfoError for what is no address of the family */
export function checkedFamily(literal: string, family: 4 | 6): string {
  const parsed = parseAddress(literal);
  if (parsed?.family === family) return literal;
  throw argumentError('address', literal, `an IPv${family} address: the socket is of type udp${family}`);
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}

function withoutZone(address: string): string {
  return address.split('%')[0]!;
}

function ownAddress({ name, addresses }: NetworkInterface, { type }: SocketOptions): string {
  const family = type === 'udp4' ? 4 : 6;
  const found = addresses.find((one) => one.family === family);
  if (found === undefined) throw argumentError('source', undefined, `an address: ${name} has none of IPv${family}`);
  return found.address;
}
