import '../../../../src/entry/programs.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanwhile } from '../../../../src/app/bench/parts/meanwhile.js';

test('a command that fails while something is timed says why', async () => {
  const { signal } = new AbortController();
  const words = ['capture', '-i', 'no-such-interface', '--json'];
  const nothing = async (): Promise<void> => undefined;
  await assert.rejects(meanwhile(words, signal, nothing), {
    code: 'ERR_UFO_BENCH',
    message: /udp-ufo capture ended without a summary: \{"type":"error".*\nudp-ufo capture: .*no-such-interface/,
  });
});
