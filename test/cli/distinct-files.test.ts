import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { type NamedFile, requireDistinct } from '../../src/app/common/distinct-files.js';
import { type Command, optionName } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { MAIN } from '../live/cli.js';
import { runHere } from './fixture.js';

/** What each command needs besides its files. */
const BESIDES: Readonly<Record<string, readonly string[]>> = {
  send: ['192.0.2.2:9', '--dry-run'],
  segment: ['--source', '192.0.2.1:1', '--destination', '192.0.2.2:2'],
  receive: ['9'],
  capture: ['--interface', 'lo'],
  path: ['192.0.2.2'],
  conform: ['192.0.2.2:9'],
};

/** Files that cannot be left out, but for the ones that a case is about. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  segment: ['pcap'],
  replay: ['file'],
  reassemble: ['read'],
};

const root = mkdtempSync(join(tmpdir(), 'distinct-files-'));
after(() => rmSync(root, { recursive: true }));
let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
  path = join(folder, 'mine');
  writeFileSync(path, 'mine');
});

describe('an output of a command', () => {
  for (const command of COMMANDS) {
    const files = Object.entries({ ...command.positionals, ...command.options }).filter(([, { opens }]) => opens);
    for (const [at, [key, { opens }]] of files.entries()) {
      for (const [other, { opens: otherOpens }] of files.slice(at + 1)) {
        const together = !command.exclusive.some((set) => set.includes(key) && set.includes(other));
        if (!together || (opens === 'input' && otherOpens === 'input')) continue;
        it(`is no other file of it: ${command.name}, ${key} and ${other}`, () => isRefused(command, key, other));
      }
    }
  }

  it('says of every file option whether it is read or written', () => {
    for (const { name, options, positionals } of COMMANDS) {
      for (const [key, { completes, opens }] of Object.entries({ ...options, ...positionals })) {
        assert.equal(completes === 'file', opens !== undefined, `${name} ${key}`);
      }
    }
  });
});

async function isRefused(command: Command, ...keys: readonly [string, string]): Promise<void> {
  const words = (key: string, file: string): string[] =>
    key in command.positionals ? [file] : [optionName(key, command.options[key]!), file];
  const given = keys.flatMap((key) => words(key, path));
  const rest = (REQUIRED[command.name] ?? []).filter((key) => !keys.includes(key));
  const others = rest.flatMap((key) => words(key, join(folder, key)));
  const { code, stderr } = await runHere(
    [command.name, ...(BESIDES[command.name] ?? []), ...given, ...others],
    COMMANDS,
  );
  assert.match(stderr, /mine is the file that (is read|--[\w-]+ writes)/);
  assert.equal(code, 2);
  assert.equal(readFileSync(path, 'utf8'), 'mine');
  assert.deepEqual(readdirSync(folder), ['mine']);
}

describe('requireDistinct', () => {
  const input = (file: string): NamedFile => ({ by: '--in', path: file, opens: 'input' });
  const output = (file: string, by = '--out'): NamedFile => ({ by, path: file, opens: 'output' });
  const refused = (...files: NamedFile[]) => assert.rejects(requireDistinct(files), { code: 'ERR_UFO_USAGE' });

  it('knows a file by every name', async () => {
    linkSync(path, join(folder, 'hard'));
    symlinkSync('mine', join(folder, 'soft'));
    mkdirSync(join(folder, 'deep'));
    for (const name of ['hard', 'soft', 'deep/../mine', './mine']) {
      await refused(output(`${folder}/${name}`), input(path));
      await refused(output(path), output(`${folder}/${name}`, '--other'));
    }
  });

  it('knows a file that is not there yet by its place', async () => {
    mkdirSync(join(folder, 'deep'));
    symlinkSync('deep', join(folder, 'also'));
    symlinkSync('also/new', join(folder, 'dangling'));
    for (const name of ['also/new', 'dangling', 'deep/../deep/new']) {
      await refused(output(join(folder, 'deep', 'new')), output(`${folder}/${name}`, '--other'));
    }
    await requireDistinct([output(join(folder, 'deep', 'new')), output(join(folder, 'deep', 'newer'), '--other')]);
  });

  it('lets several names stand for one device or pipe, and one file be read twice', async () => {
    assert.equal(spawnSync('mkfifo', [join(folder, 'fifo')]).status, 0);
    for (const name of ['/dev/null', join(folder, 'fifo')]) {
      await requireDistinct([input(name), output(name), output(name, '--other')]);
    }
    await requireDistinct([input(path), input(path), output(join(folder, 'new'))]);
  });

  it('leaves to the opening what is not there to be read, or cannot be made', async () => {
    const [missing, nowhere] = [join(folder, 'none'), join(folder, 'none', 'x')];
    await requireDistinct([input(missing), output(missing)]);
    await requireDistinct([output(nowhere), output(nowhere, '--other')]);
  });
});

describe('a file by its descriptor', () => {
  const FLOW = ['segment', '--source', '192.0.2.1:1', '--destination', '192.0.2.2:2'];
  const shell = (redirect: string, ...words: string[]): ReturnType<typeof spawnSync> =>
    spawnSync('bash', ['-c', `"$0" "$@" ${redirect}`, process.execPath, MAIN, ...words], { encoding: 'utf8' });

  it('is the file that stands behind it', () => {
    for (const [redirect, words] of [
      [`< ${path}`, [...FLOW, '--pcap', path]],
      [`< ${path}`, ['verify', '-r', '-', '--html', path]],
      [`3< ${path}`, ['verify', '-r', '/dev/fd/3', '--html', path]],
      [`3>> ${path}`, [...FLOW, '--size', '9', '--pcap', '/dev/fd/3', '--save', path]],
      [`>> ${path}`, [...FLOW, '--size', '9', '--pcap', '-', '--save', path]],
    ] as const) {
      const { status, stderr } = shell(redirect, ...words);
      assert.match(String(stderr), /is the file that/, `${redirect} ${words.join(' ')}`);
      assert.equal(status, 2);
      assert.equal(readFileSync(path, 'utf8'), 'mine');
    }
  });

  it('of a folder of payloads may be the capture itself', () => {
    const capture = join(folder, 'datagram-000001.bin');
    assert.equal(shell('', ...FLOW, '--size', '9', '--pcap', capture).status, 0);
    const before = readFileSync(capture);
    const { status, stderr } = shell('', 'reassemble', '-r', capture, '-o', folder);
    assert.match(String(stderr), /--output: .* is the file that is read/);
    assert.equal(status, 2);
    assert.deepEqual(readFileSync(capture), before);
  });
});
