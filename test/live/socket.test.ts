import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before } from 'node:test';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { makePayload } from '../../src/payload/generated.js';
import { sha256 } from '../../src/payload/sha256.js';
import { createSocket } from '../../src/socket/socket.js';
import { takeNext } from './far-receiver.js';
import { describeLive, liveIt } from './in-lab.js';

const { near, far } = LAB;
const DRIVERS = ['raw-socket', 'packet-socket', 'virtio-ufo', 'af-xdp', 'kernel-udp', 'auto'] as const;

describeLive('the socket', () => {
  let receiver: FarReceiver;
  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    receiver = await FarReceiver.start();
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await setLabMtu(1500);
  });

  for (const driver of DRIVERS) {
    for (const type of ['udp4', 'udp6'] as const) {
      liveIt(`delivers copies, pages, buffers by address, corked parts and streams: ${driver}, ${type}`, async () => {
        await using socket = createSocket({ type, driver });
        await socket.connect(receiver.port, type === 'udp4' ? far.ipv4 : far.ipv6);
        const payloads = [0, 1, 2, 3, 4, 5].map((i) => makePayload([100, 65_507, 9_000, 4_097, 20_000, 1][i]!, 3, i));
        const [copy, paged, foreign, corked, ...stream] = payloads as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
        await socket.send(copy);
        using pages = await socket.allocPages(paged.length);
        pages.write(paged);
        await socket.sendPages(pages).completed;
        await socket.send([foreign.subarray(0, 60), foreign.subarray(60)], { zerocopy: true });
        socket.cork();
        void socket.send(corked.subarray(0, 4000));
        void socket.send(corked.subarray(4000));
        await socket.uncork();
        const { datagrams } = await socket.sendMany(stream);
        assert.equal(datagrams, 2);
        const { port } = await socket.address();
        assert.deepEqual(
          await takeNext(receiver, 6),
          payloads.map((payload) => ({ length: payload.length, sha256: sha256(payload), port })),
        );
      });
    }
  }

  liveIt('learns of a smaller MTU by one failure, then cuts smaller', async () => {
    await setLabMtu(1500);
    await using socket = createSocket({ type: 'udp4', driver: 'packet-socket' });
    await socket.connect(receiver.port, far.ipv4);
    assert.equal((await socket.send(makePayload(20_000, 1, 0))).gsoSize, 1480);
    await takeNext(receiver, 1);
    await setLabMtu(1300);
    const results = await Promise.allSettled([1, 2, 3].map((i) => socket.send(makePayload(20_000, 1, i))));
    for (const result of results) {
      if (result.status === 'rejected') assert.equal((result.reason as { code: string }).code, 'EMSGSIZE');
    }
    const result = await socket.send(makePayload(20_000, 1, 4));
    assert.equal(result.gsoSize, 1280);
    await takeNext(receiver, 1 + results.filter(({ status }) => status === 'fulfilled').length);
    await setLabMtu(1500);
  });

  liveIt('fails with ENETDOWN, completes the pages, and goes on when the link is up again', async () => {
    await using socket = createSocket({ type: 'udp4', driver: 'packet-socket' });
    await socket.connect(receiver.port, far.ipv4);
    using pages = await socket.allocPages(5_000);
    await runTool('ip', ['link', 'set', near.interface, 'down']);
    const { sent, completed } = socket.sendPages(pages);
    await assert.rejects(sent, { code: 'ENETDOWN', hint: /up/ });
    assert.deepEqual(await completed, { zerocopy: false });
    await runTool('ip', ['link', 'set', near.interface, 'up']);
    await setLabMtu(1500);
    await pinNeighbours();
    pages.write(makePayload(5_000, 1, 9));
    await socket.sendPages(pages).sent;
    assert.equal((await takeNext(receiver, 1))[0]!.sha256, sha256(makePayload(5_000, 1, 9)));
  });

  liveIt('hears what ICMP says, as an error event', async () => {
    await using socket = createSocket({ type: 'udp4' });
    await socket.connect(7, far.ipv4);
    const heard = once(socket, 'error', { signal: AbortSignal.timeout(3000) });
    await socket.send(makePayload(100, 1, 1));
    const [error] = (await heard) as [{ code: string }];
    assert.equal(error.code, 'ECONNREFUSED');
  });
});
