import { readOrNull } from './read-or-null.js';

/** Whether an ordinary user may make user namespaces here. */
export interface UserNamespaces {
  readonly allowed: boolean;
  /** The switch that forbids them; null where none does (a seccomp filter shows in no switch). */
  readonly reason: string | null;
  /** How to go on. */
  readonly hint: string;
}

interface Switch {
  readonly path: string;
  readonly forbids: (value: number) => boolean;
  readonly reason: string;
  readonly hint: string;
}

const SWITCHES: readonly Switch[] = [
  {
    path: '/proc/sys/user/max_user_namespaces',
    forbids: (value) => value === 0,
    reason: 'user.max_user_namespaces is 0',
    hint: 'sudo sysctl user.max_user_namespaces=10000, or run as root with sudo',
  },
  {
    path: '/proc/sys/kernel/unprivileged_userns_clone', // Debian's and Arch's own patch
    forbids: (value) => value === 0,
    reason: 'kernel.unprivileged_userns_clone is 0',
    hint: 'sudo sysctl kernel.unprivileged_userns_clone=1, or run as root with sudo',
  },
  {
    path: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns', // Ubuntu 23.10 and later
    forbids: (value) => value !== 0,
    reason: 'AppArmor takes all capabilities from user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)',
    hint: 'run as root with sudo, or give node an AppArmor profile with "userns,", or sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  },
];
/** The kernel refuses them to whoever's root is not that of its mount namespace, real root included. */
const CHROOT: UserNamespaces = {
  allowed: false,
  reason: 'this is a chroot, and the kernel makes no user namespaces inside of one',
  hint: 'run it outside, or enter the tree as a container does: systemd-nspawn -D TREE, or unshare --mount and pivot_root',
};
const CONTAINER_HINT =
  'run as root with sudo; in a container allow it (docker run --privileged, or --security-opt seccomp=unconfined with --cap-add SYS_ADMIN)';

/**
 * `privileged`: this process has CAP_SYS_ADMIN, which the second and third switch do not bind.
 * `read` gives the text of a /proc file, or null where there is none.
 */
export function userNamespaces(
  privileged: boolean,
  read: (path: string) => string | null = readOrNull,
): UserNamespaces {
  if (inChroot(read('/proc/self/mountinfo'))) return CHROOT;
  for (const { path, forbids, reason, hint } of privileged ? SWITCHES.slice(0, 1) : SWITCHES) {
    const text = read(path);
    if (text !== null && forbids(Number(text))) return { allowed: false, reason, hint };
  }
  return { allowed: true, reason: null, hint: CONTAINER_HINT };
}

/** A mount namespace has something mounted on its root; a chroot mostly has not. One that is a mount itself goes unseen. */
function inChroot(mountinfo: string | null): boolean {
  return mountinfo !== null && !mountinfo.split('\n').some((line) => line.split(' ')[4] === '/');
}
