import { isIP } from 'node:net';
import { argumentError, type UfoError, usageError } from '../../errors.js';
import type { NetworkInterface } from '../../host/interfaces.js';
import { findNeighbour } from '../../host/neighbour.js';
import { OwnNetworks } from '../../host/own-networks.js';
import { type DriverOptionValues, pickDriverOptions } from '../../options/driver-options.js';
import type { RateWish } from '../../options/parse-rate.js';
import type { Reach } from '../../options/reach.js';
import { PAYLOAD_HEADER_LEN } from '../../payload/generated.js';
import { largestOf, type PayloadSizes, smallestOf } from '../../payload/sizes.js';
import { TIMED_LEAST_LEN } from '../../payload/time.js';
import { checkSocketOptions } from '../../socket/check-options.js';
import type { SocketOptions } from '../../socket/options.js';
import { type RouteTo, routeTo } from '../../socket/path/route-to.js';
import { PathSettings } from '../../socket/path/settings.js';
import type { DriverName } from '../../tx/driver.js';
import { DRIVER_TRAITS } from '../../tx/drivers.js';
import { EthernetLink } from '../../tx/ethernet-link.js';
import { parseMac } from '../../wire/ethernet.js';
import type { FlowWish } from '../common/flows.js';
import type { PayloadOptions } from '../common/payload-source.js';
import { refuseBeyond } from '../common/reach.js';
import { checkFlows, flowWish } from './flows.js';

/** `udp-ufo send` as typed. */
export interface SendRequest extends PayloadOptions, Reach, Omit<DriverOptionValues, 'file'> {
  readonly destination: {
    readonly host: string;
    readonly family: 4 | 6 | undefined;
    readonly port: number;
    /** Several of them are flows, each with each; the first are `host` and `port`. */
    readonly hosts?: readonly string[];
    readonly ports?: readonly number[];
  };
  readonly source?:
    | { readonly host: string; readonly port: number | undefined; readonly hosts?: readonly string[] }
    | undefined;
  /** Only addresses of this family. */
  readonly family?: 4 | 6 | undefined;
  readonly sourcePorts?: readonly number[] | undefined;
  /** Which flow a datagram is of: one after the other, or as the seed gives them. */
  readonly flowOrder?: 'turn' | 'random' | undefined;
  /** Generated payloads say when they were sent. */
  readonly timestamps?: boolean | undefined;
  readonly driver: DriverName | 'auto';
  /** Senders side by side, one a core. */
  readonly queues?: number | undefined;
  /** At most that fast. */
  readonly rate?: RateWish | undefined;
  /** Milliseconds from one datagram to the next, at least; `rate` then says the same for the notes. */
  readonly gapMs?: number | undefined;
  /** Milliseconds to send at most. */
  readonly durationMs?: number | undefined;
  /** Milliseconds between reports on the way. */
  readonly intervalMs?: number | undefined;
  /** true: on the interface that sends; a name: there. */
  readonly verify: string | boolean;
  /** Wait so many milliseconds for the last of what an echo sends back, and hold it against what was sent. */
  readonly echoCheckMs?: number | undefined;
  /** A file that gets what was sent, for `verify --expect`. */
  readonly save?: string | undefined;
  /** With `verify`: nothing may change on the way, wherever the capture is. */
  readonly strict?: boolean | undefined;
  /** With `dryRun` what would go out, with `verify` what was captured. */
  readonly pcap?: string | undefined;
  /** A fragment plan as typed. */
  readonly plan?: string | undefined;
  readonly dryRun: boolean;
  /** With `verify`: a file for a page of it all. */
  readonly html?: string | undefined;
  readonly json: boolean;
}

/** Files that are opened once it sends. */
export function inputsOf({ file }: SendRequest): readonly string[] {
  return file === undefined ? [] : [file];
}

/** Where datagrams go and how their socket is made. */
export interface SendTarget {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly source: string | undefined;
  readonly sourcePort: number;
  readonly socket: SocketOptions;
  /** Null: there is one only. */
  readonly flows: FlowWish | null;
  /** Of this host when the command began. */
  readonly networks: OwnNetworks;
}

/**
 * Looks names up and refuses what does not go together.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT or ERR_UFO_USAGE; those of the resolver (ENOTFOUND) and of `findRoute`.
 */
export async function sendTarget(options: SendRequest): Promise<SendTarget> {
  refuseContradictions(options);
  if (options.plan !== undefined) (await import('../../faults/language.js')).readPlan(options.plan, '--plan');
  const { host, port } = options.destination;
  const { family, address } = await resolve(host, options);
  refuseOtherFamily(options, family);
  const networks = new OwnNetworks();
  if (!options.dryRun) refuseBeyond(endsOf(options, address), options, networks);
  const dry = options.dryRun ? await dryPath(address, family, options) : null;
  const socket: SocketOptions = {
    type: family === 4 ? 'udp4' : 'udp6',
    ...pickDriverOptions({ ...options, file: undefined }),
    ...(dry === null ? { driver: options.driver, visible: options.verify === true } : dry.socket),
  };
  checkSocketOptions(socket);
  await checkFlows(options, family);
  return {
    ...{ family, address, port, socket, networks, flows: flowWish(options, { address, port }) },
    // A socket that sends from several addresses is bound to none of them.
    source:
      (options.source?.hosts?.length ?? 0) > 1 && !options.dryRun ? undefined : (options.source?.host ?? dry?.source),
    sourcePort: options.sourcePorts?.[0] ?? options.source?.port ?? (dry === null ? 0 : DRY_SOURCE_PORT),
  };
}

function endsOf({ destination: { hosts = [] }, source }: SendRequest, address: string) {
  const from = source?.hosts ?? (source === undefined ? [] : [source.host]);
  return { to: hosts.length > 1 ? hosts : [address], from };
}

/** What an IPv4 header can say, octets. */
const LONGEST_PACKET = 0xffff;

/** A dry run binds nothing, so the kernel gives it no port: the first of the dynamic range (RFC 6335). */
const DRY_SOURCE_PORT = 49_152;

function refuseContradictions(options: SendRequest): void {
  refuseTimestamps(options);
  refuseEchoCheck(options);
  const { dryRun, verify, strict, save, pcap, driver, source, sourcePorts } = options;
  if (sourcePorts !== undefined && source?.port !== undefined)
    throw usageError('--source-port: --source names a port too', 'leave one of them out');
  if (dryRun && verify !== false)
    throw usageError('--verify: with --dry-run nothing is on the wire', 'udp-ufo verify -r FILE judges a file');
  if (strict === true && verify === false) throw usageError('--strict: nothing is compared', 'add --verify');
  if (driver !== 'auto' && !DRIVER_TRAITS[driver].sends && !dryRun)
    throw argumentError('--driver', driver, 'a driver that sends', 'use --dry-run --pcap FILE');
  if (save === '-') throw argumentError('save', save, 'a file: the report goes to standard output');
  if (pcap !== undefined && !dryRun && verify === false) {
    throw usageError(
      '--pcap: nothing to write',
      'add --dry-run for what would go out, or --verify for what was captured',
    );
  }
}

function refuseEchoCheck({ echoCheckMs, size, dryRun }: SendRequest): void {
  if (echoCheckMs === undefined) return;
  if (dryRun) throw usageError('--echo-check: with --dry-run nothing comes back');
  if (size === undefined) throw usageError('--echo-check: only generated payloads are known again', 'add --size');
  if (smallestOf(size) >= PAYLOAD_HEADER_LEN) return;
  const want = `${PAYLOAD_HEADER_LEN} octets or more, for an answer to say which datagram it is`;
  throw argumentError('--size', sizeText(size), want);
}

function sizeText(size: PayloadSizes): string | number {
  return typeof size === 'number' ? size : `${smallestOf(size)} octets among them`;
}

function refuseTimestamps({ timestamps, size }: SendRequest): void {
  if (timestamps !== true) return;
  if (size === undefined)
    throw usageError('--timestamps: only generated payloads say when they were sent', 'add --size');
  if (smallestOf(size) >= PAYLOAD_HEADER_LEN && largestOf(size) >= TIMED_LEAST_LEN) return;
  const least = `${PAYLOAD_HEADER_LEN} octets or more, and ${TIMED_LEAST_LEN} for a payload to have a timestamp`;
  throw argumentError('--size', sizeText(size), least);
}

async function resolve(
  host: string,
  { destination, source, family: asked }: SendRequest,
): Promise<{ family: 4 | 6; address: string }> {
  if (destination.family !== undefined) {
    if (asked === undefined || asked === destination.family) return { family: destination.family, address: host };
    throw argumentError('DESTINATION', host, `an IPv${asked} address, or a name: -${asked} was given`);
  }
  const family = asked ?? (source === undefined ? 0 : isIP(source.host));
  const { lookup } = await import('node:dns/promises');
  const found = await lookup(host, { family, verbatim: true });
  return { family: found.family === 6 ? 6 : 4, address: found.address };
}

function refuseOtherFamily({ source }: SendRequest, family: 4 | 6): void {
  for (const host of source?.hosts ?? (source === undefined ? [] : [source.host])) {
    const own = isIP(host);
    if (own !== 0 && own !== family)
      throw argumentError('--source', host, `an IPv${family} address, as DESTINATION has it`);
  }
}

interface DryPath {
  readonly source: string;
  readonly socket: Partial<SocketOptions>;
}

/** What a dry run has no device to ask for: the source address, MTU and Ethernet addresses that a sender would find. */
async function dryPath(address: string, family: 4 | 6, options: SendRequest): Promise<DryPath> {
  const { source, mtu, pcap = '/dev/null' } = options;
  const way = await dryWay(address, family, options);
  return {
    source: source?.host ?? way!.source,
    socket: {
      ...{ driver: 'pcap-file', interface: undefined, queue: undefined, qdiscBypass: undefined, file: pcap },
      ...(way !== null && { mtu: mtu ?? mtuBehind(way, options) }),
      ...(wantsEthernet(options) && way?.link !== undefined ? await ethernetOf(way, way.link, options) : {}),
    },
  };
}

/** As a sender asks for it. null: this machine has none, but a source was named, and so there is something to show. */
async function dryWay(address: string, family: 4 | 6, options: SendRequest): Promise<RouteTo | null> {
  const { source } = options;
  const asked: SocketOptions = {
    type: family === 4 ? 'udp4' : 'udp6',
    ...pickDriverOptions({ ...options, file: undefined }),
  };
  const settings = Object.assign(new PathSettings(asked), { broadcast: true });
  try {
    return await routeTo(address, asked, (source?.hosts?.length ?? 0) > 1 ? null : (source?.host ?? null), settings);
  } catch (error) {
    if (source !== undefined && NO_WAY.has((error as UfoError).code)) return null;
    throw error;
  }
}

const NO_WAY: ReadonlySet<string> = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'ERR_UFO_UNSUPPORTED']);

/** The second of two tags takes its octets from the packet. lo has 65,536. */
function mtuBehind({ mtu, link }: RouteTo, { vlans }: SendRequest): number {
  const most = vlans === undefined || link === undefined ? mtu : new EthernetLink(link, { vlans }).packetMtu(link.mtu);
  return Math.min(mtu, most, LONGEST_PACKET);
}

function wantsEthernet({ vlans, sourceMac, destinationMac }: SendRequest): boolean {
  return vlans !== undefined || sourceMac !== undefined || destinationMac !== undefined;
}

/** As far as they are known without asking the wire; zeros otherwise. */
async function ethernetOf(
  { route }: RouteTo,
  link: NetworkInterface,
  options: SendRequest,
): Promise<Partial<SocketOptions>> {
  const known = route === undefined ? null : await findNeighbour(route.gateway ?? route.destination, route.interface);
  return {
    sourceMac: options.sourceMac ?? parseMac(link.mac ?? '') ?? undefined,
    destinationMac: options.destinationMac ?? parseMac(known?.mac ?? '') ?? undefined,
  };
}
