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
import { libc } from '../../host/libc.js';
import { type Capability, explainEperm, type Privileges } from '../../host/privileges.js';
import { openSocket, setSockOptInt } from '../../host/socket-calls.js';
import type { SocketOptions } from '../../socket/options.js';
import { candidates } from '../../socket/path/choose-driver.js';
import type { DriverName } from '../../tx/net-device.js';
import { dropProgram } from '../../tx/xdp-live/program.js';
import type { AutoChoice, Check, DriverCheck } from './report.js';

/** kernel-udp leaves the cutting to the kernel, pcap-file sends nothing. */
export function sendsFragments(name: DriverName): boolean {
  return name !== 'kernel-udp' && name !== 'pcap-file';
}

/** Asks the kernel itself, by opening each kind of socket; nothing is bound and nothing sent. */
export function driverChecks(packages: readonly Check[], privileges: Privileges): DriverCheck[] {
  const lacks = (name: string): string | undefined => {
    const check = packages.find((one) => one.name === name);
    return check?.state === 'ok' ? undefined : `${name} does not load: ${check?.hint ?? 'npm ci'}`;
  };
  const socketOf = (
    name: DriverName,
    needs: string,
    open: () => number,
    [what, good]: readonly [what: string, good: string],
  ): DriverCheck => {
    const lack = lacks(needs) ?? lacks('koffi');
    if (lack !== undefined) return { name, usable: false, why: lack };
    const refusal = tryOpen(open, what, privileges, name === 'xdp-live' ? 'CAP_BPF' : 'CAP_NET_RAW');
    return { name, usable: refusal === undefined, why: refusal ?? good };
  };
  return [
    socketOf('raw-socket', 'raw-socket', () => openSocket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), [
      'a raw socket',
      'the default: routing, neighbours and netfilter as usual',
    ]),
    socketOf('packet-socket', 'koffi', openPacketSocket, [
      'a packet socket',
      'below the IP stack and conntrack; needs the next hop’s Ethernet address',
    ]),
    socketOf('af-xdp', 'koffi', () => openSocket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), [
      'AF_XDP',
      'the fastest that leaves the cutting to us; one sender for each queue',
    ]),
    socketOf('xdp-live', 'koffi', () => loadProgram(BPF_PROG_TYPE_XDP, dropProgram()), [
      'BPF',
      'frames that the kernel makes by a program of ours; whether the interface takes them is asked when it is opened',
    ]),
    socketOf('virtio-ufo', 'koffi', openVnetSocket, [
      'PACKET_VNET_HDR',
      'hands whole datagrams over; whether the kernel cuts them (4.14 to 5.16 did not) is asked when it is opened',
    ]),
    { name: 'kernel-udp', usable: true, why: 'an ordinary UDP socket: the kernel cuts, without fragment control' },
    { name: 'pcap-file', usable: true, why: 'writes what would go out; needs no privilege' },
  ];
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
export function autoChoices(drivers: readonly DriverCheck[], mtu: number): AutoChoice[] {
  const wishes: readonly [string, Partial<SocketOptions>][] = [
    ['plain datagrams', {}],
    ['cut by us (checksum 0, …)', { checksum: false }],
    ['and seen by captures there', { checksum: false, visible: true }],
  ];
  return wishes.map(([wish, options]) => {
    const passed: string[] = [];
    for (const { driver, refusal } of candidates({ type: 'udp4', ...options }, 4, mtu)) {
      const check = drivers.find(({ name }) => name === driver);
      if (refusal === null && check?.usable === true) return { wish, driver, why: passed.join('; ') || check.why };
      passed.push(`not ${driver}: ${refusal ?? check?.why}`);
    }
    return { wish, driver: null, why: passed.join('; ') };
  });
}
