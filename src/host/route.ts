import { isIPv6 } from 'node:net';
import { ERRNO, systemError, UfoError } from '../errors.js';
import { parseAddress } from '../wire/address.js';
import {
  findInterface,
  listInterfaces,
  type NetworkInterface,
  parseInterfaces,
  unknownInterface,
} from './interfaces.js';
import { isLoopback, OwnNetworks } from './own-networks.js';
import { runTool } from './run-tool.js';

/** The way the kernel would send to a destination. */
export interface Route {
  readonly destination: string;
  readonly family: 4 | 6;
  readonly type: 'unicast' | 'local' | 'broadcast' | 'multicast';
  readonly interface: string;
  /** The address the kernel would send from. */
  readonly source: string;
  /** Null where the destination is on the link itself. May be an IPv6 address for an IPv4 destination (RFC 8950). */
  readonly gateway: string | null;
  /** Octets, set on the route or learnt as the path's MTU; null: the interface's. */
  readonly mtu: number | null;
}

export interface RouteRequest {
  /** Only by this interface. */
  readonly interface?: string | undefined;
  /** What is to be sent from, where rules choose by source. They are asked about addresses of this host only. */
  readonly source?: string | undefined;
}

/**
 * Asks the kernel for the route to an address (`fe80::1%eth0` with its interface). Errors: ENETUNREACH, EHOSTUNREACH or
 * EACCES (a `prohibit` route) as a failed connect(2) would give them; `argumentError` for an unknown interface.
 */
export async function findRoute(destination: string, request: RouteRequest = {}): Promise<Route> {
  const { address, oif, words } = routeQuery(destination, request);
  try {
    const family = isIPv6(address) ? '-6' : '-4';
    const json = await runTool('ip', ['-json', '-details', family, ...words]);
    return parseRoute(json, address, request.source);
  } catch (error) {
    if (!(error instanceof UfoError) || error.code !== 'ERR_UFO_TOOL') throw error;
    const links = await listInterfaces();
    const link = links.find(({ name }) => name === oif);
    if (oif !== undefined && link === undefined) throw unknownInterface(oif, links);
    throw routeError(error.message, destination, link === undefined ? links : [link]) ?? error;
  }
}

/** A route with the interface that it leads by. */
export interface WayOut {
  readonly route: Route;
  readonly link: NetworkInterface;
}

/** As `findRoute`, with the interface: both from one call of `ip`, where there is a route. */
export async function findWayOut(destination: string, request: RouteRequest = {}): Promise<WayOut> {
  return (await askBoth(destination, request)) ?? askInTurn(destination, request);
}

async function askInTurn(destination: string, request: RouteRequest): Promise<WayOut> {
  const route = await findRoute(destination, request);
  return { route, link: await findInterface(route.interface) };
}

/** ip(8) reads commands from standard input, and prints an array a command, each on a line. null: to be asked in turn. */
async function askBoth(destination: string, request: RouteRequest): Promise<WayOut | null> {
  const { address, words } = routeQuery(destination, request);
  if (words.some((word) => !PLAIN_WORD.test(word))) return null;
  const batch = `addr show\n${words.join(' ')}\n`;
  try {
    const text = await runTool('ip', ['-json', '-details', '-statistics', '-batch', '-'], { input: batch });
    const [links = '', routes = ''] = text.trim().split('\n');
    const route = parseRoute(routes, address, request.source);
    const link = parseInterfaces(links).find(({ name }) => name === route.interface);
    return link === undefined ? null : { route, link };
  } catch (error) {
    if (error instanceof UfoError && error.code === 'ERR_UFO_UNSUPPORTED') throw error;
    return null; // whoever asks in turn is told why
  }
}

/** What a batch takes as it is: no blanks, quotes or ends of line. */
const PLAIN_WORD = /^[\w.:@-]+$/;

function routeQuery(destination: string, { interface: by, source }: RouteRequest) {
  const [address = destination, scope] = destination.split('%');
  const oif = by ?? scope;
  const options = [...(source && ruled(source) ? ['from', source] : []), ...(oif ? ['oif', oif] : [])];
  return { address, oif, words: ['route', 'get', address, ...options] };
}

/**
 * Whether rules may choose by this source: one of another host is EINVAL to the kernel (`ip_route_output_key`), as one of the
 * loopback network is for all that leaves the host, and no socket could have it either.
 */
function ruled(source: string): boolean {
  const parsed = parseAddress(source);
  return parsed !== null && !isLoopback(parsed) && new OwnNetworks().has(parsed);
}

/** The part of `ip -json -details route get` that we read. */
interface IpRouteGet {
  readonly type?: string;
  readonly dst: string;
  readonly from?: string;
  readonly dev: string;
  readonly gateway?: string;
  readonly via?: { readonly host: string };
  readonly prefsrc?: string;
  readonly metrics?: readonly { readonly mtu?: number }[];
}

/** `json` as `ip -json -details route get` prints it. Throws ENETUNREACH where it holds no route. */
export function parseRoute(json: string, destination: string, source?: string): Route {
  const [got] = JSON.parse(json) as IpRouteGet[];
  if (got?.dev === undefined) throw routeError('Network is unreachable', destination);
  const type = got.type ?? 'unicast';
  return {
    destination,
    family: isIPv6(destination) ? 6 : 4,
    type: type === 'local' || type === 'broadcast' || type === 'multicast' ? type : 'unicast',
    interface: got.dev,
    source: source ?? got.prefsrc ?? (got.from === undefined || got.from === '::' ? '' : got.from),
    gateway: got.gateway ?? got.via?.host ?? null,
    mtu: got.metrics?.find(({ mtu }) => mtu !== undefined)?.mtu ?? null,
  };
}

/** What the kernel answers where there is no way, and what kind of route says so. */
const BY_TEXT: readonly (readonly [RegExp, number, string])[] = [
  [/Network is unreachable/, ERRNO.ENETUNREACH, 'no route to the destination'],
  [/Network is down/, ERRNO.ENETDOWN, 'the network is down'],
  [/No route to host/, ERRNO.EHOSTUNREACH, 'a route of type unreachable says that there is no way'],
  [/Permission denied/, ERRNO.EACCES, 'a route of type prohibit forbids it'],
  [/Invalid argument/, ERRNO.EINVAL, 'a route of type blackhole swallows it, or the source is not of this host'],
];

/**
 * The error behind what `ip route get` said on standard error; null where that is no answer about routes, but a failure of
 * `ip` itself. `links` are those that may be meant: one that is down has no routes.
 */
export function routeError(
  text: string,
  address: string,
  links: readonly Pick<NetworkInterface, 'name' | 'up'>[] = [],
): UfoError | null {
  const found = BY_TEXT.find(([pattern]) => pattern.test(text));
  if (found === undefined) return null;
  const [, errno, reason] = found;
  const ip = isIPv6(address) ? 'ip -6' : 'ip';
  const down = links.filter(({ name, up }) => !up && name !== 'lo').map(({ name }) => name);
  if (errno === ERRNO.ENETUNREACH && links.length === 1 && down.length === 1) {
    const hint = `ip link set ${down[0]} up`;
    return systemError(ERRNO.ENETDOWN, 'connect', { address, hint, reason: `the interface ${down[0]} is down` });
  }
  const add = `add one (${ip} route add ${address} dev IF), or name the interface with \`interface\``;
  const hints = [
    `see ${ip} route${errno === ERRNO.ENETUNREACH ? `; ${add}` : ''}`,
    ...(down.length === 0 ? [] : [`down, and so without routes: ${down.join(', ')} (ip link set ${down[0]} up)`]),
  ];
  return systemError(errno, 'connect', { address, hint: hints.join('; '), reason });
}
