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
