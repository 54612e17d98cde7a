import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installSink } from '../../src/app/bench/sink.js';
import { goes } from './capture-tools.js';
import { describeLive, liveIt } from './in-lab.js';

describeLive('the sink of the benchmark', () => {
  liveIt('leaves no nft(8) behind that installed nothing', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-sink-'));
    const { PATH } = process.env;
    t.after(() => {
      process.env['PATH'] = PATH;
      rmSync(folder, { recursive: true });
    });
    const pidFile = join(folder, 'pid');
    // It reads what it is told, and cannot list tables; tc(8) would drop what other tests of this lab send.
    script(join(folder, 'nft'), `[ "$1" = -i ] && { echo $$ > ${pidFile}; exec cat; }; sleep 0.3; exit 1`);
    script(join(folder, 'tc'), 'exit 1');
    process.env['PATH'] = `${folder}:${PATH}`;
    assert.equal(await installSink(), 'plain');
    assert.ok(existsSync(pidFile), 'it was begun');
    assert.ok(await goes(Number(readFileSync(pidFile, 'utf8'))));
  });
});

function script(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}
