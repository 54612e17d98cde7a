import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
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
import { isDeepStrictEqual } from 'node:util';
import { setFeature } from '../../src/host/device-features.js';
import { asInvokingUser } from '../../src/host/invoking-user.js';
import { farCommand, LAB } from '../../src/host/lab.js';
import { captureChildren, childrenOf, sendDatagrams } from '../live/capture-tools.js';
import { Cli, MAIN, runCli } from '../live/cli.js';
import { liveIt } from '../live/in-lab.js';
import { describeInRootLab } from './in-root-lab.js';

/** Somebody who is not root, as sudo would name its caller. */
const USER = 4321;
const NOBODY = 65_534;
const SUDO = ['env', `SUDO_UID=${USER}`, `SUDO_GID=${USER}`];
const NO_SUDO = ['env', '-u', 'SUDO_UID', '-u', 'SUDO_GID'];
const mask = (...bits: readonly number[]): string =>
  bits
    .reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n)
    .toString(16)
    .padStart(16, '0');
const NONE = mask();
/** CAP_DAC_OVERRIDE and CAP_FOWNER. */
const OVER_FILES = mask(1, 3);
const NET_RAW = mask(13);
const BPF = mask(39);
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
    for (const thread of threadsOf(capture!)) assert.match(statusOf(`${capture}/task/${thread}`), /^Seccomp:\t2$/m);
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

  for (const [whose, uid, kept] of [
    ['root’s, closed to others', 0, { files: 0 }],
    ['another user’s', USER, { files: 0, capabilities: OVER_FILES }],
  ] as const) {
    for (const words of [
      [...SEND, '--save'],
      ['receive', '9098', '-o'],
      ['capture', '-i', 'near0', '-w'],
      ['verify', '-i', 'near0', '--html'],
    ]) {
      liveIt(
        `${words[0]} without sudo into a folder that is ${whose}: only one thread may still name files`,
        async () => {
          const target = join(closedFolder(uid), 'file');
          writeFileSync(target, 'before');
          const cli = new Cli([...words, target], { prefix: NO_SUDO });
          await dropped(cli.child.pid!, NOBODY, kept);
          await sendDatagrams(1, '192.0.2.2', 3000);
          if (words[0] === 'receive') await toSelf(9098);
          if (words[0] === 'receive' || words[0] === 'capture') await dropped(cli.child.pid!, NOBODY); // it has its name
          cli.child.kill('SIGINT');
          const { stderr } = await cli.end;
          assert.notEqual(readFileSync(target, 'latin1'), 'before', stderr);
          assert.deepEqual([statSync(target).uid, readdirSync(join(target, '..'))], [0, ['file']]);
        },
      );
    }
  }

  liveIt('receive without sudo puts file after file into a folder of root’s, over those that are there', async () => {
    const target = closedFolder(0);
    writeFileSync(join(target, '000001.bin'), 'before', { mode: 0o600 });
    const cli = new Cli(['receive', '9098', '--count', '2', '-o', `${target}/`], { prefix: NO_SUDO });
    await dropped(cli.child.pid!, NOBODY, { files: 0 });
    for (let sent = 0; sent < 2; sent++) await toSelf(9098);
    const { code, stderr } = await cli.end;
    assert.equal(code, 0, stderr);
    const of = (name: string) => [readFileSync(join(target, name), 'utf8'), statSync(join(target, name)).uid];
    assert.deepEqual([of('000001.bin'), of('000002.bin')], Array(2).fill(['said', 0]));
  });

  liveIt(
    'send without sudo of a file that is closed to others reads it as root, that starts nothing with more',
    async () => {
      const input = join(closedFolder(0), 'input');
      writeFileSync(input, 'x'.repeat(3000));
      const cli = new Cli([...SEND.slice(0, 2), ...SEND.slice(4), '--file', input], { prefix: NO_SUDO });
      for (let left = 1500; left > 0 && !/^NoNewPrivs:\t1$/m.test(statusOf(cli.child.pid!)); left--) await sleep(20);
      assert.match(statusOf(cli.child.pid!), /^Uid:\t0\t/m);
      cli.child.kill('SIGINT');
      const { signal, stderr } = await cli.end;
      assert.equal(signal, 'SIGINT', stderr);
    },
  );

  const frames = join(own, 'frames.pcap');
  for (const words of [
    ['path', '192.0.2.2', '--fast'],
    ['conform', '192.0.2.2:9007', '--fast'],
    ['replay', frames, '-i', 'near0', '--rate', '60/s', '--loop', '2', '--verify=far0'],
  ]) {
    for (const [how, prefix, user] of [
      ['by sudo', SUDO, USER],
      ['without', NO_SUDO, NOBODY],
    ] as const) {
      const works = async (): Promise<void> => {
        const macs = ['--source-mac', '02:00:00:00:00:01', '--destination-mac', '02:00:00:00:00:02', '--count', '30'];
        await runCli([...CUT.slice(0, -1), ...macs, '-w', frames], { prefix: SUDO });
        using _ = await farEcho(9007);
        const cli = new Cli(words, { prefix, withinMs: 190_000 });
        await dropped(cli.child.pid!, user, { capabilities: NET_RAW, inherited: true });
        if (user === USER) cli.child.kill('SIGINT'); // the other one takes its time
        const { code, signal, stderr } = await cli.end;
        assert.deepEqual([code, signal], user === USER ? [null, 'SIGINT'] : [0, null], stderr);
      };
      const name = `${words[0]} ${how} opens sockets all the time, keeps CAP_NET_RAW alone, in one thread, and works`;
      liveIt(name, works, { timeout: 200_000 });
    }
  }

  liveIt('send by xdp-live keeps CAP_BPF alone, in one thread, and sends', async () => {
    const words = [
      'send',
      '192.0.2.2:9',
      '--size',
      '3000',
      '--count',
      '300',
      '--rate',
      '100/s',
      '--driver',
      'xdp-live',
    ];
    const cli = new Cli([...words, '--verify=far0'], { prefix: SUDO });
    await dropped(cli.child.pid!, USER, { capabilities: BPF, inherited: true });
    const { code, stderr } = await cli.end;
    assert.equal(code, 0, stderr);
  });

  liveIt('receive by sudo makes a folder that is the caller’s, as its files are', async () => {
    const target = join(own, 'new', 'folder');
    const cli = new Cli(['receive', '9098', '--count', '1', '-o', `${target}/`], { prefix: SUDO });
    await dropped(cli.child.pid!);
    await toSelf(9098);
    assert.equal((await cli.end).code, 0);
    const paths = [join(own, 'new'), target, join(target, '000001.bin')];
    assert.deepEqual(
      paths.map((path) => statSync(path).uid),
      [USER, USER, USER],
    );
  });

  /** A folder that others have no right to. */
  function closedFolder(uid: number): string {
    const made = mkdtempSync(join(folder, 'closed-'));
    chownSync(made, uid, uid);
    return made;
  }

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

  liveIt('a file is opened as the caller, and then this is root again, whatever became of it', () => {
    const ids = { SUDO_UID: String(USER), SUDO_GID: String(USER) };
    const now = () => [process.geteuid!(), process.getegid!(), process.getgroups!()];
    const before = now();
    Object.assign(process.env, ids);
    try {
      assert.deepEqual(asInvokingUser(now), [USER, USER, [USER]]);
      assert.throws(() => asInvokingUser(() => assert.fail('no')), /no/);
      assert.deepEqual(now(), before);
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

/** Sends back what comes there to the far host, which is quicker to ask than a closed port. */
async function farEcho(port: number): Promise<Disposable> {
  const echo = spawn(...farCommand(process.execPath, [MAIN, 'receive', String(port), '--echo']), { stdio: 'pipe' });
  await once(echo.stderr, 'data');
  return { [Symbol.dispose]: () => echo.kill() };
}

/** A datagram that says `said`, to whoever receives here. */
async function toSelf(port: number): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise((sent) => socket.send('said', port, '127.0.0.1', sent));
  socket.close();
}

/** What the main thread has and no other, where that is not nothing. */
interface Kept {
  /** User and group that files are judged by. */
  readonly files?: number;
  /** Mask of capabilities, and whether what it starts has them too. */
  readonly capabilities?: string;
  readonly inherited?: true;
}

/** Waits until a process has dropped its privileges, thirty seconds at most, in all of its threads. */
async function dropped(pid: number, user = USER, kept: Kept = {}): Promise<void> {
  for (let left = 1500; left > 0; left--, await sleep(20)) {
    if (isDeepStrictEqual(...rightsOf(pid, user, kept))) return;
  }
  assert.deepEqual(...rightsOf(pid, user, kept));
}

/** What all threads of a process have, and what they are to have. */
function rightsOf(
  pid: number,
  user: number,
  { files = user, capabilities = NONE, inherited }: Kept,
): [actual: object, expected: object] {
  const nothing = { Groups: `${user}`, CapInh: NONE, CapPrm: NONE, CapEff: NONE, CapAmb: NONE, NoNewPrivs: '1' };
  const ids = `${user} ${user} ${user}`;
  const threads = threadsOf(pid).flatMap((thread) => {
    const status = statusOf(`${pid}/task/${thread}`);
    if (status === '') return []; // that one has ended meanwhile
    const actual = Object.fromEntries(
      ['Uid', 'Gid', ...Object.keys(nothing)].map((name) => [name, lineOf(status, name)]),
    );
    const passedOn = inherited ? { CapInh: capabilities, CapAmb: capabilities } : { CapInh: capabilities };
    const rights = { Uid: `${ids} ${files}`, Gid: `${ids} ${files}`, CapPrm: capabilities, CapEff: capabilities };
    const others = { Uid: `${ids} ${user}`, Gid: `${ids} ${user}`, ...nothing };
    return [[actual, thread === `${pid}` ? { ...others, ...rights, ...passedOn } : others] as const];
  });
  return [threads.map(([actual]) => actual), threads.length === 0 ? ['a process'] : threads.map(([, want]) => want)];
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function lineOf(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1]?.replaceAll('\t', ' ') ?? '';
}

/** Of a process, or of `PID/task/TID`; empty where there is none any more. */
function statusOf(pid: number | string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
