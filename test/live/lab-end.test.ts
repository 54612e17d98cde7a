import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAIN } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

/** These start labs in the lab: /proc of the outer one shows every process of the inner. */
const lab = (...command: string[]) => ['lab', '--', ...command];

async function run(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk) => (out[stream] += chunk));
  const [code] = await once(child, 'close');
  return { code, ...out };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const processes = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name));
const named = (marker: string) => processes().filter((pid) => readOrEmpty(`/proc/${pid}/cmdline`).includes(marker));
const childrenOf = (pid: string) => readOrEmpty(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean);

/** Every namespace that a process is in, by inode. */
function namespacesInUse(): Set<string> {
  const links = processes().flatMap((pid) => ['net', 'mnt', 'pid', 'user'].map((type) => `/proc/${pid}/ns/${type}`));
  return new Set(links.map((link) => namespaceAt(link)));
}

function namespaceAt(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // a process that ended meanwhile
  }
}

/** Looks again every 20 ms until `condition` holds, ten seconds at most. */
async function until(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition(); await sleep(20)) assert.ok(Date.now() < deadline, what);
}

interface Chain {
  readonly labProcess: ChildProcess;
  /** From `udp-ufo lab` down: itself, unshare, process 1, lab-init, the command. */
  readonly pids: readonly string[];
  readonly marker: string;
  readonly namespaces: readonly string[];
}

/** A lab whose command sleeps, beside a daemon that has left its session. */
async function sleepingLab(): Promise<Chain> {
  const marker = `marker-${process.pid}-${Date.now()}-${Math.random()}`;
  const command = `setsid sh -c 'sleep 60; : ${marker}' & exec sleep 60`;
  const labProcess = spawn(process.execPath, [MAIN, ...lab('sh', '-c', command)], { stdio: 'ignore' });
  const chain = () => {
    const pids = [String(labProcess.pid)];
    for (let depth = 0; depth < 3; depth++) pids.push(childrenOf(pids.at(-1)!)[0] ?? 'none');
    const sleeper = childrenOf(pids[3]!).find((pid) => readOrEmpty(`/proc/${pid}/comm`) === 'sleep\n');
    return [...pids, sleeper ?? 'none'];
  };
  await until(() => !chain().includes('none') && named(marker).length >= 2, 'the lab did not start');
  const pids = chain();
  const namespaces = ['net', 'mnt', 'pid', 'user'].map((type) => namespaceAt(`/proc/${pids[4]}/ns/${type}`));
  return { labProcess, pids, marker, namespaces };
}

async function assertNothingLeft({ pids, marker, namespaces }: Chain): Promise<void> {
  const gone = (pid: string) => !/^State:\s+[^ZX]/m.test(readOrEmpty(`/proc/${pid}/status`));
  await until(() => named(marker).length === 0 && pids.every(gone), 'a process was left behind');
  // The daemon's own child goes by no name and may be the last to be reaped.
  const free = () => {
    const inUse = namespacesInUse();
    return namespaces.every((namespace) => !inUse.has(namespace));
  };
  await until(free, 'a namespace was left behind');
}

describeLive('the end of a lab', () => {
  liveIt('passes the exit status of the command on', async () => {
    assert.equal((await run(lab('sh', '-c', 'exit 0'))).code, 0);
    assert.equal((await run(lab('sh', '-c', 'exit 7'))).code, 7);
    assert.equal((await run(lab('sh', '-c', 'kill -TERM $$'))).code, 128 + 15);
  });

  liveIt('keeps the standard streams of the command apart', async () => {
    const { stdout, stderr } = await run(lab('sh', '-c', 'echo out; echo err >&2'));
    assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
  });

  liveIt('reaps orphans', async () => {
    const zombie = "grep -q '^State:.Z' /proc/[0-9]*/status";
    const patience = `for i in 1 2 3 4 5 6 7 8 9 10; do ${zombie} || exit 0; sleep 0.3; done; exit 1`;
    assert.equal((await run(lab('sh', '-c', `(sleep 0.1 &); sleep 0.3; ${patience}`))).code, 0);
  });

  liveIt('names a command that is not there', async () => {
    const { code, stderr } = await run(lab('no-such-command'));
    assert.equal(code, 3);
    assert.match(stderr, /execve ENOENT no-such-command/);
  });

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    liveIt(`comes by ${signal}, which reaches the command, and leaves nothing`, async () => {
      const chain = await sleepingLab();
      chain.labProcess.kill(signal);
      const [code] = await once(chain.labProcess, 'exit');
      assert.equal(code, status);
      await assertNothingLeft(chain);
    });
  }

  for (const [position, name] of ['udp-ufo lab', 'unshare', 'process 1', 'lab-init', 'the command'].entries()) {
    liveIt(`comes by SIGKILL of ${name} and leaves nothing`, async () => {
      const chain = await sleepingLab();
      process.kill(Number(chain.pids[position]), 'SIGKILL');
      const [code, signal] = await once(chain.labProcess, 'exit');
      if (position === 0) assert.equal(signal, 'SIGKILL');
      else assert.equal(code, 128 + 9);
      await assertNothingLeft(chain);
    });
  }
});

describeLive('a lab in a lab', () => {
  /** Process 1 of a lab is root in its user namespace; without capabilities it is as any user. */
  const unprivileged = 'setpriv --inh-caps=-all --bounding-set=-all';
  const inner = `${process.execPath} ${MAIN} lab --`;

  liveIt('works three deep', async () => {
    const { code, stdout } = await run(lab('sh', '-c', `${inner} ${inner} ip -br addr show near0`));
    assert.equal(code, 0);
    assert.match(stdout, /near0@\S+\s+UP\s+192\.0\.2\.1\/24 2001:db8::1\/64/);
  });

  liveIt('is refused with reason and remedy where user namespaces are forbidden', async () => {
    const forbid = 'echo 0 > /proc/sys/user/max_user_namespaces';
    const { code, stderr } = await run(lab('sh', '-c', `${forbid}; ${unprivileged} ${inner} true`));
    assert.equal(code, 3);
    assert.match(stderr, /does not let us make a lab: user\.max_user_namespaces is 0 \(unshare: .*No space left/);
    assert.match(stderr, /sudo sysctl user\.max_user_namespaces=\d+/);
  });

  liveIt('is refused to a root that may not map itself', async () => {
    const { code, stderr } = await run(lab('sh', '-c', `${unprivileged} ${inner} true`));
    assert.equal(code, 3);
    assert.match(stderr, /root without CAP_SETFCAP may not map its own id \(unshare: .*uid_map/);
  });

  liveIt('needs no user namespace where root is real enough', async () => {
    const forbid = 'echo 0 > /proc/sys/user/max_user_namespaces';
    assert.equal((await run(lab('sh', '-c', `${forbid}; ${inner} true`))).code, 0);
  });

  liveIt('works where parts of /proc are masked and no new /proc may be mounted', async () => {
    const mask = 'mount -n -t tmpfs mask /proc/fs';
    const { code, stdout } = await run(lab('sh', '-c', `${mask}; ${inner} ip -br addr show near0`));
    assert.equal(code, 0);
    assert.match(stdout, /192\.0\.2\.1\/24/);
  });
});
