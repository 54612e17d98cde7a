import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  linkSync,
  lstatSync,
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
import { after, beforeEach, describe, it } from 'node:test';
import { OutputFile } from '../../src/host/output-file.js';

const root = mkdtempSync(join(tmpdir(), 'output-file-'));
after(() => rmSync(root, { recursive: true }));

/** How a process ends that writes `body` under that name, so many octets of it: 9 where the name is refused as not open. */
async function inShell(line: string, name: string, len?: number): Promise<number | null> {
  const url = new URL('../../src/host/output-file.js', import.meta.url).href;
  const octets = len === undefined ? "Buffer.from('body\\n')" : `Buffer.alloc(${len})`;
  const script = `import { OutputFile } from '${url}';
    const file = await OutputFile.open('${name}').catch(({ code }) => process.exit(code === 'EBADF' ? 9 : 1));
    await file.write(${octets});
    await file.finish();`;
  const words = ['-c', line, process.execPath, '--input-type=module', '-e', script];
  const [code] = await once(spawn('bash', words, { stdio: ['ignore', 'ignore', 'inherit'] }), 'exit');
  return code;
}

/** The descriptors among the first thirty that are taken for a user's. */
async function acceptedOf(line: string, report: string): Promise<number[]> {
  const url = new URL('../../src/host/output-descriptor.js', import.meta.url).href;
  const script = `import { checkDescriptor } from '${url}';
    const accepts = (fd) => { try { checkDescriptor(fd, ''); return true; } catch { return false; } };
    console.log(JSON.stringify([...Array(30).keys()].filter(accepts)));`;
  const words = ['-c', line, process.execPath, '--input-type=module', '-e', script];
  await once(spawn('bash', words, { stdio: ['ignore', 'ignore', 'inherit'] }), 'exit');
  return JSON.parse(readFileSync(report, 'utf8'));
}

describe('a file that a user named', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = mkdtempSync(join(root, 'case-'));
    path = join(folder, 'keep');
    writeFileSync(path, 'kept', { mode: 0o640 });
  });
  const contents = () => readFileSync(path, 'utf8');
  const names = () => readdirSync(folder);

  it('stays as it was where the work fails before anything is written', async () => {
    {
      await using file = await OutputFile.open(path);
      assert.equal(file.replaces, true);
      assert.equal(contents(), 'kept');
    }
    assert.equal(contents(), 'kept');
    assert.deepEqual(names(), ['keep'], 'nothing is left beside it');
  });

  it('is replaced with the first octets, and grows from then on', async () => {
    await using file = await OutputFile.open(path);
    await file.write(Buffer.from('one '));
    assert.equal(contents(), 'one ');
    await file.write(Buffer.from('two'));
    await file.finish();
    assert.equal(contents(), 'one two');
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.deepEqual(names(), ['keep']);
  });

  it('becomes empty where the work has succeeded without an octet', async () => {
    await using file = await OutputFile.open(path);
    await file.finish();
    assert.equal(contents(), '');
  });

  it('keeps what was written where the work fails afterwards', async () => {
    {
      await using file = await OutputFile.open(path);
      await file.write(Buffer.from('so far'));
    }
    assert.equal(contents(), 'so far');
  });

  it('is found behind symbolic links, which stay, dangling ones too', async () => {
    mkdirSync(join(folder, 'deep'));
    symlinkSync('../keep', join(folder, 'deep', 'link'));
    symlinkSync('deep/new', join(folder, 'dangling'));
    for (const [name, target] of [
      ['deep/link', path],
      ['dangling', join(folder, 'deep', 'new')],
    ] as const) {
      await using file = await OutputFile.open(join(folder, name));
      await file.write(Buffer.from(name));
      await file.finish();
      assert.ok(lstatSync(join(folder, name)).isSymbolicLink());
      assert.equal(readFileSync(target, 'utf8'), name);
    }
  });

  it('is written over in its place where it has several names', async () => {
    const other = join(folder, 'other');
    linkSync(path, other);
    await using file = await OutputFile.open(path);
    assert.equal(readFileSync(other, 'utf8'), 'kept');
    await file.write(Buffer.from('new'));
    await file.finish();
    assert.equal(readFileSync(other, 'utf8'), 'new');
  });

  it('is named as the user did when it cannot be opened', async () => {
    const missing = join(folder, 'none', 'x');
    await assert.rejects(OutputFile.open(missing), { code: 'ENOENT', syscall: 'open', path: missing });
    await assert.rejects(OutputFile.open(folder), { code: 'EISDIR', syscall: 'open', path: folder });
    symlinkSync('loop', join(folder, 'loop'));
    await assert.rejects(OutputFile.open(join(folder, 'loop')), { code: 'ELOOP' });
    await assert.rejects(OutputFile.open(join(folder, 'x'.repeat(300))), { code: 'ENAMETOOLONG' });
  });

  it('is not replaced where it may not be written', async () => {
    chmodSync(path, 0o400);
    const root = process.geteuid!() === 0; // who may write anything
    if (root) chmodSync(folder, 0o755);
    if (root) process.seteuid!(65_534);
    try {
      await assert.rejects(OutputFile.open(path), { code: 'EACCES', path });
    } finally {
      if (root) process.seteuid!(0);
    }
  });

  it('tells of a full disk at the write that met it', async () => {
    await using file = await OutputFile.open('/dev/full');
    await assert.rejects(file.write(Buffer.from('x')), { code: 'ENOSPC', syscall: 'write', path: '/dev/full' });
  });

  it('is written where its descriptor stands, which stays open', async () => {
    const link = join(folder, 'link');
    symlinkSync('/dev/fd/3', link);
    for (const [name, redirect] of [
      ['/dev/fd/3', `3> ${path}`],
      ['/proc/self/fd/3', `3>> ${path}`],
      [link, `3<> ${path}`],
      ['/dev/stderr', `2> ${path}`],
      ['/dev/stdout', `> ${path}`],
    ] as const) {
      writeFileSync(path, '');
      const number = redirect.match(/^\d/)?.[0] ?? '1';
      const line = `(echo HEAD >&${number}; "$0" "$@"; echo TAIL >&${number}) ${redirect}`;
      assert.equal(await inShell(line, name), 0);
      assert.equal(contents(), 'HEAD\nbody\nTAIL\n', `${name} ${redirect}`);
    }
  });

  it('is refused by a descriptor that is not open to be written, or that is one of Node itself', async () => {
    const read = join(folder, 'read');
    assert.equal(await inShell(`"$0" "$@" 3< ${path}`, '/dev/fd/3'), 9);
    for (const fd of await acceptedOf(`"$0" "$@" > ${read}`, read)) assert.ok(fd < 3, `descriptor ${fd}`);
    assert.deepEqual((await acceptedOf(`"$0" "$@" > ${read} 5>> ${path}`, read)).at(-1), 5);
    assert.equal(contents(), 'kept');
  });

  it('may be a pipe by its descriptor, whose reader is late', async () => {
    const large = 1_000_000;
    for (const [kind, read] of [
      ['pipe', `"$0" "$@" 3>&1 >/dev/null | (sleep 1; wc -c) > ${path}`],
      [
        'fifo',
        `"$0" "$@" 3> >(sleep 1; wc -c > ${path}); wait $!; for i in {1..50}; do [ -s ${path} ] && break; sleep .1; done`,
      ],
    ] as const) {
      writeFileSync(path, '');
      assert.equal(await inShell(read, '/dev/fd/3', large), 0);
      assert.equal(Number(contents()), large, kind);
    }
  });

  it('takes a name of 255 octets', async () => {
    const long = join(folder, 'y'.repeat(255));
    await using file = await OutputFile.open(long);
    await file.finish();
    assert.equal(readFileSync(long, 'utf8'), '');
  });

  it('may be a pipe, whose reader is waited for', async () => {
    const fifo = join(folder, 'fifo');
    await once(spawn('mkfifo', [fifo]), 'exit');
    await assert.rejects(OutputFile.open(fifo, AbortSignal.timeout(100)), { name: /Timeout|Abort/ });
    const opening = OutputFile.open(fifo);
    const reader = spawn('cat', [fifo], { stdio: ['ignore', 'pipe', 'inherit'] });
    const read = reader.stdout.toArray();
    await using file = await opening;
    assert.equal(file.replaces, false);
    const large = Buffer.alloc(300_000, 7);
    await file.write(large);
    await file.finish();
    assert.deepEqual(Buffer.concat(await read), large);
    assert.ok(lstatSync(fifo).isFIFO());
  });

  it('leaves nothing behind when the process ends in the middle', async () => {
    const url = new URL('../../src/host/output-file.js', import.meta.url).href;
    const script = `const { OutputFile } = await import('${url}'); await OutputFile.open('${path}'); process.exit(3);`;
    const [code] = await once(
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }),
      'exit',
    );
    assert.equal(code, 3);
    assert.deepEqual([names(), contents()], [['keep'], 'kept']);
  });
});
