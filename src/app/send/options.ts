import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { argumentError } from '../../errors.js';
import { readPlan } from '../../faults/language.js';
import { findInterface } from '../../host/interfaces.js';
import { findRoute } from '../../host/route.js';
import type { SocketOptions } from '../../socket/options.js';
import type { DriverName } from '../../tx/net-device.js';
import { countingIdents } from '../../ufo/ident.js';
import { usageError } from '../common/exit-codes.js';
import type { PayloadOptions } from '../common/payload-source.js';
import type { RateWish } from '../common/rate.js';

/** `udp-ufo send` as typed. */
export interface SendOptions extends PayloadOptions {
  readonly destination: { readonly host: string; readonly family: 4 | 6 | undefined; readonly port: number };
  readonly source?: { readonly host: string; readonly port: number | undefined } | undefined;
  readonly interface?: string | undefined;
  readonly driver: DriverName | 'auto';
  readonly mtu?: number | undefined;
  /** Of the first datagram; the next count up. */
  readonly ident?: number | undefined;
  readonly ttl?: number | undefined;
  readonly tos?: number | undefined;
  readonly dontFragment: boolean;
  /** IPv4 options. */
  readonly ipOptions?: Uint8Array | undefined;
  readonly extensionHeaders?: SocketOptions['extensionHeaders'];
  readonly flowLabel?: number | undefined;
  /** UDP checksum 0. */
  readonly zeroChecksum: boolean;
  readonly vlan?: SocketOptions['vlans'];
  readonly queue?: number | undefined;
  /** Senders side by side, one a core. */
  readonly queues?: number | undefined;
  readonly destinationMac?: Uint8Array | undefined;
  readonly qdiscBypass: boolean;
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
  /** With `dryRun` what would go out, with `verify` what was captured. */
  readonly pcap?: string | undefined;
  /** A fragment plan as typed. */
  readonly plan?: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Where datagrams go and how their socket is made. */
export interface SendTarget {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly source: string | undefined;
  readonly sourcePort: number;
  readonly socket: SocketOptions;
}

/**
 * Looks names up and refuses what does not go together.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT or ERR_UFO_USAGE; those of the resolver (ENOTFOUND) and of `findRoute`.
 */
export async function sendTarget(options: SendOptions): Promise<SendTarget> {
  refuseContradictions(options);
  if (options.plan !== undefined) readPlan(options.plan, '--plan');
  const { host, port } = options.destination;
  const { family, address } = await resolve(host, options);
  const { ident } = options;
  if (family === 4 && ident !== undefined && ident > 0xffff)
    throw argumentError('--ident', ident, '1 … 65535 for IPv4');
  const dry = options.dryRun ? await dryPath(address, options) : null;
  return {
    family,
    address,
    port,
    source: options.source?.host ?? dry?.source,
    sourcePort: options.source?.port ?? (dry === null ? 0 : DRY_SOURCE_PORT),
    socket: {
      type: family === 4 ? 'udp4' : 'udp6',
      driver: options.dryRun ? 'pcap-file' : options.driver,
      interface: options.interface,
      mtu: options.mtu ?? dry?.mtu,
      ttl: options.ttl,
      tos: options.tos,
      dontFragment: options.dontFragment,
      options: options.ipOptions,
      idents: ident === undefined ? undefined : countingIdents(ident),
      extensionHeaders: options.extensionHeaders,
      flowLabel: options.flowLabel,
      checksum: !options.zeroChecksum,
      vlans: options.vlan,
      queue: options.queue,
      visible: options.verify === true,
      destinationMac: options.destinationMac,
      qdiscBypass: options.qdiscBypass,
      file: options.dryRun ? (options.pcap ?? '/dev/null') : undefined,
    },
  };
}

/** A dry run binds nothing, so the kernel gives it no port: the first of the dynamic range (RFC 6335). */
const DRY_SOURCE_PORT = 49_152;

function refuseContradictions({ dryRun, verify, pcap, driver, qdiscBypass }: SendOptions): void {
  if (dryRun && verify !== false)
    throw usageError('--verify: with --dry-run nothing is on the wire', 'udp-ufo verify -r FILE judges a file');
  if (driver === 'pcap-file' && !dryRun)
    throw argumentError('--driver', driver, 'a driver that sends', 'use --dry-run --pcap FILE');
  if (pcap !== undefined && !dryRun && verify === false) {
    throw usageError(
      '--pcap: nothing to write',
      'add --dry-run for what would go out, or --verify for what was captured',
    );
  }
  if (qdiscBypass && driver !== 'packet-socket') {
    throw argumentError('--qdisc-bypass', driver, 'the driver packet-socket', 'add --driver packet-socket');
  }
}

async function resolve(
  host: string,
  { destination, source }: SendOptions,
): Promise<{ family: 4 | 6; address: string }> {
  if (destination.family !== undefined) return { family: destination.family, address: host };
  const family = source === undefined ? 0 : isIP(source.host);
  const found = await lookup(host, { family, verbatim: true });
  return { family: found.family === 6 ? 6 : 4, address: found.address };
}

/** What a dry run has no device for to ask: the source address and MTU that the routes would give. */
async function dryPath(address: string, options: SendOptions): Promise<{ source: string; mtu: number | undefined }> {
  if (options.source !== undefined) return { source: options.source.host, mtu: undefined };
  const { interface: name } = options;
  const route = await findRoute(address, name === undefined ? {} : { interface: name });
  const { mtu } = await findInterface(route.interface);
  return { source: route.source, mtu: Math.min(mtu, route.mtu ?? mtu) };
}
