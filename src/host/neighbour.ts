import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import ipaddr from 'ipaddr.js';
import { ERRNO, systemError, unsupportedError } from '../errors.js';
import { AF_INET, AF_INET6, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from './constants.js';
import type { NetworkInterface } from './interfaces.js';
import { lastErrno, libc } from './libc.js';
import type { Route } from './route.js';
import { runTool } from './run-tool.js';
import { putSockaddr, SOCKADDR_IN6_LEN } from './sockaddr.js';
import { bindToDevice, openSocket } from './socket-calls.js';

/** An entry of the kernel's neighbour table (ARP, neighbour discovery). */
export interface Neighbour {
  readonly address: string;
  /** Null while it is not known. */
  readonly mac: string | null;
  /** NUD states: REACHABLE, STALE, DELAY, PROBE, PERMANENT, NOARP (usable), INCOMPLETE, FAILED. */
  readonly state: string;
}

/** Three probes of a second each (`mcast_solicit`, `retrans_time`) are what the kernel spends on it. */
const RESOLVED_WITHIN_MS = 3000;
const LOOK_EVERY_MS = 10;
/** The discard service (RFC 863): an empty datagram there does no harm, and makes the kernel resolve the neighbour. */
const DISCARD_PORT = 9;
const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff';

/**
 * The MAC that frames along `route`, which leads by `link`, go to: the next hop's, asked for on the wire where the kernel does
 * not know it yet (at most 3 s), the group's for multicast (RFC 1112, RFC 2464), zero on lo.
 * Errors: EHOSTUNREACH where nobody answers; `ERR_UFO_UNSUPPORTED` for interfaces without MACs; the abort reason.
 */
export async function nextHopMac(
  route: Route,
  { linkType, mac }: Pick<NetworkInterface, 'linkType' | 'mac'>,
  signal?: AbortSignal,
): Promise<string> {
  if (route.type === 'broadcast') return BROADCAST_MAC;
  const group = multicastMac(route.destination);
  if (group !== null) return group;
  if (linkType === 'loopback') return '00:00:00:00:00:00';
  if (mac === null) throw unsupportedError(`${route.interface}: links of type ${linkType} have no MAC addresses`);
  return resolveNeighbour(route.gateway ?? route.destination, route.interface, signal);
}

/** What the kernel knows of a neighbour on an interface, without asking the wire; null: nothing. */
export async function findNeighbour(address: string, interfaceName: string): Promise<Neighbour | null> {
  const json = await runTool('ip', ['-json', 'neigh', 'show', 'to', address, 'dev', interfaceName]);
  return parseNeighbours(json)[0] ?? null;
}

/** Whether the kernel waits in vain for one of these neighbours on an interface, or has given up on one. */
export async function anyUnresolved(interfaceName: string, addresses: ReadonlySet<string>): Promise<boolean> {
  const open = [...addresses].every((address) => !isIPv6(address))
    ? openInArp(readFileSync('/proc/thread-self/net/arp', 'utf8'), interfaceName)
    : parseNeighbours(await runTool('ip', ['-json', 'neigh', 'show', 'dev', interfaceName]))
        .filter(({ state }) => state === 'INCOMPLETE' || state === 'FAILED')
        .map(({ address }) => address);
  return open.some((address) => addresses.has(address));
}

/** IPv4 neighbours without a MAC; `text` as of /proc/net/arp, which costs no process (`arp_format_neigh_entry`). */
export function openInArp(text: string, interfaceName: string): string[] {
  const rows = text.split('\n').slice(1);
  const columns = rows.map((row) => row.trim().split(/\s+/));
  return columns.flatMap(([address, , flags, , , device]) =>
    device === interfaceName && Number(flags) === 0 ? [address!] : [],
  );
}

/** The MAC of a neighbour on the link, resolved where it is unknown. Waits 3 s at most; errors as `nextHopMac`. */
export async function resolveNeighbour(address: string, interfaceName: string, signal?: AbortSignal): Promise<string> {
  let neighbour = await findNeighbour(address, interfaceName);
  const deadline = Date.now() + RESOLVED_WITHIN_MS;
  if (usableMac(neighbour) === null) provoke(address, interfaceName);
  while (usableMac(neighbour) === null) {
    if (Date.now() >= deadline) throw unresolved(address, interfaceName);
    await sleep(LOOK_EVERY_MS, undefined, signal === undefined ? {} : { signal });
    neighbour = await findNeighbour(address, interfaceName);
    if (neighbour?.state === 'FAILED') throw unresolved(address, interfaceName);
  }
  return usableMac(neighbour)!;
}

/** `json` as `ip -json neigh show` prints it. */
export function parseNeighbours(json: string): Neighbour[] {
  const entries = JSON.parse(json || '[]') as { dst: string; lladdr?: string; state?: string[] }[];
  return entries.map(({ dst, lladdr, state }) => ({ address: dst, mac: lladdr ?? null, state: state?.[0] ?? 'NONE' }));
}

/** The MAC of an IPv4 or IPv6 multicast address; null for any other address. */
export function multicastMac(address: string): string | null {
  const octets = ipaddr.parse(address).toByteArray();
  const hex = (values: readonly number[]) => values.map((value) => value.toString(16).padStart(2, '0')).join(':');
  if (octets.length === 16) return octets[0] === 0xff ? `33:33:${hex(octets.slice(12))}` : null;
  return octets[0]! >> 4 === 0xe ? `01:00:5e:${hex([octets[1]! & 0x7f, octets[2]!, octets[3]!])}` : null;
}

function usableMac(neighbour: Neighbour | null): string | null {
  return neighbour === null || neighbour.state === 'FAILED' ? null : neighbour.mac;
}

/**
 * An entry that had failed long ago becomes INCOMPLETE again by this. By the interface itself: the routes may prefer another one
 * with the same network, where nobody answers. What the kernel does not send asks for nobody. @throws UfoError
 */
function provoke(address: string, interfaceName: string): void {
  const name = new Uint8Array(SOCKADDR_IN6_LEN);
  const octets = Uint8Array.from(ipaddr.parse(address).toByteArray());
  const scopeId = libc().if_nametoindex(interfaceName);
  const nameLen = putSockaddr(new DataView(name.buffer), 0, octets, DISCARD_PORT, scopeId);
  const family = octets.length === 4 ? AF_INET : AF_INET6;
  const fd = openSocket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  try {
    bindToDevice(fd, interfaceName);
    if (libc().sendto(fd, name, 0, 0, name, nameLen) < 0) throw unasked(address, interfaceName);
  } finally {
    libc().close(fd);
  }
}

function unasked(address: string, interfaceName: string): Error {
  const errno = lastErrno();
  const why = errno === ERRNO.EPERM ? 'a rule of the firewall forbids it: let UDP to port 9 pass, or ' : '';
  return systemError(errno, 'sendto', {
    address,
    port: DISCARD_PORT,
    reason: `what makes the kernel look for this address on ${interfaceName} was not sent`,
    hint: `${why}give the MAC of the next hop: --destination-mac`,
  });
}

function unresolved(address: string, interfaceName: string): Error {
  return systemError(ERRNO.EHOSTUNREACH, 'sendmsg', {
    address,
    reason: `nobody on ${interfaceName} answers for this address`,
    hint: 'is the host up, and on this link? for a device without IP give its MAC: --destination-mac',
  });
}
