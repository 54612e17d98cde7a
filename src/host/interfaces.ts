import { argumentError } from '../errors.js';
import { runTool } from './run-tool.js';

/** What the device itself counted since it was made. */
export interface InterfaceStatistics {
  readonly rxPackets: number;
  readonly rxOctets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txPackets: number;
  readonly txOctets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

/** A network interface of the calling thread's network namespace. */
export interface NetworkInterface {
  readonly name: string;
  readonly ifindex: number;
  readonly mtu: number;
  /** Lower case with colons; null where the link has no such address (tun, and so on). */
  readonly mac: string | null;
  /** Set up by the administrator. */
  readonly up: boolean;
  /** The other end of the wire is there. */
  readonly carrier: boolean;
  /** `ether`, `loopback`, `none` … */
  readonly linkType: string;
  /** `veth`, `vlan`, `bridge`, `tun` …; null for hardware and lo. */
  readonly kind: string | null;
  readonly txQueues: number;
  readonly rxQueues: number;
  /** Octets of the largest packet the device takes for segmentation; null where the kernel does not say. */
  readonly gsoMaxSize: number | null;
  readonly addresses: readonly { readonly address: string; readonly prefixLen: number; readonly family: 4 | 6 }[];
  readonly statistics: InterfaceStatistics;
}

/** Every interface of this namespace, in order of ifindex; from `ip`, for /sys may show another namespace's. */
export async function listInterfaces(): Promise<NetworkInterface[]> {
  return parseInterfaces(await runTool('ip', ['-json', '-details', '-statistics', 'addr', 'show']));
}

/** One interface by name. An unknown name is an `argumentError` that lists those there are. */
export async function findInterface(name: string): Promise<NetworkInterface> {
  const all = await listInterfaces();
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw unknownInterface(name, all);
  return found;
}

/** What is known of an interface already, or is asked for by its name. */
export function interfaceOf(given: string | NetworkInterface): Promise<NetworkInterface> {
  return typeof given === 'string' ? findInterface(given) : Promise.resolve(given);
}

export function unknownInterface(name: string, all: readonly NetworkInterface[]): Error {
  return argumentError(
    'interface',
    name,
    `one of ${all.map((one) => one.name).join(', ') || 'none: there is none here'}`,
  );
}

/** The part of `ip -json -details -statistics addr show` that we read. */
interface IpAddrShow {
  readonly ifname: string;
  readonly ifindex: number;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly operstate?: string;
  readonly link_type?: string;
  readonly address?: string;
  readonly linkinfo?: { readonly info_kind?: string };
  readonly num_tx_queues?: number;
  readonly num_rx_queues?: number;
  readonly gso_max_size?: number;
  readonly addr_info?: readonly { readonly family: string; readonly local: string; readonly prefixlen: number }[];
  readonly stats64?: Readonly<Record<'rx' | 'tx', Readonly<Record<string, number>>>>;
}

/** `json` as `ip -json -details -statistics addr show` prints it. */
export function parseInterfaces(json: string): NetworkInterface[] {
  const links = JSON.parse(json) as Partial<IpAddrShow>[];
  return links.filter((link): link is IpAddrShow => link.ifname !== undefined).map(toInterface);
}

function toInterface(link: IpAddrShow): NetworkInterface {
  const addresses = (link.addr_info ?? []).filter(({ local }) => local !== undefined);
  return {
    name: link.ifname,
    ifindex: link.ifindex,
    mtu: link.mtu,
    mac: /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(link.address ?? '') ? link.address! : null,
    up: link.flags.includes('UP'),
    carrier: link.flags.includes('LOWER_UP'),
    linkType: link.link_type ?? 'none',
    kind: link.linkinfo?.info_kind ?? null,
    txQueues: link.num_tx_queues ?? 1,
    rxQueues: link.num_rx_queues ?? 1,
    gsoMaxSize: link.gso_max_size ?? null,
    addresses: addresses.map(({ family, local, prefixlen }) => ({
      address: local,
      prefixLen: prefixlen,
      family: family === 'inet6' ? 6 : 4,
    })),
    statistics: toStatistics(link.stats64?.rx ?? {}, link.stats64?.tx ?? {}),
  };
}

function toStatistics(rx: Readonly<Record<string, number>>, tx: Readonly<Record<string, number>>): InterfaceStatistics {
  return {
    rxPackets: rx['packets'] ?? 0,
    rxOctets: rx['bytes'] ?? 0,
    rxErrors: rx['errors'] ?? 0,
    rxDropped: rx['dropped'] ?? 0,
    txPackets: tx['packets'] ?? 0,
    txOctets: tx['bytes'] ?? 0,
    txErrors: tx['errors'] ?? 0,
    txDropped: tx['dropped'] ?? 0,
  };
}
