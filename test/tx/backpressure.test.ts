import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRNO } from '../../src/errors.js';
import { Backpressure, GrowingPause } from '../../src/tx/backpressure.js';

describe('a pause after ENOBUFS', () => {
  it('doubles from one millisecond to sixteen, and begins anew after what was taken', () => {
    const pause = new GrowingPause();
    assert.equal(pause.ms, 0);
    const grown = Array.from({ length: 7 }, () => {
      pause.grow();
      return pause.ms;
    });
    assert.deepEqual(grown, [1, 2, 4, 8, 16, 16, 16]);
    pause.end();
    assert.equal(pause.ms, 0);
    pause.grow();
    assert.equal(pause.ms, 1);
  });

  it('is what a wait is then, and not otherwise: poll(2) tells of the socket itself', async () => {
    const backpressure = new Backpressure();
    const closed = -1; // poll(2) passes over it, and would wait for its whole time
    for (let times = 0; times < 4; times++) backpressure.note(-ERRNO.ENOBUFS);
    const began = performance.now();
    await backpressure.wait(closed);
    assert.ok(performance.now() - began >= 7);
    backpressure.note(1);
    await assert.rejects(backpressure.wait(closed, AbortSignal.abort(new Error('enough'))), /enough/);
    backpressure.note(-ERRNO.ENOBUFS);
    const stop = new AbortController();
    const waiting = backpressure.wait(closed, stop.signal);
    stop.abort(new Error('no more'));
    await assert.rejects(waiting);
  });
});
