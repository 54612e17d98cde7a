import { constants } from 'node:fs';
import { ERRNO } from '../errors.js';
import { PR_SET_NO_NEW_PRIVS } from './constants.js';
import { koffi, libc } from './libc.js';
import { bindNativeCalls } from './native-calls.js';

/** libseccomp's functions with their C shapes: it knows the number of each call on every architecture. Negative: it failed. */
interface Libseccomp {
  /** Null: it failed. */
  seccomp_init(action: number): Filter | null;
  seccomp_attr_set(filter: Filter, attribute: number, value: number): number;
  seccomp_syscall_resolve_name(name: string): number;
  seccomp_rule_add_array(
    filter: Filter,
    action: number,
    call: number,
    count: number,
    conditions: BigUint64Array,
  ): number;
  seccomp_load(filter: Filter): number;
}
type Filter = bigint | number;

const SIGNATURES: Readonly<Record<keyof Libseccomp, string>> = {
  seccomp_init: 'void* seccomp_init(uint32_t)',
  seccomp_attr_set: 'int seccomp_attr_set(void*, int, uint32_t)',
  seccomp_syscall_resolve_name: 'int seccomp_syscall_resolve_name(const char*)',
  seccomp_rule_add_array: 'int seccomp_rule_add_array(void*, uint32_t, int, unsigned int, void*)',
  seccomp_load: 'int seccomp_load(void*)',
};

// <seccomp.h>
const SCMP_ACT_ALLOW = 0x7fff_0000;
const SCMP_ACT_ERRNO = 0x0005_0000;
/** In all threads, and no_new_privs with it. */
const SCMP_FLTATR_CTL_TSYNC = 4;
/** Without the guard against speculation that kernels before 5.16 put on every filtered process; libseccomp 2.5. */
const SCMP_FLTATR_CTL_SSB = 7;
/** The calls as a binary tree instead of one after the other; libseccomp 2.5. */
const SCMP_FLTATR_CTL_OPTIMIZE = 8;
const BINARY_TREE = 2;
const SCMP_CMP_MASKED_EQ = 7n;
const NR_SCMP_ERROR = -1;

/** <sched.h> */
const CLONE_THREAD = 0x0001_0000;

/** What a process that reads descriptors and writes to them never does, by what it would be for. */
const REFUSED = [
  ...['execve', 'execveat', 'fork', 'vfork'],
  ...['ptrace', 'process_vm_readv', 'process_vm_writev', 'kcmp', 'pidfd_open', 'pidfd_getfd', 'pidfd_send_signal'],
  ...['kill', 'tkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo', 'process_madvise'],
  ...['mount', 'umount2', 'pivot_root', 'chroot', 'setns', 'unshare', 'open_by_handle_at'],
  ...['open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr'],
  ...['bpf', 'perf_event_open', 'userfaultfd', 'init_module', 'finit_module', 'delete_module'],
  ...['kexec_load', 'kexec_file_load', 'reboot', 'swapon', 'swapoff', 'keyctl', 'add_key', 'request_key'],
  ...['socket', 'socketpair', 'connect', 'bind', 'listen', 'accept', 'accept4', 'sendto', 'sendmsg', 'sendmmsg'],
  ...['creat', 'mknod', 'mknodat', 'mkdir', 'mkdirat', 'link', 'linkat', 'symlink', 'symlinkat'],
  ...['unlink', 'unlinkat', 'rmdir', 'rename', 'renameat', 'renameat2', 'truncate', 'utimensat'],
  ...['chmod', 'fchmod', 'fchmodat', 'fchmodat2', 'chown', 'lchown', 'fchown', 'fchownat'],
  ...['setxattr', 'lsetxattr', 'fsetxattr'],
];

/** ENOSYS, as on older kernels: whoever asks goes on by the calls whose flags a filter can see, or without. */
const UNKNOWN = ['clone3', 'openat2', 'io_uring_setup', 'io_uring_register'];

/** Calls that are refused only so. */
const REFUSED_WHERE: readonly (readonly [call: string, ...Condition])[] = [
  ...[constants.O_WRONLY, constants.O_RDWR, constants.O_CREAT, constants.O_TRUNC].flatMap((flag) => [
    ['open', 1, flag, flag] as const,
    ['openat', 2, flag, flag] as const,
  ]),
  ['clone', 0, CLONE_THREAD, 0],
];

let loaded: Libseccomp | null | undefined;

/** null where it is not installed, or too old. */
function libseccomp(): Libseccomp | null {
  if (loaded !== undefined) return loaded;
  try {
    loaded = bindNativeCalls(koffi().load('libseccomp.so.2'), SIGNATURES) as unknown as Libseccomp; // the same keys
  } catch {
    loaded = null;
  }
  return loaded;
}

/** Whether this machine has what makes such filters. */
export function canRefuseCalls(): boolean {
  return libseccomp() !== null;
}

/**
 * From here on every thread of this process may read and write what it has open, load more of itself and end: EPERM is the
 * answer to what starts programs, opens files for writing, names, sockets and other processes. For good, and with no_new_privs.
 * False where there is no filter (no libseccomp, a kernel without): nothing is refused then.
 */
export function refuseCalls(): boolean {
  return install(
    (refuse) =>
      REFUSED.every((name) => refuse(name, ERRNO.EPERM)) &&
      UNKNOWN.every((name) => refuse(name, ERRNO.ENOSYS)) &&
      REFUSED_WHERE.every(([name, ...condition]) => refuse(name, ERRNO.EPERM, condition)),
  );
}

/** Nothing that any thread of this process starts is ever more than it is; without libseccomp the calling one alone says so. */
export function noNewPrivileges(): void {
  libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  install(() => true); // a filter that refuses nothing: prctl(2) is about one thread, a filter about all, and that comes with it
}

/** Adds a rule; false where it cannot be added. */
type Refuse = (name: string, errno: number, condition?: Condition) => boolean;
/** An argument's bits under the mask are these. */
type Condition = readonly [argument: number, mask: number, bits: number];

/** Puts a filter with those rules in front of every call of every thread, where that can be had. */
function install(rules: (refuse: Refuse) => boolean): boolean {
  const seccomp = libseccomp();
  const filter = seccomp?.seccomp_init(SCMP_ACT_ALLOW) ?? null;
  if (seccomp === null || filter === null) return false;
  const refuse: Refuse = (name, errno, condition) => {
    const call = seccomp.seccomp_syscall_resolve_name(name);
    if (call === NR_SCMP_ERROR) return true; // this library does not know it yet
    const conditions = condition === undefined ? [] : argCmp(condition);
    const count = condition === undefined ? 0 : 1;
    return (
      seccomp.seccomp_rule_add_array(filter, SCMP_ACT_ERRNO | errno, call, count, BigUint64Array.from(conditions)) >= 0
    );
  };
  seccomp.seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
  seccomp.seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);
  const inAll = seccomp.seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) >= 0;
  return inAll && rules(refuse) && seccomp.seccomp_load(filter) >= 0;
}

/** `struct scmp_arg_cmp`: argument and operator, of 32 bits each, then two operands. */
function argCmp([argument, mask, bits]: Condition): bigint[] {
  return [BigInt(argument) | (SCMP_CMP_MASKED_EQ << 32n), BigInt(mask), BigInt(bits)];
}
