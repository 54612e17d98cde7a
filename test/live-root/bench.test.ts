import assert from 'node:assert/strict';
import { runTool } from '../../src/host/run-tool.js';
import { MAIN } from '../live/cli.js';
import { liveIt } from '../live/in-lab.js';
import { describeInRootLab } from './in-root-lab.js';

describeInRootLab('udp-ufo bench of xdp-live', () => {
  liveIt('times it by the stack, and over a wire whose far end takes redirected frames, where it arrives', async () => {
    const bench = [process.execPath, MAIN, 'bench', '--quick', '--only', 'xdp-live', '--json'];
    const text = await runTool(process.execPath, [MAIN, 'lab', '--real-root', '--', ...bench], {
      timeoutMs: 55_000,
    });
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const results = lines.filter(({ type }) => type === 'result');
    assert.deepEqual(
      results.map(({ sink, fault }) => ({ sink, fault })),
      ['far', 'redirect'].map((sink) => ({ sink, fault: null })),
    );
    // What is redirected to an end that does not want it vanishes, all of it.
    for (const { lostShare } of results) assert.ok(Number(lostShare) < 0.5, `lost: ${String(lostShare)}`);
  });
});
