import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insideLab } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { runCli } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

describeLive('the start of send', () => {
  liveIt('asks ip once for the way out, and once more where it writes the MAC of the next hop', async () => {
    const { near, far } = insideLab()!;
    const folder = await mkdtemp(join(tmpdir(), 'udp-ufo-start-'));
    try {
      const log = join(folder, 'calls');
      const real = (await runTool('sh', ['-c', 'command -v ip'])).trim();
      await writeFile(join(folder, 'ip'), `#!/bin/sh\necho call >>${log}\nexec ${real} "$@"\n`);
      await chmod(join(folder, 'ip'), 0o755);
      await runTool(real, ['neigh', 'replace', far.ipv4, 'lladdr', far.mac, 'dev', near.interface]);
      const prefix = ['env', `PATH=${folder}:${process.env['PATH']}`];
      for (const [driver, most] of Object.entries({
        'raw-socket': 1,
        'kernel-udp': 1,
        'packet-socket': 2,
        'af-xdp': 2,
      })) {
        await writeFile(log, '');
        await runCli(['send', `${far.ipv4}:9999`, '--size', '3000', '--driver', driver], { prefix });
        const calls = (await readFile(log, 'utf8')).split('\n').length - 1;
        assert.equal(calls, most, driver);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
