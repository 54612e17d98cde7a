import { userInfo } from 'node:os';
import { readOrNull } from './read-or-null.js';
import { type UserNamespaces, userNamespaces } from './user-namespaces.js';

/** The capabilities that udp-ufo's work can need, by bit (`<linux/capability.h>`). */
export const CAPABILITY = {
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_IPC_LOCK: 14,
  CAP_SYS_ADMIN: 21,
  CAP_BPF: 39,
} as const;

export type Capability = keyof typeof CAPABILITY;

export interface Privileges {
  readonly effectiveUid: number;
  readonly userName: string;
  /** Effective ones among those that matter here. Inside a user namespace they hold for its own networks only. */
  readonly capabilities: ReadonlySet<Capability>;
  readonly inUserNamespace: boolean;
  readonly userNamespaces: UserNamespaces;
  /** Octets of memory this process may lock (AF_XDP's UMEM counts against it without CAP_IPC_LOCK); Infinity if unlimited. */
  readonly memlockLimit: number;
}

/** What this process may do, now. */
export function readPrivileges(): Privileges {
  const capabilities = effectiveCapabilities();
  const effectiveUid = process.geteuid?.() ?? -1;
  return {
    effectiveUid,
    userName: userName(effectiveUid),
    capabilities,
    inUserNamespace: inFirstUserNamespace() === false,
    userNamespaces: userNamespaces(capabilities.has('CAP_SYS_ADMIN')),
    memlockLimit: parseMemlockLimit(readOfSelf('limits')),
  };
}

export function effectiveCapabilities(): ReadonlySet<Capability> {
  return parseCapabilities(readOfSelf('status'));
}

/** Empty where /proc is not there or not to be read: what it would have said is not known then. */
function readOfSelf(name: string): string {
  return readOrNull(`/proc/self/${name}`) ?? '';
}

/** The line `CapEff:\t000001ffffffffff` of /proc/self/status; none where the line is missing. */
export function parseCapabilities(status: string): ReadonlySet<Capability> {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const names = Object.keys(CAPABILITY) as Capability[];
  return new Set(names.filter((name) => (mask >> BigInt(CAPABILITY[name])) & 1n));
}

/**
 * The first namespace maps all 2^32 − 1 ids onto themselves; any other map is a user namespace's. Undefined where it is not
 * known.
 */
export function inFirstUserNamespace(uidMap = readOfSelf('uid_map')): boolean | undefined {
  return uidMap === '' ? undefined : /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}

/** The soft limit in octets, from the line `Max locked memory` of /proc/self/limits. */
export function parseMemlockLimit(limits: string): number {
  const soft = /^Max locked memory\s+(\S+)/m.exec(limits)?.[1];
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

/** A hint for an EPERM or EACCES of `what` ("raw sockets", "AF_XDP"): why, and how to go on. */
export function explainEperm(
  what: string,
  needed: Capability = 'CAP_NET_RAW',
  { capabilities, inUserNamespace }: Pick<Privileges, 'capabilities' | 'inUserNamespace'> = readPrivileges(),
): string {
  if (!capabilities.has(needed)) {
    const one = needed.toLowerCase().slice('cap_'.length);
    const ambient = `sudo setpriv --reuid $(id -u) --regid $(id -g) --init-groups --inh-caps +${one} --ambient-caps +${one} udp-ufo …`;
    return `${what}: ${needed} is missing: run with sudo, which is given up once all is open; or with that one alone: ${ambient}; or in the rootless test network: udp-ufo lab -- COMMAND (setcap on node would give it to every script that anybody here runs by ${process.execPath})`;
  }
  return inUserNamespace
    ? `${what}: ${needed} is there, but for this user namespace and its networks only: run outside the lab, with sudo`
    : `${what}: ${needed} is there, so a security module, a seccomp filter or a firewall rule refuses it`;
}

/** A container's user often has no name. */
function userName(effectiveUid: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(effectiveUid);
  }
}
