import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { abortable } from '../../../src/socket/waiting/abortable.js';

describe('waiting that can be aborted', () => {
  const never = new Promise<never>(() => {});
  const reason = new Error('enough');

  it('ends with the reason, aborted before or meanwhile', async () => {
    await assert.rejects(abortable(never, AbortSignal.abort(reason)), reason);
    const controller = new AbortController();
    const waiting = abortable(never, controller.signal);
    controller.abort(reason);
    await assert.rejects(waiting, reason);
  });

  it('ends as the promise does, and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    assert.equal(await abortable(Promise.resolve(5), signal), 5);
    await assert.rejects(abortable(Promise.reject(reason), signal), reason);
    await Promise.resolve();
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    assert.equal(await abortable(Promise.resolve(5)), 5);
  });
});
