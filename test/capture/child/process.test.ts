import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import '../../../src/entry/programs.js';
import { openCapture } from '../../../src/capture/open-capture.js';

const folder = mkdtempSync(join(tmpdir(), 'capture-child-'));
after(() => rmSync(folder, { recursive: true }));

let scripts = 0;
/** Opens a capture whose child is `script` (with `say`, `fs` and `frames(n)` at hand) instead of the real one. */
function openWith(script: string, more: { signal?: AbortSignal } = {}) {
  const entry = join(folder, `child${scripts++}.cjs`);
  writeFileSync(entry, `${PRELUDE}${script}`);
  return openCapture({ interface: 'none0', entry, ...more });
}
const PRELUDE = `
const fs = require('node:fs');
const say = (message) => fs.writeSync(1, JSON.stringify(message) + '\\n');
const header = Buffer.alloc(24); header.writeUInt32LE(0xa1b23c4d, 0); header.writeUInt16LE(2, 4); header.writeUInt16LE(4, 6); header.writeUInt32LE(65535, 16); header.writeUInt32LE(1, 20);
const frames = (n) => { for (let i = 0; i < n; i++) { const b = Buffer.alloc(16 + 100, i); b.fill(0, 0, 16); b.writeUInt32LE(100, 8); b.writeUInt32LE(100, 12); fs.writeSync(3, b); } };
const stopped = (then) => process.stdin.once('data', then);
`;
const READY = `fs.writeSync(3, header); say({ type: 'ready', linktype: 1 });`;

async function count(capture: AsyncIterable<readonly unknown[]>): Promise<number> {
  let frames = 0;
  for await (const batch of capture) frames += batch.length;
  return frames;
}

describe('capture child', () => {
  it('delivers after close what came before and with the stop, and the last figures', async () => {
    const capture = await openWith(`${READY} frames(3);
      stopped(() => { frames(2); say({ type: 'end', received: 5, lost: 7 }); process.exit(0); });`);
    await capture.close();
    await capture.close();
    assert.deepEqual(await capture.stats(), { received: 5, lost: 7 });
    assert.equal(await count(capture), 5);
  });

  it('rejects with what the child says kept it from capturing', async () => {
    const failed = openWith(
      `say({ type: 'failed', code: 'EPERM', message: 'socket EPERM', errno: -1, syscall: 'socket', hint: 'sudo' });`,
    );
    await assert.rejects(failed, { code: 'EPERM', errno: -1, syscall: 'socket', hint: 'sudo' });
  });

  it('rejects when the child ends before it is ready', async () => {
    await assert.rejects(openWith(`console.error('no such thing'); process.exitCode = 3;`), {
      code: 'ERR_UFO_CAPTURE_DIED',
      message: 'the capture process on none0 ended with code 3: no such thing',
    });
  });

  it('throws out of the iteration when the child is killed, after the frames it had', async () => {
    const capture = await openWith(`${READY} frames(2); process.kill(process.pid, 'SIGKILL');`);
    let frames = 0;
    await assert.rejects(
      async () => {
        for await (const batch of capture) frames += batch.length;
      },
      { code: 'ERR_UFO_CAPTURE_DIED', message: /killed by SIGKILL/ },
    );
    assert.equal(frames, 2);
    assert.equal((await capture.stats()).lost, null);
    await capture.close();
  });

  it("takes cap's assertion for the interface going down", async () => {
    const script = "console.error('Assertion `status == 0\\' failed.'); process.kill(process.pid, 'SIGABRT');";
    const capture = await openWith(`${READY} ${script}`);
    await assert.rejects(count(capture), { code: 'ENETDOWN', path: 'none0' });
  });

  it('skips lines that are no messages', async () => {
    const capture = await openWith(`console.log('hello'); console.log('{"a":'); ${READY}
      stopped(() => { say({ type: 'end', received: 0, lost: 0 }); process.exit(0); });`);
    await capture.close();
    assert.equal(await count(capture), 0);
  });

  it('kills a child that does not stop, within the bound', async () => {
    const capture = await openWith(`${READY} setInterval(() => {}, 1000);`);
    const start = performance.now();
    await capture.close();
    assert.ok(performance.now() - start < 4_000);
    await assert.rejects(count(capture), { code: 'ERR_UFO_CAPTURE_DIED' });
  });

  it('ends with the reason of an abort', async () => {
    const abort = new AbortController();
    const capture = await openWith(`${READY} setInterval(() => {}, 1000);`, { signal: abort.signal });
    const counted = count(capture);
    abort.abort(new Error('enough'));
    await assert.rejects(counted, { message: 'enough' });
    await assert.rejects(openWith(READY, { signal: abort.signal }), { message: 'enough' });
  });

  it('says which command could not be started', async () => {
    await assert.rejects(openCapture({ interface: 'lo', spawnPrefix: ['/nonexistent/nsenter'] }), {
      code: 'ENOENT',
      path: '/nonexistent/nsenter',
    });
  });

  it('refuses an engine it does not have', async () => {
    await assert.rejects(openCapture({ interface: 'lo', engine: 'tcpdump' as 'cap' }), {
      code: 'ERR_UFO_INVALID_ARGUMENT',
      message: /^engine: /,
    });
  });
});
