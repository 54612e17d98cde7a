/**
 * What the calling thread has and no other: glibc changes ids in all of them, but the kernel knows capabilities, and the ids that
 * files are judged by, of each one, and there are threads (V8's, libuv's) before the first line of ours.
 */
import { closeSync, readFileSync, statSync } from 'node:fs';
import { PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, PR_SET_KEEPCAPS } from './constants.js';
import type { User } from './invoking-user.js';
import { libc } from './libc.js';
import { openNameless } from './nameless-file.js';
import { CAPABILITY, type Capability } from './privileges.js';
import { lastError } from './socket-calls.js';

/** <linux/capability.h>: `_LINUX_CAPABILITY_VERSION_3`, 64 bits each in two words. */
const VERSION_3 = 0x2008_0522;
/** Over files of others: CAP_DAC_OVERRIDE, CAP_FOWNER. */
const OVER_FILES = (1n << 1n) | (1n << 3n);
/** To be somebody else for files: CAP_SETGID, CAP_SETUID. */
const OVER_IDS = (1n << 6n) | (1n << 7n);

/**
 * From being root becomes that user in every thread, for good, without any capability. The calling one keeps those that are named,
 * and gives them to what it starts; and for files it stays root, with root's power over those of others only where one of `folders`
 * takes it, until `leaveFiles`. @throws UfoError of the system
 */
export function becomeKeeping(
  { uid, gid }: User,
  capabilities: readonly Capability[],
  folders: readonly string[],
): void {
  const keepsSome = capabilities.length > 0 || folders.length > 0;
  if (keepsSome) libc().prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
  process.setgid!(gid);
  process.setuid!(uid);
  if (!keepsSome) return;
  const kept = maskOf(capabilities);
  if (folders.length > 0) {
    setCapabilities(kept | OVER_FILES | OVER_IDS);
    libc().setfsgid(0);
    libc().setfsuid(0);
    setCapabilities(kept | OVER_FILES, kept);
    setCapabilities(folders.every(isRoots) ? kept : kept | OVER_FILES);
  } else setCapabilities(kept);
  for (const name of capabilities) libc().prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAPABILITY[name], 0, 0);
}

/** All files that were to come have their names: this thread is nobody else for files either. */
export function leaveFiles({ uid, gid }: User, capabilities: readonly Capability[]): void {
  libc().setfsgid(gid);
  libc().setfsuid(uid);
  setCapabilities(maskOf(capabilities));
}

/** Whether root can make and replace files there by being its owner, without any capability. */
function isRoots(folder: string): boolean {
  try {
    if (statSync(folder).uid !== 0) return false; // a sticky one of others lets files be replaced by their owners
    const fd = openNameless(folder);
    if (fd !== null) closeSync(fd);
    return fd !== null;
  } catch {
    return false;
  }
}

function maskOf(capabilities: readonly Capability[]): bigint {
  return capabilities.reduce((mask, name) => mask | (1n << BigInt(CAPABILITY[name])), 0n);
}

/** As far as this thread has them at all: a container's root lacks some. */
function setCapabilities(wanted: bigint, effective: bigint = wanted): void {
  const status = readFileSync('/proc/thread-self/status', 'utf8');
  const permitted = wanted & BigInt(`0x${/^CapPrm:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  // struct __user_cap_header_struct { version; pid }, then twice { effective, permitted, inheritable }, the low halves first
  const data = [effective & permitted, permitted, permitted];
  const halves = [0n, 32n].flatMap((shift) => data.map((mask) => Number((mask >> shift) & 0xffff_ffffn)));
  if (libc().capset(Uint32Array.of(VERSION_3, 0), Uint32Array.from(halves)) < 0) throw lastError('capset');
}
