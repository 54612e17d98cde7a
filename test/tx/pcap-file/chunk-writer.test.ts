import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { ChunkWriter } from '../../../src/tx/pcap-file/chunk-writer.js';
import { turns } from '../../socket/fake-device.js';

/** A stream that takes what is written when it is told to. */
function slowStream() {
  const done: ((error?: Error | null) => void)[] = [];
  const written: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      written.push(chunk.toString('latin1'));
      done.push(callback);
    },
  });
  return { stream, written, done };
}

describe('a writer of chunks', () => {
  it('has two chunks under way at most, and the same ones again', async () => {
    const { stream, written, done } = slowStream();
    const writer = new ChunkWriter(stream);
    await writer.ready(); // at once: none is made yet
    const [one, two] = [writer.take()!, writer.take()!];
    assert.equal(writer.take(), null);
    one.write('first');
    two.write('second');
    writer.put(one, 5);
    writer.put(two, 6);
    let ready = false;
    const waiting = writer.ready().then(() => {
      ready = true;
    });
    await turns(3);
    assert.equal(ready, false);
    done[0]!();
    await waiting;
    await writer.ready();
    assert.equal(writer.take(), one);
    assert.equal(writer.take(), null);
    await turns(3);
    done[1]!();
    await turns(3);
    assert.equal(writer.take(), two);
    assert.deepEqual(written, ['first', 'second']);
    await writer.close(true);
    assert.ok(stream.writableFinished);
  });

  it('waits with close for what is under way, and leaves the stream without its listeners', async () => {
    const { stream, done } = slowStream();
    const before = stream.listenerCount('error') + stream.listenerCount('close');
    const writer = new ChunkWriter(stream);
    writer.put(writer.take()!, 3);
    let closed = false;
    const closing = writer.close(false).then(() => {
      closed = true;
    });
    await turns(3);
    assert.equal(closed, false);
    done[0]!();
    await closing;
    assert.equal(stream.listenerCount('error') + stream.listenerCount('close'), before);
    assert.equal(stream.writableEnded, false);
    stream.destroy(); // and is no failure any more
    await turns(2);
    assert.equal(writer.failure, null);
  });

  it('says what the stream failed with, the first of it, to everybody who waits', async () => {
    const { stream, done } = slowStream();
    const writer = new ChunkWriter(stream);
    for (let times = 0; times < 2; times++) writer.put(writer.take()!, 1);
    const waiting = writer.ready();
    done[0]!(new Error('full'));
    await waiting;
    assert.match(String(writer.failure), /full/);
    await writer.ready(); // nobody waits for a stream that failed
    await assert.rejects(writer.close(true), /full/);
  });

  it('fails with what the end of the stream fails with, or its close', async () => {
    const late = (done: (error: Error) => void): void => void setImmediate(done, new Error('no room at the end'));
    for (const way of [{ final: late }, { destroy: (_error: unknown, done: (error: Error) => void) => late(done) }]) {
      const writer = new ChunkWriter(new Writable({ write: (_chunk, _encoding, done) => done(), ...way }));
      writer.put(writer.take()!, 1);
      await assert.rejects(writer.close(true), /no room at the end/);
    }
  });

  it('takes a stream that somebody destroyed for closed', async () => {
    const { stream } = slowStream();
    const writer = new ChunkWriter(stream);
    for (let times = 0; times < 2; times++) writer.put(writer.take()!, 1);
    const waiting = writer.ready();
    stream.destroy();
    await waiting;
    assert.equal((writer.failure as NodeJS.ErrnoException).code, 'EPIPE');
  });

  it('ends a wait with its signal, and only that', async () => {
    const { stream, done } = slowStream();
    const writer = new ChunkWriter(stream);
    for (let times = 0; times < 2; times++) writer.put(writer.take()!, 1);
    const stop = new AbortController();
    const [ended, other] = [writer.ready(stop.signal), writer.ready()];
    stop.abort(new Error('enough'));
    await assert.rejects(ended, /enough/);
    await assert.rejects(writer.ready(AbortSignal.abort(new Error('before'))), /before/);
    await turns(3);
    done[0]!();
    await other;
  });
});
