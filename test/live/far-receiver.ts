import type { FarReceived, FarReceiver } from '../../src/app/demo/far-receiver.js';

/** The next `count` datagrams, in the order of arrival; rejects when they have not come within `withinMs`. */
export async function takeNext(receiver: FarReceiver, count: number, withinMs = 10_000): Promise<FarReceived[]> {
  const deadline = performance.now() + withinMs;
  const received: FarReceived[] = [];
  while (received.length < count) {
    const one = await receiver.next(deadline - performance.now());
    if (one === null) throw new Error(`${received.length} of ${count} datagrams arrived within ${withinMs} ms`);
    received.push(one);
  }
  return received;
}
