import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { runTool } from '../../src/host/run-tool.js';
import { Cli, type CliEnd, MAIN, runCli } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

const CUT = ['segment', '--source', '192.0.2.1:1', '--destination', '192.0.2.2:9', '--size', '60000'];
const SEND = ['send', '192.0.2.2:9', '--size', '60000', '--count', '20'];
/** More than the small disk holds. */
const MANY = ['--count', '20'];

describeLive('a disk that is full', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ufo-full-'));
  const disk = join(folder, 'disk');
  const capture = join(folder, 'many.pcap');
  before(async () => {
    mkdirSync(disk);
    await runTool('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    assert.equal((await runCli([...CUT, ...MANY, '-w', capture])).code, 0);
  });
  after(async () => {
    await runTool('umount', [disk]);
    rmSync(folder, { recursive: true });
  });

  const outputs: readonly (readonly [what: string, words: readonly string[]])[] = [
    ['segment -w', [...CUT, ...MANY, '-w']],
    ['send --pcap', [...SEND, '--dry-run', '--pcap']],
    ['send --save', [...SEND.slice(0, 2), '--size', '100', '--count', '2000', '--save']],
    ['a long send --save', ['send', '192.0.2.2:9', '--size', '100', '--duration', '300s', '--save']],
    ['verify --html', ['verify', '-r', capture, '--html']],
    ['reassemble -o', ['reassemble', '-r', capture, '-o']],
  ];
  for (const [what, words] of outputs) {
    const toFile = what !== 'reassemble -o';
    if (toFile) liveIt(`${what} /dev/full: ENOSPC, exit 3`, async () => refused(await runCli([...words, '/dev/full'])));
    if (what === 'verify --html') continue; // a page of that is smaller than the disk
    liveIt(`${what} on a small disk: ENOSPC, exit 3, and no temporary file`, async () => {
      refused(await runCli([...words, join(disk, 'out')]));
      assert.deepEqual(
        readdirSync(disk).filter((name) => name.endsWith('.part')),
        [],
      );
      rmSync(join(disk, 'out'), { recursive: true, force: true });
    });
  }

  for (const target of ['/dev/full', join(disk, 'received'), `${join(disk, 'folder')}/`]) {
    liveIt(
      `receive -o ${target === '/dev/full' ? target : 'on a small disk'}: ends at once, with what came until then`,
      async () => {
        const receiver = new Cli(['receive', '9099', '-o', target, '--json']); // no --count, no --timeout
        await receiver.lines(1);
        await runCli(['send', '192.0.2.1:9099', '--size', '60000', '--count', '20', '--driver', 'kernel-udp']);
        const end = await receiver.end;
        refused(end);
        assert.ok(end.lines.some((line) => line.startsWith('{"type":"summary"')));
        rmSync(join(disk, 'received'), { force: true });
        rmSync(join(disk, 'folder'), { recursive: true, force: true });
      },
    );
  }

  const shown: readonly (readonly [words: readonly string[], RegExp])[] = [
    [[...SEND, '--verify'], /20 of 20 datagrams proven right/],
    [['replay', capture, '-i', 'near0', '--driver', 'raw-socket', '--rate', '20000', '--verify'], /near0.*: good/],
    [['verify', '-i', 'lo', '--duration', '100ms'], /0 good/],
    [['path', '127.0.0.1', '--fast', '--pmtu'], /127\.0\.0\.1/],
  ];
  for (const [words, result] of shown)
    liveIt(`${words[0]} --html /dev/full: the result is told, then ENOSPC, exit 3`, async () => {
      const end = await runCli([...words, '--html', '/dev/full']);
      refused(end);
      assert.match(end.lines.join('\n'), result);
    });

  for (const words of [[], ['--queues', '2']])
    liveIt(
      `send --verify -w on a small disk, ${words.length === 0 ? 'one sender' : 'two'}: ENOSPC, exit 3`,
      async () => {
        const end = await runCli([...SEND, ...words, '--verify', '-w', join(disk, 'sent.pcap')]);
        refused(end);
        assert.match(end.lines.join('\n'), /20 datagrams, 1,200,000 octets[\s\S]*the capture broke off: write ENOSPC/);
        rmSync(join(disk, 'sent.pcap'), { force: true });
      },
    );

  liveIt('capture -w /dev/full: ENOSPC, exit 3', async () => {
    const seen = new Cli(['capture', '-i', 'near0', '-w', '/dev/full', '--duration', '10s']);
    const sent = new Promise((resolve) => seen.child.stderr!.once('data', resolve)).then(() => runCli(SEND)); // capturing
    refused(await seen.end, '/dev/full');
    assert.equal((await sent).code, 0);
  });

  liveIt('capture -w on a small disk: what was lost is said, exit 3', async () => {
    const seen = new Cli(['capture', '-i', 'near0', '-w', join(disk, 'seen.pcapng'), '--duration', '10s']);
    const sent = new Promise((resolve) => seen.child.stderr!.once('data', resolve)).then(() => runCli(SEND)); // capturing
    refused(await seen.end);
    assert.equal((await sent).code, 0);
    rmSync(join(disk, 'seen.pcapng'), { force: true });
  });

  for (const words of [
    [...CUT, '-w', '/dev/null', '--json'],
    ['verify', '-r', capture, '--json'],
    SEND,
    ['doctor', '--json'],
    ['plan', 'list'],
    ['--help'],
  ]) {
    liveIt(`${words[0]} > /dev/full: ENOSPC, exit 3`, () => {
      const script = '"$@" > /dev/full';
      const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', process.execPath, MAIN, ...words], {
        encoding: 'utf8',
        timeout: 30_000,
      });
      refused({ code: status, signal: null, lines: [], stderr }, 'standard output');
    });
  }

  for (const words of [
    ['verify', '-r', capture, '--json'],
    ['verify', '-r', capture],
    ['plan', 'list'],
    [...SEND, '--json', '--rate', '50/s'],
  ]) {
    liveIt(
      `${words.slice(0, 2).join(' ')} into a pipe whose reader goes after a line: nothing on stderr, exit 0 or 4`,
      async () => {
        const cli = new Cli(words);
        await cli.lines(1);
        cli.child.stdout!.destroy();
        const { code, signal, stderr } = await cli.end;
        assert.ok(code === 0 || code === 4, `${code} ${signal}: ${stderr}`);
        assert.doesNotMatch(stderr, /udp-ufo|Warning|EPIPE/);
      },
    );
  }
});

/** Told as it is: by the call, the file and a hint, and never as a bug of ours. */
function refused({ code, signal, stderr }: CliEnd, file = ''): void {
  const hint = '(no room: .*make room, or name a file|the disk with .* is full)';
  assert.match(stderr, new RegExp(`write ENOSPC ${file}.*\n *${hint}`));
  assert.doesNotMatch(stderr, /\n\s+at |a bug of/);
  assert.equal(code, 3, `${code ?? signal}: ${stderr}`);
}
