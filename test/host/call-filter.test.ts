import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ERRNO } from '../../src/errors.js';
import { canRefuseCalls } from '../../src/host/call-filter.js';

/** What becomes of each, in a process that is filtered: its error code, or what it gave. */
const SCRIPT = `
  import { spawnSync } from 'node:child_process';
  import { createSocket } from 'node:dgram';
  import { once } from 'node:events';
  import fs from 'node:fs';
  import { Worker } from 'node:worker_threads';
  const { libc } = await import('HOST/libc.js');
  const { refuseCalls } = await import('HOST/call-filter.js');
  const [fd, raw] = [fs.openSync('/dev/null', 'r+'), libc()];
  const installed = refuseCalls();
  const tried = (what) => { try { return what() ?? 'done'; } catch ({ code }) { return code; } };
  const socket = createSocket('udp4').bind(0);
  const worker = new Worker('import { parentPort } from "node:worker_threads"; parentPort.postMessage(1)', { eval: true });
  const threads = fs.readdirSync('/proc/self/task').map((id) => fs.readFileSync('/proc/self/task/' + id + '/status', 'utf8'));
  console.log(JSON.stringify({
    installed,
    run: spawnSync('true').error?.code,
    write: tried(() => fs.openSync('/dev/null', 'w')),
    create: tried(() => fs.mkdirSync('/nowhere/at-all')),
    remove: tried(() => fs.unlinkSync('/nowhere/at-all')),
    signal: tried(() => process.kill(1, 0)),
    socket: (await once(socket, 'error'))[0].code,
    newer: raw.syscall(425, 0, null, 0), // io_uring_setup
    writeOpen: tried(() => fs.writeSync(fd, 'x')),
    read: tried(() => fs.readFileSync('/proc/self/comm', 'utf8').length > 0),
    pool: (await fs.promises.readFile('/proc/self/comm', 'utf8')).length > 0,
    load: typeof (await import('node:zlib')).gunzip,
    thread: (await once(worker, 'message'))[0] > 0,
    filtered: threads.every((one) => /^Seccomp:\\t2$/m.test(one) && /^NoNewPrivs:\\t1$/m.test(one)),
  }));
  process.exit(7);
`;

/** Calls that none of these processes makes, but fork and vfork, which would be two from then on if they were let through. */
const REFUSED = [
  ...['execve', 'execveat', 'ptrace', 'process_vm_readv', 'process_vm_writev', 'kcmp', 'pidfd_open', 'pidfd_getfd'],
  ...['pidfd_send_signal', 'kill', 'tkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo', 'process_madvise'],
  ...['mount', 'umount2', 'pivot_root', 'chroot', 'setns', 'unshare', 'open_by_handle_at'],
  ...['open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr'],
  ...['bpf', 'perf_event_open', 'userfaultfd', 'init_module', 'finit_module', 'delete_module'],
  ...['kexec_load', 'kexec_file_load', 'reboot', 'swapon', 'swapoff', 'keyctl', 'add_key', 'request_key'],
  ...['socket', 'socketpair', 'connect', 'bind', 'listen', 'accept', 'accept4', 'sendto', 'sendmsg', 'sendmmsg'],
  ...['creat', 'mknod', 'mknodat', 'mkdir', 'mkdirat', 'link', 'linkat', 'symlink', 'symlinkat'],
  ...['unlink', 'unlinkat', 'rmdir', 'rename', 'renameat', 'renameat2', 'truncate', 'utimensat'],
  ...[
    'chmod',
    'fchmod',
    'fchmodat',
    'fchmodat2',
    'chown',
    'lchown',
    'fchown',
    'fchownat',
    'setxattr',
    'lsetxattr',
    'fsetxattr',
  ],
];
const UNKNOWN = ['clone3', 'openat2', 'io_uring_setup', 'io_uring_register'];

/** What the kernel says of each call, without arguments: an error number, 0 where it works, null where there is no such call. */
const CALLS = `
  const { koffi, libc, lastErrno } = await import('HOST/libc.js');
  const { refuseCalls } = await import('HOST/call-filter.js');
  const resolve = koffi().load('libseccomp.so.2').func('int seccomp_syscall_resolve_name(const char*)');
  refuseCalls();
  const answer = (call) => (call < 0 ? null : libc().syscall(call, 0, null, 0) < 0 ? lastErrno() : 0);
  console.log(JSON.stringify(process.argv.slice(1).map((name) => answer(resolve(name)))));
`;

function script(text: string): string[] {
  return ['--input-type=module', '-e', text.replaceAll('HOST', new URL('../../src/host', import.meta.url).href)];
}

describe('a process that reads what anybody may have made', () => {
  const skip = canRefuseCalls() ? false : 'libseccomp is not installed';

  it('starts no program, opens nothing to write to, and works on in all its threads', { skip }, async () => {
    const end = await promisify(execFile)(process.execPath, script(SCRIPT)).catch((error) => error);
    assert.equal(end.code, 7, end.stderr);
    assert.deepEqual(JSON.parse(end.stdout), {
      ...{ installed: true, filtered: true },
      ...{
        run: 'EPERM',
        write: 'EPERM',
        create: 'EPERM',
        remove: 'EPERM',
        signal: 'EPERM',
        socket: 'EPERM',
        newer: -1,
      },
      ...{ writeOpen: 1, read: true, pool: true, load: 'function', thread: true },
    });
  });

  it('is refused every call by which it would reach other processes, networks and files', { skip }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...script(CALLS), ...REFUSED, ...UNKNOWN]);
    const answers = JSON.parse(stdout) as (number | null)[];
    const wrong = [...REFUSED, ...UNKNOWN].filter((name, index) => {
      const want = UNKNOWN.includes(name) ? ERRNO.ENOSYS : ERRNO.EPERM;
      return answers[index] !== null && answers[index] !== want;
    });
    assert.deepEqual(wrong, []);
    assert.ok(answers.filter((one) => one !== null).length > 50);
  });
});
