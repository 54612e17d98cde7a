import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureParts } from '../../../../src/app/bench/parts/parts.js';

const PLAN = { quick: true, ms: 1, fileDatagrams: 1, onStep: () => {} };

test('a part that breaks down is named, and the ones behind it are timed', async () => {
  const onStep = (name: string): void => {
    if (name === 'checksum') throw new Error('the clock has stopped');
  };
  const { signal } = new AbortController();
  const { parts, failures } = await measureParts(['checksum', 'segment'], { ...PLAN, signal, onStep });
  assert.deepEqual(
    failures.map(({ name, error }) => [name, String(error)]),
    [['checksum', 'Error: the clock has stopped']],
  );
  assert.ok(parts.length > 0);
});

test('who ends the benchmark gets no failure of a part instead', async () => {
  const end = new AbortController();
  const onStep = (): void => end.abort(new Error('Ctrl-C'));
  await assert.rejects(measureParts(['checksum', 'segment'], { ...PLAN, signal: end.signal, onStep }), /Ctrl-C/);
});
