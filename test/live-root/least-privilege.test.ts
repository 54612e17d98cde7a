import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFeature } from '../../src/host/device-features.js';
import { asInvokingUser } from '../../src/host/invoking-user.js';
import { LAB } from '../../src/host/lab.js';
import { captureChildren, childrenOf } from '../live/capture-tools.js';
import { Cli, runCli } from '../live/cli.js';
import { liveIt } from '../live/in-lab.js';
import { describeInRootLab } from './in-root-lab.js';

/** Somebody who is not root, as sudo would name its caller. */
const USER = 4321;
const NOBODY = 65_534;
const SUDO = ['env', `SUDO_UID=${USER}`, `SUDO_GID=${USER}`];
const NO_SUDO = ['env', '-u', 'SUDO_UID', '-u', 'SUDO_GID'];
const NONE = '0'.repeat(16);
const CUT = ['segment', '--source', '192.0.2.1:1', '--destination', '192.0.2.2:9', '--size', '3000', '-w'];
const SEND = ['send', '192.0.2.2:9', '--size', '3000', '--count', '10000', '--rate', '100/s'];

describeInRootLab('root by sudo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ufo-sudo-'));
  chmodSync(folder, 0o755);
  const own = join(folder, 'own');
  mkdirSync(own);
  chownSync(own, USER, USER);
  after(() => rmSync(folder, { recursive: true }));

  for (const driver of ['raw-socket', 'packet-socket', 'virtio-ufo', 'af-xdp', 'kernel-udp']) {
    liveIt(
      `send by ${driver}: is the caller in every thread once it sends, can become nothing more, and still sends`,
      async () => {
        const cli = new Cli(
          [...SEND, '--driver', driver, '--save', join(own, 'sent'), '--interval', '200ms', '--json'],
          { prefix: SUDO },
        );
        await dropped(cli.child.pid!);
        cli.child.kill('SIGINT');
        const { signal, stderr } = await cli.end;
        assert.equal(signal, 'SIGINT', stderr);
        assert.deepEqual([statSync(join(own, 'sent')).uid, statSync(join(own, 'sent')).gid], [USER, USER]);
      },
    );
  }

  for (const driver of ['auto', 'virtio-ufo', 'kernel-udp']) {
    liveIt(
      `send of small datagrams by ${driver}: asks nothing, before it joins them, that needs a privilege`,
      async () => {
        setFeature(LAB.near.interface, 'tx-udp-segmentation', false);
        try {
          const small = ['send', '192.0.2.2:9', '--size', '100', '--duration', '300ms', '--driver', driver];
          const end = await runCli(small, { prefix: SUDO });
          assert.equal(end.code, 0, end.stderr);
          assert.match(end.lines.join('\n'), /kernel-uso: /);
        } finally {
          setFeature(LAB.near.interface, 'tx-udp-segmentation', true);
        }
      },
    );
  }

  liveIt('send --verify: the process that captures has nothing left either, and dies with its parent', async () => {
    const cli = new Cli([...SEND, '--verify=near0'], { prefix: SUDO });
    await dropped(cli.child.pid!);
    const [capture] = captureChildren(cli.child.pid!);
    await dropped(capture!);
    cli.child.kill('SIGKILL');
    await cli.end;
    for (let left = 250; left > 0 && statusOf(capture!) !== ''; left--) await sleep(20);
    assert.equal(statusOf(capture!), '');
  });

  for (const driver of ['raw-socket', 'packet-socket']) {
    liveIt(`send --queues by ${driver}: so is every sender, a process or a thread`, async () => {
      const cli = new Cli([...SEND, '--driver', driver, '--queues', '2'], { prefix: SUDO });
      await dropped(cli.child.pid!);
      const senders = childrenOf(cli.child.pid!, 'queue-worker.js');
      assert.equal(senders.length, driver === 'raw-socket' ? 2 : 0);
      for (const pid of senders) await dropped(pid);
      cli.child.kill('SIGINT');
      const { signal, stderr } = await cli.end;
      assert.equal(signal, 'SIGINT', stderr);
    });
  }

  for (const driver of ['raw-socket', 'packet-socket', 'virtio-ufo', 'af-xdp', 'kernel-udp']) {
    liveIt(`send by ${driver} without sudo: is nobody in every thread, and all of it goes`, async () => {
      const words = ['send', '192.0.2.2:9', '--size', '3000', '--count', '300', '--rate', '100/s', '--driver', driver];
      const cli = new Cli([...words, '--verify=far0'], { prefix: NO_SUDO });
      await dropped(cli.child.pid!, NOBODY);
      const { code, stderr } = await cli.end;
      assert.equal(code, 0, stderr);
    });
  }

  liveIt('without sudo, those that capture and receive are nobody, and so is every sender of several', async () => {
    for (const words of [
      ['capture', '-i', 'near0'],
      ['verify', '-i', 'near0', '--duration', '60s'],
      ['receive', '9098'],
      [...SEND, '--driver', 'raw-socket', '--queues', '2'],
    ]) {
      const cli = new Cli(words, { prefix: NO_SUDO, withinMs: 90_000 });
      await dropped(cli.child.pid!, NOBODY);
      const children = [...captureChildren(cli.child.pid!), ...childrenOf(cli.child.pid!, 'queue-worker.js')];
      assert.equal(children.length, words[0] === 'receive' ? 0 : words[0] === 'send' ? 2 : 1, words.join(' '));
      for (const pid of children) await dropped(pid, NOBODY);
      cli.child.kill('SIGINT');
      await cli.end;
    }
  });

  liveIt(
    'without sudo, who has files to write stays root, that starts nothing with more, and they are root’s',
    async () => {
      const closed = join(folder, 'closed');
      mkdirSync(closed, { mode: 0o700 });
      const saved = join(closed, 'saved');
      const cli = new Cli([...SEND, '--save', saved], { prefix: NO_SUDO });
      for (let left = 1500; left > 0 && !/^NoNewPrivs:\t1$/m.test(statusOf(cli.child.pid!)); left--) await sleep(20);
      assert.match(statusOf(cli.child.pid!), /^Uid:\t0\t/m);
      cli.child.kill('SIGINT');
      const { signal, stderr } = await cli.end;
      assert.equal(signal, 'SIGINT', stderr);
      assert.equal(statSync(saved).uid, 0);
    },
  );

  for (const words of [
    ['receive', '9098', '--timeout', '5s', '-o'],
    ['capture', '-i', 'near0', '-w'],
    ['verify', '-i', 'near0', '--html'],
  ]) {
    liveIt(`${words[0]} writes as the caller, and is that one while it waits`, async () => {
      const target = join(own, words[0]!);
      const cli = new Cli([...words, target], { prefix: SUDO });
      await dropped(cli.child.pid!);
      if (words[0] !== 'receive') cli.child.kill('SIGINT'); // it leaves what stood there where nothing came
      await cli.end;
      assert.equal(statSync(target).uid, USER);
    });
  }

  liveIt('root that may be nobody else, as in a container, writes as root and works on', async () => {
    for (const lacking of ['-setuid', '-setgid', '-setuid,-setgid']) {
      const target = join(folder, `by-root${lacking}`);
      const prefix = [...SUDO, 'setpriv', '--bounding-set', lacking];
      const { code, stderr } = await runCli([...SEND.slice(0, -4), '--save', target], { prefix });
      assert.equal(code, 0, stderr);
      const { uid, gid } = statSync(target);
      assert.deepEqual([uid, gid], [0, 0], lacking);
    }
  });

  liveIt('of two files opened at once each is opened as the caller, and then this is root again', async () => {
    const ids = { SUDO_UID: String(USER), SUDO_GID: String(USER) };
    const before = process.getgroups!();
    Object.assign(process.env, ids);
    try {
      for (const [first, second] of [
        [0, 20],
        [20, 0],
      ] as const) {
        const seen: (readonly [number, number])[] = [];
        const work = (ms: number) =>
          asInvokingUser(async () => {
            await sleep(ms);
            seen.push([process.geteuid!(), process.getegid!()]);
          });
        await Promise.all([
          work(first),
          work(second),
          assert.rejects(asInvokingUser(() => Promise.reject(new Error('no')))),
        ]);
        assert.deepEqual(seen, Array(2).fill([USER, USER]));
        assert.deepEqual([process.geteuid!(), process.getegid!(), process.getgroups!()], [0, 0, before]);
      }
    } finally {
      for (const name of Object.keys(ids)) delete process.env[name];
    }
  });

  liveIt("a folder that the caller may not write is refused, and root's file in it stays", async () => {
    const file = join(folder, 'roots');
    writeFileSync(file, 'kept');
    chmodSync(file, 0o644);
    const { code, stderr } = await runCli([...CUT, file], { prefix: SUDO });
    assert.match(stderr, /EACCES/);
    assert.deepEqual([code, readFileSync(file, 'utf8')], [2, 'kept']);
  });

  liveIt("root without sudo does not follow another's link in a folder that all may write", async () => {
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    const file = join(folder, 'target');
    writeFileSync(file, 'kept');
    symlinkSync(file, join(shared, 'link'));
    lchownSync(join(shared, 'link'), USER, USER);
    const { code, stderr } = await runCli([...CUT, join(shared, 'link')], { prefix: NO_SUDO });
    assert.match(stderr, /EACCES.*link/);
    assert.deepEqual([code, readFileSync(file, 'utf8')], [2, 'kept']);
    assert.deepEqual(readdirSync(shared), ['link']);
  });
});

/** Waits until a process has dropped its privileges, thirty seconds at most, and looks at all of its threads. */
async function dropped(pid: number, user = USER): Promise<void> {
  const last = /^NoNewPrivs:\t1$/m;
  const ids = `${user} ${user} ${user} ${user}`;
  const gone = { Uid: ids, Gid: ids, Groups: `${user}` };
  const want = { ...gone, CapInh: NONE, CapPrm: NONE, CapEff: NONE, CapAmb: NONE };
  for (let left = 1500; left > 0 && !(last.test(statusOf(pid)) && /^Uid:\t[1-9]/m.test(statusOf(pid))); left--)
    await sleep(20);
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = statusOf(`${pid}/task/${thread}`);
    if (status === '') continue; // that one has ended meanwhile
    const line = (name: string): string =>
      new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1]?.replaceAll('\t', ' ') ?? '';
    assert.deepEqual(Object.fromEntries(Object.keys(want).map((name) => [name, line(name)])), want);
  }
  assert.match(statusOf(pid), last);
}

/** Of a process, or of `PID/task/TID`; empty where there is none any more. */
function statusOf(pid: number | string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
