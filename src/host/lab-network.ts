import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UfoError } from '../errors.js';
import { MIN_MTU } from '../wire/ipv6.js';
import { ipBatch } from './ip-batch.js';
import {
  hostCommand,
  insideLab,
  LAB,
  type LabHost,
  type LabInfo,
  type LabRouter,
  ROUTED_LAB,
  requireLab,
} from './lab-info.js';
import { routeThrough, runRules } from './lab-router.js';
import { runTool } from './run-tool.js';

export interface LabNetworkOptions {
  /** Octets of IP packet a frame can carry, 68…65,535. */
  readonly mtu: number;
  /** Transmit and receive queues of each end. */
  readonly queues: number;
  /** Puts a router between the two, which runs these words of sh(1) once it forwards; without it they share one wire. */
  readonly router?: string;
}

const READY_WITHIN_MS = 3000;
/** Where ip(8) keeps namespaces: a file system of the lab's own, which goes with it. */
const NETNS_FOLDER = '/run/netns';

/** A folder for files that are to go with the lab, whatever ends it; outside of one the system's. */
export function scratchFolder(): string {
  return insideLab() === null ? tmpdir() : NETNS_FOLDER;
}

/**
 * Builds the two hosts and the wire between them in the namespaces this process is in. Resolves when datagrams get
 * through: addresses not tentative, both carriers up, queueing discipline attached (until then packets vanish).
 */
export async function buildLabNetwork(options: LabNetworkOptions): Promise<LabInfo> {
  await mountNetnsFolder();
  await runTool('mount', ['-n', '-t', 'sysfs', 'sysfs', '/sys']).catch(() => undefined); // /sys/class/net of this namespace
  await runTool('ip', ['netns', 'add', 'far']);
  writeFileSync(LAB.near.netns, '');
  await runTool('mount', ['-n', '--bind', '/proc/self/ns/net', LAB.near.netns]);
  if (options.router !== undefined) return buildRoutedNetwork(options, options.router);
  await Promise.all([LAB.near, LAB.far].map(keepQuiet));
  await addWire(LAB.near, LAB.far, options);
  await Promise.all([LAB.near, LAB.far].map((host) => bringUp(host, options.mtu)));
  await Promise.all([LAB.near, LAB.far].map(waitUntilUp));
  return LAB;
}

/** Two wires and a router that forwards between them; its rules come last, so that nothing of the building meets them. */
async function buildRoutedNetwork(options: LabNetworkOptions, rules: string): Promise<LabInfo> {
  const { near, far, router } = ROUTED_LAB as LabInfo & { router: LabRouter };
  await runTool('ip', ['netns', 'add', 'router']);
  await Promise.all([near, far, router.nearSide].map(keepQuiet));
  await addWire(near, router.nearSide, options);
  await addWire(router.farSide, far, options);
  const hosts = [near, far, router.nearSide, router.farSide];
  for (const host of hosts) await bringUp(host, options.mtu);
  await Promise.all(hosts.map(waitUntilUp));
  await routeThrough(router, near, far, options.mtu);
  await runRules(router, rules);
  return ROUTED_LAB;
}

/**
 * Sets the MTU of both ends of the lab's wire, 68…65,535 octets. Under 1,280 the kernel takes IPv6 off both; set to
 * 1,280 or more the IPv6 addresses are put back. Neighbours pinned for IPv6 are lost on the way (`pinNeighbours`).
 */
export async function setLabMtu(mtu: number): Promise<void> {
  const { near, far } = requireLab();
  for (const host of [near, far]) {
    await ipBatch(host, [`link set ${host.interface} mtu ${mtu}`, ...ipv6Address(host, mtu)]);
  }
}

/** Makes each host know the other's MAC for good, both families, so that nothing waits for or depends on resolution. */
export async function pinNeighbours(): Promise<void> {
  const { near, far } = requireLab();
  const pin = (host: LabHost, peer: LabHost) => {
    const entry = (address: string) =>
      `neigh replace ${address} lladdr ${peer.mac} dev ${host.interface} nud permanent`;
    return ipBatch(host, [entry(peer.ipv4), entry(peer.ipv6)]);
  };
  await Promise.all([pin(near, far), pin(far, near)]);
}

/** A veth pair, one end on each of two hosts. */
async function addWire(one: LabHost, other: LabHost, { mtu, queues }: LabNetworkOptions): Promise<void> {
  const numQueues = `mtu ${mtu} numtxqueues ${queues} numrxqueues ${queues}`;
  const end = ({ interface: name, mac }: LabHost) => `name ${name} address ${mac} ${numQueues}`;
  await ipBatch(one, [`link add ${end(one)} type veth peer ${end(other)} netns ${basename(other.netns)}`]);
}

async function bringUp(host: LabHost, mtu: number): Promise<void> {
  const { interface: name, ipv4 } = host;
  const address = `addr add ${ipv4}/24 dev ${name}`;
  await ipBatch(host, ['link set lo up', address, `link set ${name} up`, ...ipv6Address(host, mtu)]);
}

function ipv6Address({ ipv6, interface: name }: LabHost, mtu: number): string[] {
  // nodad: without it the address is tentative for a second or two and nothing can be sent from it
  return mtu < MIN_MTU ? [] : [`addr replace ${ipv6}/64 dev ${name} nodad`];
}

/**
 * Before the devices are made, so that they are born with it: no router solicitations, no router heard, no duplicate
 * address detection for link-local addresses either. Where /proc/sys is read-only the lab works, only less quietly.
 */
async function keepQuiet(host: LabHost): Promise<void> {
  const set = (name: string, value: number) => `echo ${value} > /proc/sys/net/ipv6/conf/default/${name}`;
  const script = [set('accept_ra', 0), set('router_solicitations', 0), set('accept_dad', 0), set('dad_transmits', 0)];
  const [command, args] = hostCommand(host, 'sh', ['-c', `{ ${script.join('; ')}; } 2>/dev/null || :`]);
  await runTool(command, args);
}

/** The queueing discipline follows the carrier, some milliseconds after `link set up`. */
async function waitUntilUp(host: LabHost): Promise<void> {
  const [command, args] = hostCommand(host, 'ip', ['-json', 'link', 'show', host.interface]);
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await sleep(5)) {
    const [link] = JSON.parse(await runTool(command, args)) as { operstate: string; qdisc: string }[];
    if (link?.operstate === 'UP' && link.qdisc !== 'noop') return;
  }
  throw new UfoError('ERR_UFO_LAB', `${host.interface} had no carrier after ${READY_WITHIN_MS} ms`);
}

/** Gives that folder to the lab alone; what other programs keep in /run stays in sight. */
async function mountNetnsFolder(): Promise<void> {
  if (!existsSync(NETNS_FOLDER)) {
    try {
      mkdirSync(NETNS_FOLDER, { recursive: true });
    } catch {
      await coverRun();
      mkdirSync(NETNS_FOLDER);
    }
  }
  await runTool('mount', ['-n', '-t', 'tmpfs', 'udp-ufo-lab', NETNS_FOLDER]);
}

/** A /run of our own, for users who may not write there, with the folders of the real one bound into it. */
async function coverRun(): Promise<void> {
  const real = openSync('/run', 'r'); // keeps the covered folder reachable
  await runTool('mount', ['-n', '-t', 'tmpfs', 'udp-ufo-lab', '/run']);
  const path = `/proc/${readlinkSync('/proc/self')}/fd/${real}`; // process.pid may not be our name in this /proc
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    mkdirSync(`/run/${entry.name}`);
    await runTool('mount', ['-n', '--rbind', `${path}/${entry.name}`, `/run/${entry.name}`]).catch(() => undefined);
  }
  closeSync(real);
}
