import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { libc } from './libc.js';

const PR_SET_NO_NEW_PRIVS = 38;
/** The first user namespace maps every id onto itself; root of another one has no one else to be. */
const ALL_IDS = /^\s*0\s+0\s+4294967295\s*$/;

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Who called sudo, where this process is root by it; null elsewhere, in a lab for instance. */
export function invokingUser(): User | null {
  if (process.geteuid?.() !== 0 || !inFirstUserNamespace()) return null;
  const [uid, gid] = [process.env['SUDO_UID'], process.env['SUDO_GID']].map((text) =>
    /^[1-9]\d{0,9}$/.test(text ?? '') ? Number(text) : null,
  );
  return uid == null || gid == null ? null : { uid, gid };
}

/**
 * Does something with files as whoever called sudo: with that user's rights, and as its owner. The whole process is that user
 * until then, every thread of it (glibc sees to that), so nothing else should be going on that needs more.
 */
export async function asInvokingUser<T>(work: () => Promise<T>): Promise<T> {
  const user = invokingUser();
  if (user === null) return work();
  const back = become(user);
  try {
    return await work();
  } finally {
    back();
  }
}

/**
 * Once all is open that needs privileges: this process becomes whoever called sudo, for good and in all its threads, and
 * nothing it starts can be more (no_new_privs). Whoever is root without sudo stays root, but starts nothing with more either.
 */
export function dropPrivileges(user: User | null = invokingUser()): void {
  if (process.geteuid?.() === 0) libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (user === null || !mayReadUs(user)) return;
  process.setgroups!([user.gid]);
  process.setgid!(user.gid);
  process.setuid!(user.uid);
}

/** As `dropPrivileges`, for a process that needs nothing but what is open: root becomes nobody where there was no sudo. */
export function dropAllPrivileges(): void {
  const root = process.geteuid?.() === 0 && inFirstUserNamespace();
  dropPrivileges(invokingUser() ?? (root ? NOBODY : null));
}

/** Programs of ours are still to be loaded, and root's home is closed to others. */
function mayReadUs(user: User): boolean {
  const back = become(user);
  try {
    closeSync(openSync(fileURLToPath(import.meta.url), 'r'));
    return true;
  } catch {
    return false;
  } finally {
    back();
  }
}

/** For the time being; gives what puts it back. */
function become({ uid, gid }: User): () => void {
  const groups = process.getgroups!();
  process.setgroups!([gid]);
  process.setegid!(gid);
  process.seteuid!(uid);
  return () => {
    process.seteuid!(0);
    process.setegid!(0);
    process.setgroups!(groups);
  };
}

/** The kernel's own overflow ids (`/proc/sys/kernel/overflowuid`). */
const NOBODY: User = { uid: 65_534, gid: 65_534 };

function inFirstUserNamespace(): boolean {
  try {
    return ALL_IDS.test(readFileSync('/proc/self/uid_map', 'utf8'));
  } catch {
    return false;
  }
}
