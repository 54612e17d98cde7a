import { inFirstUserNamespace } from './privileges.js';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Who called sudo, where this process is root by it; null elsewhere, in a lab for instance. */
export function invokingUser(): User | null {
  if (!isRealRoot()) return null;
  const [uid, gid] = [process.env['SUDO_UID'], process.env['SUDO_GID']].map((text) =>
    /^[1-9]\d{0,9}$/.test(text ?? '') ? Number(text) : null,
  );
  return uid == null || gid == null ? null : { uid, gid };
}

/** Root of another user namespace than the first has no one else to be. */
export function isRealRoot(): boolean {
  return process.geteuid?.() === 0 && inFirstUserNamespace() === true;
}

/**
 * Does something with files as whoever called sudo: with that user's rights, and as its owner. The whole process is that user
 * until then, every thread of it (glibc sees to that). Root that may be nobody else does it as root.
 */
export function asInvokingUser<T>(work: () => T): T {
  const user = invokingUser();
  const back = user === null ? null : become(user);
  try {
    return work();
  } finally {
    back?.();
  }
}

/** For the time being; gives what puts it back, null where root may not: a container's may lack CAP_SETGID or CAP_SETUID. */
export function become(user: User): (() => void) | null {
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
export function takeGroups(user: User): void {
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
export const NOBODY: User = { uid: 65_534, gid: 65_534 };
