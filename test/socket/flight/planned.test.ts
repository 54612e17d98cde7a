import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ERRNO, UfoError } from '../../../src/errors.js';
import { makePayload } from '../../../src/payload/generated.js';
import type { UfoSocket } from '../../../src/socket/socket.js';
import type { FragmentPlan, PlannedFragment } from '../../../src/ufo/plan.js';
import { FakeDevice, fakeSocket } from '../fake-device.js';

const plan = (apply: (fragments: readonly PlannedFragment[]) => readonly PlannedFragment[]): FragmentPlan => ({
  text: 'test',
  apply,
});
const reverse = plan((fragments) => fragments.toReversed());
const offsetOf = (frame: Uint8Array): number =>
  8 * (new DataView(frame.buffer, frame.byteOffset).getUint16(6) & 0x1fff);

describe('a datagram sent by a plan', () => {
  it('that is refused after a pause counts its own fragments, and none of those that shared its batch', async () => {
    const device = new FakeDevice({ zerocopy: false, refuse: (count) => (count === 5 ? ERRNO.EPERM : 0) });
    await using socket = await fakeSocket(device);
    const later = plan((fragments) => fragments.map((one, i) => (i === 2 ? { ...one, delay: 20 } : one)));
    const plain = socket.send(makePayload(4000, 1, 0));
    const planned = socket.send(makePayload(4000, 1, 1), { plan: later });
    await assert.rejects(planned, ({ code, partial }: UfoError) => code === 'EPERM' && partial!.fragmentsSent === 2);
    assert.equal((await plain).fragmentsSent, 3);
  });

  it('goes out in the order of the plan, among others that have none, and holds nothing afterwards', async () => {
    const device = new FakeDevice({ atOnce: 3 });
    await using socket = await fakeSocket(device);
    const plain = socket.send(makePayload(4000, 1, 0));
    const planned = socket.send(makePayload(4000, 1, 1), { plan: reverse });
    const last = socket.send(makePayload(10, 1, 2));
    const result = await planned;
    assert.deepEqual([(await plain).way, (await last).way], ['software-ufo', 'unfragmented']);
    assert.deepEqual(
      [result.way, result.why, result.fragments, result.fragmentsSent, result.octets],
      ['software-ufo', 'cut by the plan test', 3, 3, 4000],
    );
    assert.deepEqual(
      device.seen.map(({ frame }) => offsetOf(frame)),
      [0, 1480, 2960, 2960, 1480, 0, 0],
    );
    assert.deepEqual(
      Buffer.concat(
        device.seen
          .slice(3, 6)
          .toReversed()
          .map(({ frame }) => frame.subarray(20)),
      ).subarray(8),
      Buffer.from(makePayload(4000, 1, 1)),
    );
    assert.equal(device.seen[3]!.skb.pool.foreignPages, 0);
  });

  it('counts what the plan sends: a dropped fragment was not sent, a doubled one twice', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device);
    const drop = plan((fragments) => fragments.slice(1));
    const twice = plan((fragments) => fragments.flatMap((one) => [one, one]));
    const none = plan(() => []);
    const counts = [];
    for (const one of [drop, twice, none])
      counts.push((await socket.send(makePayload(4000, 1, 0), { plan: one })).fragments);
    assert.deepEqual(counts, [2, 6, 0]);
    assert.equal(device.taken, 8);
    const summary = await socket.sendMany([makePayload(4000, 1, 0), makePayload(4000, 1, 1)], { plan: drop });
    assert.deepEqual([summary.datagrams, summary.fragments, summary.failed], [2, 4, 0]);
  });

  it('may have more fragments than a batch has rows', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device);
    const many = plan(([first]) => Array.from({ length: 3000 }, () => first!));
    const { fragments, fragmentsSent } = await socket.send(makePayload(4000, 1, 0), { plan: many });
    assert.deepEqual([fragments, fragmentsSent, device.taken], [3000, 3000, 3000]);
  });

  it('waits as long as the plan says, also in front of the first fragment', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device);
    const times: number[] = [];
    const seen = device.xmit.bind(device);
    device.xmit = (batch, first) => {
      times.push(performance.now());
      return seen(batch, first);
    };
    const slow = plan(([a, b, c]) => [{ ...a!, delay: 40 }, b!, { ...c!, delay: 60 }]);
    const begin = performance.now();
    const { fragmentsSent } = await socket.send(makePayload(4000, 1, 0), { plan: slow });
    assert.equal(fragmentsSent, 3);
    assert.equal(times.length, 2);
    assert.ok(times[0]! - begin >= 39, `first after ${times[0]! - begin} ms`);
    assert.ok(times[1]! - times[0]! >= 59, `last after ${times[1]! - times[0]!} ms`);
  });

  it('ends with its signal while it waits, and says how far it got; the next one goes', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device);
    const controller = new AbortController();
    const slow = plan(([a, b]) => [a!, { ...b!, delay: 60_000 }]);
    const sent = socket.send(makePayload(4000, 1, 0), { plan: slow, signal: controller.signal });
    const next = socket.send(makePayload(10, 1, 1));
    for (const deadline = performance.now() + 10_000; device.taken === 0; await sleep(5)) {
      assert.ok(performance.now() < deadline, 'the first fragment went to no device');
    }
    controller.abort(new Error('enough'));
    await assert.rejects(sent, /enough/);
    assert.equal((await next).fragmentsSent, 1);
    assert.equal(device.taken, 2);
  });

  for (const [how, end] of [
    ['closing', (socket) => socket.close()],
    ["aborting the socket's signal", (_socket, controller) => controller.abort()],
  ] as const satisfies readonly (readonly [string, (socket: UfoSocket, controller: AbortController) => unknown])[]) {
    it(`${how} ends a plan's delay at once, and each datagram says how far it got; what has no plan goes`, async () => {
      const device = new FakeDevice();
      const controller = new AbortController();
      const socket = await fakeSocket(device, { signal: controller.signal });
      const slow = plan(([a, b, c]) => [a!, b!, { ...c!, delay: 60_000 }]);
      const sent = [1, 2].map((sequence) => socket.send(makePayload(4000, 1, sequence), { plan: slow }));
      const plain = socket.send(makePayload(10, 1, 3));
      const told = Promise.allSettled([...sent, plain]);
      for (const deadline = performance.now() + 10_000; device.taken < 2; await sleep(5))
        assert.ok(performance.now() < deadline, 'the first fragments went to no device');
      const began = performance.now();
      void end(socket, controller);
      const [first, second, third] = await told;
      await socket.close();
      assert.ok(performance.now() - began < 30_000);
      const closing = how === 'closing';
      const partialOf = (one: typeof first) => one?.status === 'rejected' && (one.reason as UfoError).partial;
      assert.equal(first?.status === 'rejected' && first.reason.code, 'ERR_SOCKET_DGRAM_NOT_RUNNING');
      assert.match(
        String(first?.status === 'rejected' && first.reason),
        /(closed|aborted); 2 of 3 fragments had gone$/,
      );
      assert.deepEqual(partialOf(first), { ...partialOf(first), fragments: 3, fragmentsSent: 2 });
      // Closing sends what is queued; aborting takes it back.
      assert.equal(second?.status, 'rejected');
      assert.equal(third?.status, closing ? 'fulfilled' : 'rejected');
      assert.equal(device.taken, closing ? 5 : 2);
      assert.equal(device.closed, 1);
    });
  }

  it('fails where a row of it is refused, with what had gone', async () => {
    const device = new FakeDevice({ refuse: (count) => (count === 2 ? ERRNO.EMSGSIZE : 0) });
    await using socket = await fakeSocket(device);
    await assert.rejects(socket.send(makePayload(4000, 1, 0), { plan: reverse }), (error) => {
      assert.ok(error instanceof UfoError);
      assert.equal(error.code, 'EMSGSIZE');
      assert.deepEqual([error.partial?.fragments, error.partial?.fragmentsSent], [3, 2]);
      return true;
    });
    assert.equal(device.seen[0]!.skb.pool.foreignPages, 0);
  });

  it("copies the caller's pages, says so, and leaves nothing charged where the plan throws", async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device, { sendBufferSize: 1 });
    const pages = await socket.allocPages(4000);
    const { sent, completed } = socket.sendPages(pages, { plan: reverse });
    await sent;
    assert.deepEqual(await completed, { zerocopy: false });
    const bad = plan(() => {
      throw new RangeError('mine');
    });
    await assert.rejects(socket.send(makePayload(4000, 1, 0), { plan: bad }), /mine/);
    // a budget of one datagram: nothing would go any more
    assert.equal((await socket.send(makePayload(4000, 1, 0))).fragmentsSent, 3);
  });

  it('is refused by a device that leaves headers to the kernel, and nothing stays charged', async () => {
    const device = Object.assign(new FakeDevice(), { writesHeaders: false });
    await using socket = await fakeSocket(device, { sendBufferSize: 1 });
    await assert.rejects(socket.send(makePayload(4000, 1, 0), { plan: reverse }), { code: 'ERR_UFO_UNSUPPORTED' });
    assert.equal((await socket.send(makePayload(4000, 1, 0))).way, 'kernel-ip');
  });
});
