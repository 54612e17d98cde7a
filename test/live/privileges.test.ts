import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, type TestContext } from 'node:test';
import { capture } from '../../src/app/capture/capture.js';
import { createOutput, type Output } from '../../src/app/common/output.js';
import { verifyLive } from '../../src/app/verify/live.js';
import { ownProcess } from '../../src/host/drop-privileges.js';
import { LAB } from '../../src/host/lab.js';
import { captureChildren } from './capture-tools.js';
import { describeLive, liveIt } from './in-lab.js';

type Begin = (output: Output, signal: AbortSignal) => Promise<unknown>;

describeLive('privileges that cannot be given up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-privileges-'));
  after(() => rmSync(folder, { recursive: true }));
  ownProcess(); // as a command's

  const plain = { interface: LAB.near.interface, json: false };
  const commands: readonly (readonly [string, Begin])[] = [
    ['capture', (...of) => capture(plain, ...of)],
    ['capture -w', (...of) => capture({ ...plain, write: join(folder, 'seen.pcap') }, ...of)],
    ['verify -i', (...of) => verifyLive(plain, ...of)],
  ];
  for (const [name, begin] of commands) {
    liveIt(`end ${name}, and its capture with it`, async (t) => {
      refusePrivileges(t);
      const { signal } = new AbortController();
      await assert.rejects(begin(createOutput(new PassThrough(), new PassThrough()), signal), /setresuid/);
      assert.deepEqual(captureChildren(), []);
      assert.deepEqual(readdirSync(folder), []);
    });
  }
});

/** From when something captures: that is when they are given up. */
function refusePrivileges(t: TestContext): void {
  const geteuid = process.geteuid!;
  t.after(() => {
    process.geteuid = geteuid;
  });
  process.geteuid = () => {
    if (captureChildren().length > 0) throw new Error('setresuid EAGAIN');
    return geteuid();
  };
}
