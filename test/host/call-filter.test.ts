import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
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

describe('a process that reads what anybody may have made', () => {
  const skip = canRefuseCalls() ? false : 'libseccomp is not installed';

  it('starts no program, opens nothing to write to, and works on in all its threads', { skip }, async () => {
    const host = new URL('../../src/host', import.meta.url).href;
    const words = ['--input-type=module', '-e', SCRIPT.replaceAll('HOST', host)];
    const end = await promisify(execFile)(process.execPath, words).catch((error) => error);
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
});
