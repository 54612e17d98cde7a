import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BATCH, DatagramBatch } from '../../../src/app/receive/batch.js';
import { Senders } from '../../../src/app/receive/senders.js';
import { openReceiveSocket, type ReceiveSocket } from '../../../src/app/receive/socket.js';
import { ReceiveTally } from '../../../src/app/receive/tally.js';
import { POLLIN } from '../../../src/host/constants.js';
import { Poll } from '../../../src/host/socket-calls.js';
import { makePayload } from '../../../src/payload/generated.js';

/** One datagram as a batch told of it. */
interface Taken {
  readonly octets: Buffer;
  readonly cut: boolean;
  readonly cameAt: number | null;
  readonly source: string;
  readonly firstWrong: number | undefined;
}

describe('datagrams by the batch', () => {
  let socket: ReceiveSocket;
  let sender: Socket;
  before(async () => {
    socket = await openReceiveSocket('::', 0, 1 << 20);
    sender = createSocket('udp4');
    sender.bind(0, '127.0.0.1');
    await once(sender, 'listening');
  });
  after(() => {
    socket[Symbol.dispose]();
    sender.close();
  });

  const send = (payload: Uint8Array): Promise<void> =>
    new Promise((resolve) => sender.send(payload, socket.port, '127.0.0.1', () => resolve()));

  /** Takes `count` datagrams, at most `most` a call; fails after ten seconds. */
  async function take(batch: DatagramBatch, count: number, most = BATCH): Promise<Taken[]> {
    const taken: Taken[] = [];
    const senders = new Senders();
    const deadline = performance.now() + 10_000;
    while (taken.length < count) {
      const here = batch.receive(socket.fd, Math.min(most, count - taken.length));
      for (let i = 0; i < here; i++)
        taken.push({
          octets: Buffer.from(batch.payload(i)),
          cut: batch.isCut(i),
          cameAt: batch.cameAt(i),
          source: senders.of(batch, i).key,
          firstWrong: batch.inspect(i)?.firstWrong,
        });
      assert.ok(performance.now() < deadline, `${taken.length} of ${count} came`);
      if (here === 0) await sleep(1);
    }
    return taken;
  }

  it('have the octets that were sent, of every kind of length, time and sender', async () => {
    const payloads = [0, 1, 15, 16, 17, 1472, 9000, 65_507, 0, 65_507, 2].map((size, i) => makePayload(size, i, i));
    const began = Date.now();
    for (const payload of payloads) await send(payload);
    const taken = await take(new DatagramBatch(), payloads.length, 4);
    for (const [i, { octets, cut, cameAt, source, firstWrong }] of taken.entries()) {
      assert.ok(octets.equals(payloads[i]!), `datagram ${i}`);
      assert.equal(cut, false);
      assert.ok(cameAt !== null && cameAt >= began - 1 && cameAt <= Date.now() + 1, `datagram ${i} came at ${cameAt}`);
      assert.equal(source, `127.0.0.1 ${sender.address().port}`);
      assert.equal(firstWrong, octets.length < 16 ? undefined : -1);
    }
  });

  it('are each their own, though the memory is used again', async () => {
    const batch = new DatagramBatch();
    for (let round = 0; round < 20; round++) {
      // Long ones and short ones take turns in every slot: what is left of a longer one must not show.
      const payloads = Array.from({ length: 9 }, (_, i) =>
        makePayload((i + round) % 2 === 0 ? 5000 : 40, 1, 9 * round + i),
      );
      for (const payload of payloads) await send(payload);
      for (const [i, { octets, firstWrong }] of (await take(batch, 9)).entries()) {
        assert.ok(octets.equals(payloads[i]!), `round ${round}, datagram ${i}`);
        assert.equal(firstWrong, -1);
      }
    }
  });

  it('that are longer than what was taken of them are cut, which is bad', async () => {
    const batch = new DatagramBatch(1000);
    for (const size of [1000, 1001, 5000]) await send(makePayload(size, 1, size));
    await send(Buffer.alloc(2000, 'x'));
    const taken = await take(batch, 4);
    assert.deepEqual(
      taken.map(({ octets, cut }) => [octets.length, cut]),
      [
        [1000, false],
        [1000, true],
        [1000, true],
        [1000, true],
      ],
    );
    const tally = new ReceiveTally();
    const { payload, mismatch } = tally.add(null, 1000, 'a', 0, true);
    assert.deepEqual([payload, mismatch], ['bad', 'datagram cut, only 1000 octets of it were taken']);
    assert.equal(tally.figures.bad, 1);
  });

  it('are waited for no longer once the socket is told so', async () => {
    using other = await openReceiveSocket('127.0.0.1', 0, 1 << 16);
    const waiting = new Poll(other.fd, POLLIN).wait(100);
    other.wake();
    assert.equal(await waiting, true, 'not the end of the time');
  });

  it('are none where none came', () => assert.equal(new DatagramBatch().receive(socket.fd, BATCH), 0));

  it('are so many a call as a cache holds: two of the largest, sixteen small ones', async () => {
    const batch = new DatagramBatch();
    const took = (): [number, boolean] => [batch.receive(socket.fd, 100), batch.isFull];
    for (let i = 0; i < 4; i++) await send(makePayload(65_507, 1, i));
    assert.deepEqual(took(), [4, false], 'what their length is tells the first call');
    for (let i = 0; i < 3; i++) await send(makePayload(65_507, 1, i));
    assert.deepEqual(
      [took(), took()],
      [
        [2, true],
        [1, false],
      ],
    );
    for (let i = 0; i < 20; i++) await send(makePayload(1472, 1, i));
    assert.deepEqual(
      [took(), took(), took()],
      [
        [2, true],
        [16, true],
        [2, false],
      ],
    );
  });

  it('go back as they are, also after some that cannot', async () => {
    const batch = new DatagramBatch();
    const back: Buffer[] = [];
    sender.on('message', (octets) => back.push(octets));
    const payloads = [makePayload(65_507, 1, 1), new Uint8Array(0), makePayload(33, 1, 2)];
    for (const payload of payloads) await send(payload);
    // Over loopback what send() has done lies in the receiving socket.
    assert.equal(batch.receive(socket.fd, 3), 3);
    const deadline = performance.now() + 10_000;
    for (let at = 0; at < 3; ) {
      assert.ok(performance.now() < deadline, `${at} of 3 were sent back`);
      at += Math.max(0, batch.sendBack(socket.fd, at, 3));
    }
    while (back.length < 3 && performance.now() < deadline) await sleep(1);
    assert.deepEqual(
      back.map((one) => one.length),
      [65_507, 0, 33],
    );
    assert.ok(back[0]!.equals(payloads[0]!));
    const [, , third] = [0, 1, 2].map((i) => Buffer.from(batch.payload(i)));
    assert.ok(third!.equals(payloads[2]!), 'what was sent is still what was received');
    // An echo leaves its own lengths in the messages: what comes next has its whole slot and its time again.
    const next = [makePayload(9, 1, 3), makePayload(3000, 1, 4), makePayload(65_507, 1, 5)];
    for (const payload of next) await send(payload);
    for (const [i, { octets, cut, cameAt }] of (await take(batch, 3)).entries()) {
      assert.ok(octets.equals(next[i]!) && !cut && cameAt !== null, `datagram ${i} after the echo`);
    }
  });

  it('that nobody can send back are told of, one by one', () => {
    const batch = new DatagramBatch();
    assert.equal(batch.sendBack(-1, 0, 1), -1);
    assert.throws(() => batch.receive(-1, 1), { code: 'EBADF', syscall: 'recvmmsg' });
  });
});
