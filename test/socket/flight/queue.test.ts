import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Datagram } from '../../../src/socket/flight/datagram.js';
import { DatagramQueue } from '../../../src/socket/flight/queue.js';

/** What the queue looks at of a datagram. */
function datagram(signal?: AbortSignal): Datagram {
  return { signal } as unknown as Datagram;
}

/** A signal that tells how many listen. */
function counted() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners += 1;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners -= 1;
    removeEventListener.apply(signal, args);
  };
  return { controller, signal, listeners: () => listeners };
}

describe('the queue of datagrams', () => {
  it('listens to a signal once, however many have it, and no longer than one of them waits', () => {
    const { signal, listeners } = counted();
    const queue = new DatagramQueue(() => assert.fail('nothing was withdrawn'));
    for (let times = 0; times < 3; times++) queue.push(datagram(signal));
    queue.push(datagram());
    assert.deepEqual([queue.length, listeners()], [4, 1]);
    queue.shift();
    queue.shift();
    assert.equal(listeners(), 1);
    queue.shift();
    assert.equal(listeners(), 0);
    queue.push(datagram(signal));
    assert.equal(listeners(), 1);
    assert.equal(queue.shift().signal, undefined);
    queue.shift();
    assert.deepEqual([queue.length, listeners()], [0, 0]);
  });

  it('hands those over whose signal is aborted, and no others, in their order', () => {
    const withdrawn: Datagram[] = [];
    const queue = new DatagramQueue((one) => withdrawn.push(one));
    const [one, other] = [counted(), counted()];
    const mine = [datagram(one.signal), datagram(one.signal), datagram(one.signal)];
    const theirs = [datagram(other.signal), datagram()];
    queue.push(mine[0]!);
    queue.push(theirs[0]!);
    queue.push(mine[1]!);
    queue.push(theirs[1]!);
    queue.push(mine[2]!);
    assert.equal(queue.shift(), mine[0]);
    one.controller.abort();
    assert.deepEqual(withdrawn, mine.slice(1));
    assert.deepEqual([queue.peek(), queue.length], [theirs[0], 2]);
    assert.equal(queue.shift(), theirs[0]);
    assert.equal(other.listeners(), 0);
    assert.equal(queue.shift(), theirs[1]);
    assert.equal(queue.peek(), undefined);
  });
});
