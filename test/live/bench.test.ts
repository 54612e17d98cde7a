import assert from 'node:assert/strict';
import { runTool } from '../../src/host/run-tool.js';
import { MAIN } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

interface Line {
  readonly type: string;
  readonly [field: string]: unknown;
}

describeLive('udp-ufo bench', () => {
  liveIt('times a driver whose fragments were looked at, both families, and prints one object a line', async () => {
    const lines = await benchLines('packet-socket');
    assert.equal(lines[0]?.type, 'host');
    checkResults(lines, [
      { name: 'packet-socket', family: 4, size: 65_507, fault: null, rounds: 3 },
      { name: 'packet-socket', family: 4, size: 1472, fault: null, rounds: 3 },
      { name: 'packet-socket', family: 6, size: 65_527, fault: null, rounds: 3 },
    ]);
    assert.ok(lines.some(({ type, reached }) => type === 'goal' && reached === null));
  });

  liveIt('times the command line as a user calls it', async () => {
    const lines = await benchLines('send:packet-socket');
    checkResults(lines, [{ name: 'send:packet-socket', family: 4, size: 1472, fault: null, rounds: 3 }]);
  });
});

/** In a lab of its own inside this one, so that its sink drops nothing of the other tests. */
async function benchLines(only: string): Promise<Line[]> {
  const words = ['lab', '--', process.execPath, MAIN, 'bench', '--quick', '--only', only, '--json'];
  const text = await runTool(process.execPath, [MAIN, ...words], { timeoutMs: 55_000 });
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

function checkResults(lines: readonly Line[], want: readonly object[]): void {
  const results = lines.filter(({ type }) => type === 'result');
  assert.deepEqual(
    results.map(({ name, family, size, fault, rounds }) => ({ name, family, size, fault, rounds })),
    want,
  );
  for (const { bitsPerSecond, packetsPerSecond, lostShare, toC } of results) {
    assert.ok(Number(bitsPerSecond) > 0 && Number(packetsPerSecond) > 0);
    assert.ok(Number(lostShare) >= 0 && Number(lostShare) < 1);
    assert.equal(toC, null, 'its yardstick did not take part');
  }
}
