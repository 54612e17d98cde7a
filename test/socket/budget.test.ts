import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { inspectPayload, makePayload } from '../../src/payload/generated.js';
import { FakeDevice, fakeSocket, turns } from './fake-device.js';

const sequences = (device: FakeDevice): (number | undefined)[] =>
  device.seen.map(({ frame }) => inspectPayload(frame.subarray(28))?.sequence);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('the send budget', () => {
  it('makes sends wait, and serves them in order', async () => {
    const device = new FakeDevice();
    device.full = true;
    await using socket = await fakeSocket(device, { sendBufferSize: 16_384 });
    const sends = upTo(300).map((i) => socket.send(makePayload(500 + i, 1, i)));
    await turns(5);
    assert.equal(device.seen.length, 0);
    device.open();
    await Promise.all(sends);
    assert.deepEqual(sequences(device), upTo(300));
  });

  it('keeps the order where pages run out, also of large ones before small ones', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device, { poolPages: 24, sendBufferSize: 1 << 20 });
    const held = await socket.allocPages(4 * 4096);
    const sends = upTo(60).map((i) => socket.send(makePayload(i % 3 === 0 ? 1400 : 17, 1, i)));
    const large = [60, 61].map((i) => socket.send(makePayload(60_000, 1, i)));
    const small = upTo(40).map((i) => socket.send(makePayload(17, 1, 62 + i)));
    await Promise.all([...sends, ...large, ...small]);
    held[Symbol.dispose]();
    const firsts = device.seen.filter(({ frame }) => (new DataView(frame.buffer).getUint16(6) & 0x1fff) === 0);
    assert.deepEqual(
      firsts.map(({ frame }) => new DataView(frame.buffer).getUint32(28 + 8)),
      upTo(102),
    );
  });

  it('says ENOMEM where waiting would be for ever', async () => {
    await using socket = await fakeSocket(new FakeDevice(), { poolPages: 8 });
    const held = await socket.allocPages(8 * 4096);
    await assert.rejects(socket.send(new Uint8Array(100)), { code: 'ENOMEM', hint: /dispose pages/ });
    await assert.rejects(socket.allocPages(1), { code: 'ENOMEM' });
    held[Symbol.dispose]();
    await socket.send(new Uint8Array(100));
  });

  it('fails with EAGAIN where asked not to block, and tells when there is room', async () => {
    const device = new FakeDevice();
    device.full = true;
    await using socket = await fakeSocket(device, { sendBufferSize: 8_192 });
    const now = { nonBlocking: true };
    const first = [socket.send(makePayload(500, 1, 0), now), socket.send(makePayload(500, 1, 1), now)];
    await assert.rejects(socket.send(makePayload(500, 1, 2), now), { code: 'EAGAIN', hint: /drain/ });
    await assert.rejects(socket.send(makePayload(500, 1, 3), now), { code: 'EAGAIN' });
    let drains = 0;
    socket.on('drain', () => drains++);
    const drained = once(socket, 'drain');
    device.open();
    await drained;
    await Promise.all([...first, socket.send(makePayload(500, 1, 2), now)]);
    assert.equal(drains, 1);
    device.full = true;
    const second = [socket.send(makePayload(500, 1, 3), now), socket.send(makePayload(500, 1, 4), now)];
    await assert.rejects(socket.send(makePayload(500, 1, 5), now), { code: 'EAGAIN' });
    const again = once(socket, 'drain');
    device.open();
    await Promise.all([again, ...second]);
    assert.deepEqual(sequences(device), [0, 1, 2, 3, 4]);
  });

  it('fails with EAGAIN where pages are on their way back', async () => {
    const device = new FakeDevice();
    device.full = true;
    await using socket = await fakeSocket(device, { poolPages: 2, sendBufferSize: 1 << 20 });
    const sends = [socket.send(makePayload(50, 1, 0)), socket.send(makePayload(50, 1, 1))];
    await assert.rejects(socket.send(makePayload(50, 1, 2), { nonBlocking: true }), { code: 'EAGAIN' });
    device.open();
    await Promise.all(sends);
    await socket.send(makePayload(50, 1, 2), { nonBlocking: true });
  });

  it('refuses what no datagram carries before it takes any memory', async () => {
    await using socket = await fakeSocket(new FakeDevice({ features: 0 }), { poolPages: 40 });
    await assert.rejects(socket.send(new Uint8Array(65_508)), { code: 'EMSGSIZE' });
    await assert.rejects(socket.send(new Uint8Array(10_000_000)), { code: 'EMSGSIZE', hint: /at most 65507/ });
    assert.equal((await socket.send(new Uint8Array(65_507))).fragments, 45);
  });

  it('takes 20,000 concurrent sends, and copies no message before there is room for it', async () => {
    const device = new FakeDevice({ forgets: true });
    await using socket = await fakeSocket(device);
    const message = makePayload(60_000, 1, 0); // 1.2 GB, were it copied at once
    collect();
    const before = process.memoryUsage();
    const sends = upTo(20_000).map((i) => socket.send(i % 100 === 0 ? message : message.subarray(0, 100)));
    await turns(2);
    collect();
    const during = process.memoryUsage();
    assert.ok(during.arrayBuffers - before.arrayBuffers < 1 << 20, 'payloads were copied');
    const each = (during.heapUsed - before.heapUsed) / sends.length;
    assert.ok(each < 8192, `${each} octets of bookkeeping a send`);
    await Promise.all(sends);
    assert.equal(device.taken, 200 * 41 + 19_800);
  });
});
