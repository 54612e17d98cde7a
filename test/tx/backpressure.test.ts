import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
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
    const { fd, close } = alwaysWritable();
    const waited = async (): Promise<number> => {
      const began = performance.now();
      await backpressure.wait(fd);
      return performance.now() - began;
    };
    // Whatever the machine does: none of many waits is shorter than its pause, and one without a pause is.
    const shortest = async (): Promise<number> => {
      const waits: number[] = [];
      for (let times = 0; times < 20; times++) waits.push(await waited());
      return Math.min(...waits);
    };
    for (let times = 0; times < 5; times++) backpressure.note(-ERRNO.ENOBUFS);
    assert.ok((await shortest()) >= 15);
    backpressure.note(1);
    assert.ok((await shortest()) < 15);
    backpressure.note(-ERRNO.ENOBUFS);
    const stop = new AbortController();
    const waiting = backpressure.wait(fd, stop.signal);
    stop.abort(new Error('no more'));
    await assert.rejects(waiting);
    await assert.rejects(backpressure.wait(fd, AbortSignal.abort(new Error('before'))), /before/);
    close();
  });
});

/** A descriptor that poll(2) says at once of that it can be written to. */
function alwaysWritable(): { fd: number; close: () => void } {
  const fd = openSync('/dev/null', 'w');
  return { fd, close: () => closeSync(fd) };
}
