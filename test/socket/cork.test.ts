import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePayload } from '../../src/payload/generated.js';
import { NETIF_F_HW_CSUM, NETIF_F_SG, NETIF_F_UFO } from '../../src/skb/features.js';
import { FakeDevice, fakeSocket } from './fake-device.js';

const UFO = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_UFO;

describe('cork and uncork', () => {
  it('join several writes into one datagram, copied when written, its way chosen once', async () => {
    const device = new FakeDevice({ features: UFO });
    await using socket = await fakeSocket(device);
    const payload = makePayload(30_000, 1, 1);
    socket.cork();
    socket.cork();
    const scratch = new Uint8Array(10_000);
    const parts: Promise<unknown>[] = [];
    for (let at = 0; at < 30_000; at += 10_000) {
      scratch.set(payload.subarray(at, at + 10_000));
      parts.push(socket.send([scratch.subarray(0, 1), scratch.subarray(1)]));
    }
    scratch.fill(0);
    const result = await socket.uncork();
    assert.deepEqual([result.way, result.octets, result.fragments], ['kernel-ufo', 30_000, 21]);
    assert.ok((await Promise.all(parts)).every((one) => one === result));
    assert.equal(device.seen.length, 1);
    assert.deepEqual(device.seen[0]!.frame.subarray(28), payload);
    // The next one is an ordinary datagram again.
    assert.equal((await socket.send(new Uint8Array(3))).octets, 3);
  });

  it('refuse a part beyond 65,507 octets and keep those before', async () => {
    await using socket = await fakeSocket(new FakeDevice());
    socket.cork();
    const part = socket.send(new Uint8Array(65_000));
    await assert.rejects(socket.send(new Uint8Array(508)), { code: 'EMSGSIZE' });
    void socket.send(new Uint8Array(507));
    assert.equal((await socket.uncork()).octets, 65_507);
    assert.equal((await part).octets, 65_507);
    await using socket6 = await fakeSocket(new FakeDevice(), { type: 'udp6' });
    socket6.cork();
    void socket6.send(new Uint8Array(65_527));
    assert.equal((await socket6.uncork()).octets, 65_527);
  });

  it('refuse options for a part, other sends, and uncork without anything', async () => {
    await using socket = await fakeSocket(new FakeDevice());
    await assert.rejects(socket.uncork(), { code: 'ERR_UFO_NOT_CORKED' });
    using pages = await socket.allocPages(10);
    socket.cork();
    await assert.rejects(
      socket.send(new Uint8Array(1), { port: 5 }),
      /to\.port: got "a value", want nothing while corked/,
    );
    assert.throws(() => socket.sendPages(pages), { code: 'ERR_UFO_CORKED' });
    await assert.rejects(socket.sendMany([new Uint8Array(1)]), { code: 'ERR_UFO_CORKED' });
    await assert.rejects(socket.uncork(), { code: 'ERR_UFO_NOT_CORKED', message: /nothing was sent/ });
  });

  it('stay where uncork is told what it does not know: a misspelt address is no way to this host', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device);
    socket.cork();
    const part = socket.send(new Uint8Array(3));
    const misspelt: object = { adress: '192.0.2.9' };
    await assert.rejects(socket.uncork(misspelt), {
      message: /adress.*uncork has none/,
      hint: /did you mean `address`/,
    });
    assert.equal(device.seen.length, 0);
    void socket.send(new Uint8Array(4));
    assert.equal((await socket.uncork()).octets, 7);
    assert.equal((await part).octets, 7);
  });

  it('stay whatever is wrong with what uncork is told', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device);
    socket.disconnect();
    socket.cork();
    const part = socket.send(new Uint8Array(3));
    const address = '192.0.2.9';
    for (const to of [
      {},
      { address },
      { port: 0 },
      { port: 65_536 },
      { port: 'x' },
      { port: 9, address: 5 },
      { port: 9, address, ident: 0 },
      { port: 9, address, ident: 70_000 },
      { port: 9, address, plan: 'reverse' },
      { port: 9, address, signal: {} },
    ]) {
      await assert.rejects(socket.uncork(to as object), { code: 'ERR_UFO_INVALID_ARGUMENT' }, JSON.stringify(to));
    }
    assert.equal((await socket.uncork({ address, port: 9 })).octets, 3);
    assert.equal((await part).octets, 3);
    assert.equal(device.seen.length, 1);
  });

  it('fail all parts with uncork, where that is aborted or the device refuses', async () => {
    const device = new FakeDevice({ refuse: () => 100 });
    await using socket = await fakeSocket(device);
    const errors: unknown[] = [];
    socket.on('error', (error) => errors.push(error));
    socket.cork();
    const parts = [socket.send(new Uint8Array(1)), socket.send(new Uint8Array(2))];
    await assert.rejects(socket.uncork({ signal: AbortSignal.abort(new Error('enough')) }), /enough/);
    for (const part of parts) await assert.rejects(part, /enough/);
    socket.cork();
    void socket.send(new Uint8Array(1));
    await assert.rejects(socket.uncork(), { code: 'ENETDOWN' });
    assert.deepEqual(errors, [], 'a part nobody waits for is no second failure');
  });

  it('fail where the socket is closed in between', async () => {
    const socket = await fakeSocket(new FakeDevice());
    socket.cork();
    const part = socket.send(new Uint8Array(1));
    await socket.close();
    await assert.rejects(part, { code: 'ERR_SOCKET_DGRAM_NOT_RUNNING' });
    await assert.rejects(socket.uncork(), { code: 'ERR_UFO_NOT_CORKED' });
    assert.throws(() => socket.cork(), { code: 'ERR_SOCKET_DGRAM_NOT_RUNNING' });
  });
});
