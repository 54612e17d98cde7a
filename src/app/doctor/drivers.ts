import { BPF_PROG_TYPE_XDP, loadProgram } from '../../host/bpf.js';
import {
  AF_INET,
  AF_PACKET,
  AF_XDP,
  IPPROTO_RAW,
  PACKET_VNET_HDR,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_PACKET,
} from '../../host/constants.js';
import type { NetworkInterface } from '../../host/interfaces.js';
import { libc } from '../../host/libc.js';
import { type Capability, explainEperm, type Privileges } from '../../host/privileges.js';
import { openSocket, setSockOptInt } from '../../host/socket-calls.js';
import { DRIVER_OPTIONS } from '../../options/driver-options.js';
import { longName } from '../../options/option.js';
import type { SocketOptions } from '../../socket/options.js';
import { candidates } from '../../socket/path/choose-driver.js';
import type { DriverName } from '../../tx/driver.js';
import { ALL_TRAITS, DRIVER_TRAITS } from '../../tx/drivers.js';
import { dropProgram } from '../../tx/xdp-live/program.js';
import type { AutoChoice, Check, DriverCheck } from './report.js';

/** It puts fragments of ours on a wire: kernel-udp leaves the cutting to the kernel, pcap-file sends nothing. */
export function sendsFragments(name: DriverName): boolean {
  const { writesHeaders, sends } = DRIVER_TRAITS[name];
  return writesHeaders && sends;
}

/** How it is found out whether a driver may be opened. */
interface Probe {
  /** The native packages it is made of. */
  readonly packages: readonly string[];
  /** Opens the kind of socket it needs, described as `what`; nothing where no privilege is needed. */
  readonly what?: string;
  readonly open?: () => number;
  /** It hands over whole Ethernet frames only. */
  readonly ethernet?: true;
}

const PROBES: Readonly<Record<DriverName, Probe>> = {
  'raw-socket': {
    packages: ['raw-socket', 'koffi'],
    what: 'a raw socket',
    open: () => openSocket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW),
  },
  'packet-socket': { packages: ['koffi'], what: 'a packet socket', open: openPacketSocket },
  'af-xdp': {
    packages: ['koffi'],
    what: 'AF_XDP',
    open: () => openSocket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0),
    ethernet: true,
  },
  'xdp-live': {
    packages: ['koffi'],
    what: 'BPF',
    open: () => loadProgram(BPF_PROG_TYPE_XDP, dropProgram()),
    ethernet: true,
  },
  'virtio-ufo': { packages: ['koffi'], what: 'PACKET_VNET_HDR', open: openVnetSocket },
  'kernel-udp': { packages: ['koffi'] },
  'pcap-file': { packages: [] },
};

/** Asks the kernel itself, by opening each kind of socket; nothing is bound and nothing sent. For `link`, where one was named. */
export function driverChecks(
  packages: readonly Check[],
  privileges: Privileges,
  link?: Pick<NetworkInterface, 'name' | 'mac' | 'linkType'>,
): DriverCheck[] {
  const lacks = (name: string): string | undefined => {
    const check = packages.find((one) => one.name === name);
    return check?.state === 'ok' ? undefined : `${name} does not load: ${check?.hint ?? 'npm ci'}`;
  };
  const ip = packages.find(({ name, state }) => name === 'ip' && state !== 'ok');
  const lacksIp = ip && `asks ip(8), and ${ip.value}: ${ip.hint ?? ''}`;
  return ALL_TRAITS.map(({ name, summary, honours, needs, sends }) => {
    const { packages: needed, what = '', open, ethernet } = PROBES[name];
    const headless = link !== undefined && link.mac === null && ethernet === true;
    const lack =
      needed.map(lacks).find((one) => one !== undefined) ??
      (sends ? lacksIp : undefined) ??
      (headless ? `${link.name} has no Ethernet header (a link of type ${link.linkType})` : undefined);
    const refusal = lack ?? (open === undefined ? undefined : tryOpen(open, what, privileges, needs ?? 'CAP_NET_RAW'));
    return {
      name,
      usable: refusal === undefined,
      why: refusal ?? summary,
      honours: honours.map((option) => longName(option, DRIVER_OPTIONS[option])),
    };
  });
}

function openPacketSocket(): number {
  return openSocket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
}

function openVnetSocket(): number {
  const fd = openPacketSocket();
  try {
    setSockOptInt(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
    return fd;
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/** Undefined where it opens (and it is closed again), else the refusal. */
function tryOpen(open: () => number, what: string, privileges: Privileges, needed: Capability): string | undefined {
  try {
    libc().close(open());
    return undefined;
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (code === 'EPERM' || code === 'EACCES') return explainEperm(what, needed, privileges);
    if (code === 'EAFNOSUPPORT') return `${what}: not in this kernel (EAFNOSUPPORT)`;
    return `${what}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What `auto` takes for the kinds of wishes that decide it; the order of speed is `candidates`'. */
export function autoChoices(drivers: readonly DriverCheck[]): AutoChoice[] {
  const wishes: readonly [string, Partial<SocketOptions>][] = [
    ['plain datagrams', {}],
    ['cut by us (checksum 0, …)', { checksum: false }],
    ['and seen by captures there', { checksum: false, visible: true }],
  ];
  return wishes.map(([wish, options]) => {
    const passed: string[] = [];
    for (const { driver, refusal } of candidates({ type: 'udp4', ...options }, 4)) {
      const check = drivers.find(({ name }) => name === driver);
      if (refusal === null && check?.usable === true) return { wish, driver, why: passed.join('; ') || check.why };
      passed.push(`not ${driver}: ${refusal ?? check?.why}`);
    }
    return { wish, driver: null, why: passed.join('; ') };
  });
}
