import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PR_SET_NO_NEW_PRIVS } from './constants.js';
import { libc } from './libc.js';
import { inFirstUserNamespace } from './privileges.js';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Who called sudo, where this process is root by it; null elsewhere, in a lab for instance. */
function invokingUser(): User | null {
  if (!isRealRoot()) return null;
  const [uid, gid] = [process.env['SUDO_UID'], process.env['SUDO_GID']].map((text) =>
    /^[1-9]\d{0,9}$/.test(text ?? '') ? Number(text) : null,
  );
  return uid == null || gid == null ? null : { uid, gid };
}

/** While this process is whoever called sudo for the time being: how many works want that, and what puts it back. */
let guise: { works: number; readonly back: () => void } | undefined;

/**
 * Does something with files as whoever called sudo: with that user's rights, and as its owner. The whole process is that user
 * until then, every thread of it (glibc sees to that), so nothing else should be going on that needs more. Of several at once
 * the last to end puts it back. Root that may be nobody else does it as root.
 */
export async function asInvokingUser<T>(work: () => Promise<T>): Promise<T> {
  const mine = guise ?? putOn(invokingUser());
  if (mine === undefined) return work();
  mine.works++;
  try {
    return await work();
  } finally {
    if (--mine.works === 0) {
      guise = undefined;
      mine.back();
    }
  }
}

function putOn(user: User | null): typeof guise {
  const back = user === null ? null : become(user);
  if (back !== null) guise = { works: 0, back };
  return guise;
}

let isOurs = false;

/** Says that this process is ours alone. In others' (a test's, say) what they may need themselves is not given up. */
export function ownProcess(): void {
  isOurs = true;
}

/**
 * Once all is open that needs privileges: this process, if it is ours alone, becomes whoever called sudo, or nobody where root
 * called us, for good and in all its threads, and nothing it starts can be more (no_new_privs). Only ids are the same in all
 * threads (glibc sees to that, capset(2) is of one thread), so root stays root where there are `filesToCome`, to be opened or
 * named: they are root's, as their folder may be.
 */
export function dropPrivileges({ filesToCome }: { readonly filesToCome: boolean }): void {
  if (!isOurs || process.geteuid?.() !== 0) return;
  libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const user = invokingUser() ?? (isRealRoot() && !filesToCome ? NOBODY : null);
  if (user === null || !mayStay(user)) return;
  takeGroups(user);
  process.setgid!(user.gid);
  process.setuid!(user.uid);
}

/** Root of another user namespace than the first has no one else to be. */
function isRealRoot(): boolean {
  return process.geteuid?.() === 0 && inFirstUserNamespace() === true;
}

/**
 * Whether root may become that user at all, and go on so: programs of ours are still to be loaded, and root's home is closed to
 * others.
 */
function mayStay(user: User): boolean {
  const back = become(user);
  if (back === null) return false;
  try {
    closeSync(openSync(fileURLToPath(import.meta.url), 'r'));
    return true;
  } catch {
    return false;
  } finally {
    back();
  }
}

/** For the time being; gives what puts it back, null where root may not: a container's may lack CAP_SETGID or CAP_SETUID. */
function become(user: User): (() => void) | null {
  const { uid, gid } = user;
  const groups = process.getgroups!();
  const steps: (() => void)[] = [];
  const back = (): void => {
    for (const step of steps.splice(0).reverse()) step();
  };
  try {
    takeGroups(user);
    steps.push(() => process.setgroups!(groups));
    process.setegid!(gid);
    steps.push(() => process.setegid!(0));
    process.seteuid!(uid);
    steps.push(() => process.seteuid!(0));
    return back;
  } catch (error) {
    back();
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    return null;
  }
}

/** All groups that the user is in, by which a folder may be open to them; whom this machine does not know has only the given. */
function takeGroups(user: User): void {
  try {
    if (user === NOBODY) process.setgroups!([user.gid]);
    else posix.initgroups(user.uid, user.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_CREDENTIAL') throw error;
    process.setgroups!([user.gid]);
  }
}

/** What Node's types leave out. */
const posix = process as NodeJS.Process & { initgroups(user: number, extraGroup: number): void };

/** The kernel's own overflow ids (`/proc/sys/kernel/overflowuid`). */
const NOBODY: User = { uid: 65_534, gid: 65_534 };
