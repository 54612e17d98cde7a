import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { OutputClosedError } from '../../../src/app/common/exit-codes.js';
import { createOutput } from '../../../src/app/common/output.js';
import { ERRNO } from '../../../src/errors.js';

describe('output', () => {
  it('writes lines and objects, bigints as numbers where exact', async () => {
    const stream = new PassThrough();
    const output = createOutput(stream);
    await output.line('a');
    await output.json({ octets: 5n, nanoseconds: 2n ** 60n });
    assert.equal(stream.read()?.toString(), 'a\n{"octets":5,"nanoseconds":"1152921504606846976"}\n');
  });

  it('makes the writer wait for a slow reader', async () => {
    const stream = new PassThrough({ highWaterMark: 4 });
    const output = createOutput(stream);
    const wait = output.line('0123456789');
    assert.ok(wait instanceof Promise);
    const early = await Promise.race([wait.then(() => 'written'), new Promise((r) => setImmediate(r, 'waiting'))]);
    assert.equal(early, 'waiting');
    stream.resume();
    await wait;
  });

  it('ends the work when the reader goes', async () => {
    const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => setImmediate(done, broken) });
    const output = createOutput(stream);
    const wait = output.line('nobody reads this');
    await assert.rejects(async () => wait, OutputClosedError);
    assert.ok(output.signal.aborted);
    assert.throws(() => output.line('more'), OutputClosedError);
    await output.end();
  });

  it('tells a full disk from a reader that went', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC', errno: -ERRNO.ENOSPC });
    const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => setImmediate(done, full) });
    await assert.rejects(async () => createOutput(stream).line('x'), {
      ...{ code: 'ENOSPC', syscall: 'write', message: 'write ENOSPC standard output' },
      hint: 'no room: what could be written before is there; make room, or name a file on another disk',
    });
  });

  it('steps aside for a file: results go to stderr, which makes them wait and may close', async () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough({ highWaterMark: 16 })];
    const output = createOutput(stdout, stderr);
    output.stepAside();
    await output.line('a');
    await output.json({ b: 1 });
    assert.equal(stderr.read()?.toString(), 'a\n{"b":1}\n');
    const wait = output.line('longer than it takes');
    assert.ok(wait instanceof Promise);
    stderr.destroy(new Error('write EPIPE'));
    await wait;
    assert.equal(output.line('nobody reads this'), undefined);
    assert.equal(stdout.read(), null);
  });

  it('survives a closed stderr', () => {
    const stderr = new PassThrough();
    const output = createOutput(new PassThrough(), stderr);
    stderr.emit('error', new Error('write EPIPE'));
    output.note('nobody hears this');
    assert.equal(output.signal.aborted, false);
  });
});
