import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { ERRNO } from '../../../src/errors.js';
import type { RawSocketWrap } from '../../../src/tx/raw-socket/module.js';
import { RawSocketWait } from '../../../src/tx/raw-socket/wait.js';

class FakeWrap extends EventEmitter implements RawSocketWrap {
  armed = 0;
  watching = false;
  send(): void {}
  setOption(): void {}
  getOption(): number {
    return 0;
  }
  close(): void {}
  pause(_recv: boolean, send: boolean): void {
    this.watching = !send;
    if (!send) this.armed += 1;
  }
}

describe('waiting for a raw socket', () => {
  const setup = () => {
    const wrap = new FakeWrap();
    let purged = 0;
    const wait = new RawSocketWait(wrap, () => {
      purged += 1;
    });
    return { wrap, wait, purged: () => purged };
  };

  it('after EAGAIN watches the socket until it can be written, and no longer', async () => {
    const { wrap, wait } = setup();
    wait.note(-ERRNO.EAGAIN);
    const both = Promise.all([wait.wait(), wait.wait()]);
    assert.equal(wrap.watching, true);
    wrap.emit('sendReady');
    await both;
    assert.equal(wrap.watching, false);
  });

  it('does not wait for ever where nothing is heard', async () => {
    const { wrap, wait } = setup();
    const start = performance.now();
    await wait.wait();
    const took = performance.now() - start;
    assert.ok(took >= 95 && took < 1000, `${took} ms`);
    assert.equal(wrap.watching, false);
  });

  it('after ENOBUFS pauses, longer each time, and watches nothing', async () => {
    const { wrap, wait } = setup();
    const pauses: number[] = [];
    for (let i = 0; i < 6; i++) {
      wait.note(-ERRNO.ENOBUFS);
      const start = performance.now();
      await wait.wait();
      pauses.push(performance.now() - start);
    }
    assert.equal(wrap.armed, 0);
    // 1 + 2 + 4 + 8 + 16 + 16; a loaded machine makes them longer, and a timer may be up to 1 ms early.
    const sum = pauses.reduce((total, pause) => total + pause);
    assert.ok(sum >= 47 - 6 && pauses[5]! >= 15, String(pauses));
  });

  it('on POLLERR empties the error queue, and pauses before the next try', async () => {
    const { wrap, wait, purged } = setup();
    const first = wait.wait();
    wrap.emit('error');
    await first;
    assert.equal(purged(), 1);
    let over = false;
    const second = wait.wait().then(() => {
      over = true;
    });
    await Promise.resolve();
    assert.equal(over, false);
    await second;
    assert.equal(wrap.armed, 1);
  });

  it('rejects with the reason of the signal, before and during the wait', async () => {
    const { wrap, wait } = setup();
    const reason = new Error('enough');
    await assert.rejects(wait.wait(AbortSignal.abort(reason)), reason);
    const abort = new AbortController();
    const pending = wait.wait(abort.signal);
    abort.abort(reason);
    await assert.rejects(pending, reason);
    assert.equal(wrap.watching, false);
  });
});
