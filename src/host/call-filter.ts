import { constants, readdirSync, readlinkSync } from 'node:fs';
import { ERRNO } from '../errors.js';
import { PR_SET_NO_NEW_PRIVS } from './constants.js';
import { addressOf, libc } from './libc.js';

// <linux/seccomp.h>
const SECCOMP_SET_MODE_FILTER = 1;
/** In all threads, and no_new_privs with it. */
const SECCOMP_FILTER_FLAG_TSYNC = 1;
/** Without the guard against speculation that kernels before 5.16 put on every filtered process. */
const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4;
const SECCOMP_RET_ERRNO = 0x0005_0000;
const SECCOMP_RET_ALLOW = 0x7fff_0000;
/** `struct seccomp_data`: the call's number, the architecture, six arguments of 8 octets, the low half first. */
const [NR, ARCH, ARGS] = [0, 4, 16];
// <linux/bpf_common.h>: what the opcodes below are made of
const [LOAD, JEQ, JGE, JSET, RETURN] = [0x20, 0x15, 0x35, 0x45, 0x06];
const CLONE_THREAD = 0x0001_0000;
const WRITES = constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC;

/** AUDIT_ARCH_… of <linux/audit.h>, and which column of the numbers below. */
const ARCHITECTURES: Readonly<Record<string, readonly [audit: number, column: 0 | 1]>> = {
  x64: [0xc000_003e, 0],
  arm64: [0xc000_00b7, 1],
};
/** Calls are numbered alike from here on (5.1, 2019); Node runs on older kernels too, so without all of them. */
const NEWER_CALLS = 424;
const IO_URING_ENTER = 426;
const [SECCOMP, OPEN, OPENAT, CLONE] = [[317, 277], [2], [257, 56], [56, 220]] as const;

/** What a process that reads descriptors and writes to them never does: x86-64's number, and arm64's where it has the call. */
const REFUSED: Readonly<Record<string, readonly [x64: number, arm64?: number]>> = {
  ...{ execve: [59, 221], execveat: [322, 281], fork: [57], vfork: [58] },
  ...{ ptrace: [101, 117], process_vm_readv: [310, 270], process_vm_writev: [311, 271], kcmp: [312, 272] },
  ...{ kill: [62, 129], rt_sigqueueinfo: [129, 138], rt_tgsigqueueinfo: [297, 240] },
  ...{ mount: [165, 40], umount2: [166, 39], pivot_root: [155, 41], chroot: [161, 51] },
  ...{ setns: [308, 268], unshare: [272, 97], open_by_handle_at: [304, 265] },
  ...{ bpf: [321, 280], perf_event_open: [298, 241], userfaultfd: [323, 282] },
  ...{ init_module: [175, 105], finit_module: [313, 273], delete_module: [176, 106] },
  ...{
    kexec_load: [246, 104],
    kexec_file_load: [320, 294],
    reboot: [169, 142],
    swapon: [167, 224],
    swapoff: [168, 225],
  },
  ...{ keyctl: [250, 219], add_key: [248, 217], request_key: [249, 218] },
  ...{ socket: [41, 198], socketpair: [53, 199], connect: [42, 203], bind: [49, 200], listen: [50, 201] },
  ...{ accept: [43, 202], accept4: [288, 242], sendto: [44, 206], sendmsg: [46, 211], sendmmsg: [307, 269] },
  ...{ creat: [85], mknod: [133], mknodat: [259, 33], mkdir: [83], mkdirat: [258, 34], link: [86], linkat: [265, 37] },
  ...{ symlink: [88], symlinkat: [266, 36], unlink: [87], unlinkat: [263, 35], rmdir: [84] },
  ...{ rename: [82], renameat: [264, 38], renameat2: [316, 276], truncate: [76, 45], utimensat: [280, 88] },
  ...{ chmod: [90], fchmod: [91, 52], fchmodat: [268, 53] },
  ...{ chown: [92], lchown: [94], fchown: [93, 55], fchownat: [260, 54] },
  ...{ setxattr: [188, 5], lsetxattr: [189, 6], fsetxattr: [190, 7] },
};

/** Whether this machine has such filters: their numbers are each architecture's own. */
export function callFilterIsKnown(): boolean {
  return process.arch in ARCHITECTURES;
}

/**
 * From here on every thread of this process may read and write what it has open, load more of itself and end: EPERM is the
 * answer to what starts programs, opens files for writing, names, sockets and other processes, and ENOSYS to all calls that are
 * newer than 2019. For good, and with no_new_privs. False where there is no filter, but for no_new_privs.
 */
export function refuseCalls(): boolean {
  const known = ARCHITECTURES[process.arch];
  return install(known === undefined ? [] : refusing(...known));
}

/** Nothing that any thread of this process starts is ever more than it is. */
export function noNewPrivileges(): void {
  install([]); // by itself prctl(2) is about the one thread that calls it
}

/** An instruction of classic BPF: `struct sock_filter`. */
type Instruction = readonly [code: number, jt: number, jf: number, k: number];

function refusing(audit: number, column: 0 | 1): Instruction[] {
  const refuse: Instruction = [RETURN, 0, 0, SECCOMP_RET_ERRNO | ERRNO.EPERM];
  const allow: Instruction = [RETURN, 0, 0, SECCOMP_RET_ALLOW];
  const byFlags = (nr: number | undefined, argument: number, flags: number, ifSet: Instruction, ifNot: Instruction) =>
    nr === undefined
      ? []
      : ([[JEQ, 0, 4, nr], [LOAD, 0, 0, ARGS + 8 * argument], [JSET, 0, 1, flags], ifSet, ifNot] as const);
  return [
    [LOAD, 0, 0, ARCH],
    [JEQ, 1, 0, audit],
    refuse,
    [LOAD, 0, 0, NR],
    ...(hasRings() ? ([[JEQ, 0, 1, IO_URING_ENTER], allow] as const) : []),
    [JGE, 0, 1, NEWER_CALLS],
    [RETURN, 0, 0, SECCOMP_RET_ERRNO | ERRNO.ENOSYS],
    ...Object.values(REFUSED).flatMap(({ [column]: nr }): Instruction[] =>
      nr === undefined ? [] : [[JEQ, 0, 1, nr], refuse],
    ),
    ...byFlags(OPEN[column as 0], 1, WRITES, refuse, allow),
    ...byFlags(OPENAT[column], 2, WRITES, refuse, allow),
    ...byFlags(CLONE[column], 0, CLONE_THREAD, allow, refuse),
  ];
}

/** libuv's loops from Node 22 on have one each, tell epoll(7) by it what to wait for, and abort where it does not go on. */
function hasRings(): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('io_uring');
    } catch {
      return false; // the one that was listed for the list
    }
  });
}

/** Puts the program, and at its end what allows all the rest, in front of every call of every thread. */
function install(instructions: readonly Instruction[]): boolean {
  libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const column = ARCHITECTURES[process.arch]?.[1];
  if (column === undefined) return false;
  const program = [...instructions, [RETURN, 0, 0, SECCOMP_RET_ALLOW] as const];
  const octets = Buffer.alloc(8 * Math.max(program.length, 16)); // larger than 64 octets, see Pointer
  for (const [at, [code, jt, jf, k]] of program.entries()) {
    octets.writeUInt16LE(code, 8 * at);
    octets.set([jt, jf], 8 * at + 2);
    octets.writeUInt32LE(k, 8 * at + 4);
  }
  const fprog = Buffer.alloc(128); // struct sock_fprog: len, then at 8 the address
  fprog.writeUInt16LE(program.length, 0);
  fprog.writeBigUInt64LE(BigInt(addressOf(octets)), 8);
  const flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  return libc().syscall(SECCOMP[column], SECCOMP_SET_MODE_FILTER, flags, addressOf(fprog)) === 0;
}
