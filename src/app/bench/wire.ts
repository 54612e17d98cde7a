import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setGro } from '../../host/device-features.js';
import { ipBatch } from '../../host/ip-batch.js';
import { LAB, type LabHost } from '../../host/lab.js';
import { readPrivileges } from '../../host/privileges.js';
import type { Scenario } from './scenario.js';
import { readFar } from './sink.js';

/** Frames under way when a sender has ended are through within this, milliseconds. */
const SETTLE_STEP_MS = 5;
const SETTLE_STEPS = 40;

/** A device of the near host that throws away what it is given, by name; which kind tells the column it counts in. */
const NULL_DEVICE = 'null0';
/** ifb takes what it sends for received (and drops what nobody redirected to it); dummy counts it as sent. */
const NULL_KINDS = [
  { kind: 'ifb', column: 1 },
  { kind: 'dummy', column: 9 },
] as const;

/** Where a scenario's datagrams come from and go to. Benchmarking addresses (RFC 2544) for those that reach nobody. */
interface Ends {
  readonly near: LabHost;
  readonly far: LabHost;
}

/** In root's own lab only, where xdp-live may be: a veth sends redirected frames only while its peer has GRO. */
export const REDIRECT_ENDS: Ends = {
  near: { ...LAB.near, interface: 'live0', mac: '02:55:46:4f:00:06', ipv4: '198.18.1.1', ipv6: '2001:2:0:1::1' },
  far: { ...LAB.far, interface: 'live1', mac: '02:55:46:4f:00:07', ipv4: '198.18.1.2', ipv6: '2001:2:0:1::2' },
};

const NULL_ENDS: Ends = {
  near: { ...LAB.near, interface: NULL_DEVICE, ipv4: '198.18.0.1', ipv6: '2001:2::1' },
  far: { ...LAB.far, interface: NULL_DEVICE, mac: '02:55:46:4f:00:05', ipv4: '198.18.0.2', ipv6: '2001:2::2' },
};

export function endsOf({ sink }: Scenario): Ends {
  return { far: LAB, redirect: REDIRECT_ENDS, null: NULL_ENDS }[sink];
}

export function destinationOf(scenario: Scenario): string {
  const { far } = endsOf(scenario);
  return scenario.family === 4 ? far.ipv4 : far.ipv6;
}

/** The kind of null device that this kernel has, made and up; null where it has none that we may make. */
export async function addNullDevice(): Promise<(typeof NULL_KINDS)[number] | null> {
  const { near, far } = NULL_ENDS;
  for (const one of NULL_KINDS) {
    const made = await ipBatch(LAB.near, [
      `link add ${NULL_DEVICE} address ${near.mac} mtu 1500 type ${one.kind}`,
      `addr add ${near.ipv4}/30 dev ${NULL_DEVICE}`,
      `link set ${NULL_DEVICE} up`,
      `neigh replace ${far.ipv4} lladdr ${far.mac} dev ${NULL_DEVICE} nud permanent`,
    ]).then(
      () => true,
      () => false,
    );
    if (made) return one;
  }
  return null;
}

/** Makes that wire; false where this kernel cannot, or a lab without root of its own has no use for it. */
export async function addRedirectWire(): Promise<boolean> {
  if (readPrivileges().inUserNamespace) return false;
  return makeRedirectWire(REDIRECT_ENDS).then(
    () => true,
    () => false,
  );
}

async function makeRedirectWire({ near, far }: Ends): Promise<void> {
  const end = ({ interface: name, mac }: LabHost): string => `name ${name} address ${mac} mtu 1500`;
  const up = (host: LabHost, peer: LabHost): string[] => [
    `addr add ${host.ipv4}/30 dev ${host.interface}`,
    `link set ${host.interface} up`,
    `neigh replace ${peer.ipv4} lladdr ${peer.mac} dev ${host.interface} nud permanent`,
  ];
  await ipBatch(near, [`link add ${end(near)} type veth peer ${end(far)}`]);
  setGro(far.interface, true); // it keeps that in another namespace
  await ipBatch(near, [`link set ${far.interface} netns ${basename(far.netns)}`, ...up(near, far)]);
  await ipBatch(far, up(far, near));
}

/** Counts what arrives where a scenario's datagrams go. */
export interface Arrivals {
  /** Frames until now. */
  count(): Promise<number>;
}

export function farArrivals(end: LabHost): Arrivals {
  return { count: async () => columnOf(await readFar('/proc/net/dev'), end.interface, 1) };
}

export function nullArrivals(column: number): Arrivals {
  return { count: async () => columnOf(readFileSync('/proc/net/dev', 'utf8'), NULL_DEVICE, column) };
}

/** Waits until `want` frames more than `before` have arrived, at most 200 ms; how many have. */
export async function arrivedSince(arrivals: Arrivals, before: number, want: number): Promise<number> {
  let arrived = (await arrivals.count()) - before;
  for (let step = 0; step < SETTLE_STEPS && arrived < want; step++) {
    await sleep(SETTLE_STEP_MS);
    arrived = (await arrivals.count()) - before;
  }
  return arrived;
}

/** A figure of /proc/net/dev: octets received, packets received, … */
function columnOf(text: string, device: string, column: number): number {
  const line = text.split('\n').find((one) => one.trim().startsWith(`${device}:`)) ?? '';
  return Number(line.split(':')[1]?.trim().split(/\s+/)[column]);
}
