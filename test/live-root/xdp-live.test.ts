import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';
import { ERRNO } from '../../src/errors.js';
import { farCommand, LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { sha256 } from '../../src/payload/sha256.js';
import { openXdpLive, type XdpLiveOptions } from '../../src/tx/xdp-live/xdp-live.js';
import { FAMILIES, fragmentsOf } from '../live/delivery.js';
import { takeNext } from '../live/far-receiver.js';
import { HandMade, makeFlow, payloadOf } from '../live/hand-made.js';
import { itCarriesReusedPages } from '../live/reused-pages.js';
import { sendRows } from '../live/send-rows.js';
import { watchFar } from '../live/watch-far.js';
import { setFarGro } from './far-gro.js';
import { describeInRootLab } from './in-root-lab.js';

const { near, far } = LAB;
/** Locally administered; whoever it is, nobody looks. */
const SOMEBODY = Uint8Array.of(2, 0x55, 0x46, 0x4f, 0, 2);

const open = (made: HandMade, more: Partial<XdpLiveOptions> = {}) =>
  openXdpLive({ interface: near.interface, pool: made.pool, ...more });

/** One datagram of one packet, as rows of `made`. */
function onePacket(made: HandMade, linkHeader: Uint8Array, len: number, mtu = 1500): void {
  made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader, mtu }), payload: payloadOf(len, 0) });
}

describeInRootLab('xdp-live', () => {
  let receiver: FarReceiver;
  before(async () => {
    receiver = await FarReceiver.start();
    await setLabMtu(1500);
    await pinNeighbours();
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await setFarGro(false);
    await setLabMtu(1500);
  });

  for (const way of ['redirect', 'pass'] as const) {
    for (const { family, source, destination, largest } of FAMILIES) {
      for (const foreign of [false, true]) {
        it(`${way}, IPv${family}, ${foreign ? 'foreign' : 'pool'} pages: the far socket reads the same octets`, async () => {
          await setFarGro(way === 'redirect');
          const made = new HandMade();
          await using device = await open(made, { liveWay: way });
          const linkHeader = await device.linkHeader(makeFlow(source, destination, receiver.port));
          const flow = makeFlow(source, destination, receiver.port, { linkHeader });
          const payloads = [0, 1, 1500, 8192, largest].map((len, i) => payloadOf(len, i));
          payloads.forEach((payload, i) => {
            made.pushFragments({ flow, payload, foreign, ident: 100 + i });
          });
          const frames = payloads.reduce((sum, { length }) => sum + fragmentsOf(flow, length), 0);
          await using watch = await watchFar(family, frames);
          await sendRows(device, made);
          assert.equal(await watch.frames(), frames);
          const received = await takeNext(receiver, payloads.length);
          assert.deepEqual(
            received,
            payloads.map((payload) => ({ length: payload.length, sha256: sha256(payload), port: 1111 })),
          );
        });
      }
    }
  }

  itCarriesReusedPages('xdp-live', () => setFarGro(true));

  it('refuses to redirect where frames would vanish, with the reason', async () => {
    await setFarGro(false);
    await assert.rejects(open(new HandMade(), { liveWay: 'redirect' }), {
      code: 'ERR_UFO_UNSUPPORTED',
      message: /would vanish on near0: .*no NDO_XMIT/,
    });
  });

  it('takes the way by the stack once the interface takes no redirected frames any more', async () => {
    await setFarGro(true);
    const made = new HandMade();
    await using device = await open(made);
    assert.match(device.notes.join(), /redirected to near0/);
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    const flow = makeFlow(near.ipv4, far.ipv4, receiver.port, { linkHeader });
    made.pushFragments({ flow, payload: payloadOf(20_000, 1) });
    await setFarGro(false);
    await sendRows(device, made);
    assert.equal((await takeNext(receiver, 1))[0]!.length, 20_000);
  });

  it('says EOPNOTSUPP instead where only redirecting was asked for', async () => {
    await setFarGro(true);
    const made = new HandMade();
    await using device = await open(made, { liveWay: 'redirect', destinationMac: SOMEBODY });
    onePacket(made, await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9)), 100);
    await setFarGro(false);
    assert.equal(device.xmit(made, 0), -ERRNO.EOPNOTSUPP);
  });

  it('refuses an MTU that no live frame holds, and says which it holds', async () => {
    await setLabMtu(9000);
    await assert.rejects(open(new HandMade()), {
      code: 'ERR_UFO_UNSUPPORTED',
      message: /the MTU of near0 is 9000: a live frame must fit a page, and holds 3\d{3} octets/,
    });
    await setLabMtu(1500);
  });

  it('says EMSGSIZE for a frame longer than the MTU of now, and ENETDOWN without a link or a carrier', async () => {
    await pinNeighbours();
    const made = new HandMade();
    await using device = await open(made, { destinationMac: SOMEBODY });
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    onePacket(made, linkHeader, 1400);
    onePacket(made, linkHeader, 1600, 3000);
    assert.equal(device.xmit(made, 0), 1);
    assert.equal(device.xmit(made, 1), -ERRNO.EMSGSIZE);
    await setLabMtu(1300);
    assert.equal(device.xmit(made, 0), -ERRNO.EMSGSIZE);
    await setLabMtu(1500);
    await runTool(...farCommand('ip', ['link', 'set', far.interface, 'down']));
    // the kernel tells of a lost carrier within a second (link_watch)
    for (let waited = 0; waited < 3000 && device.xmit(made, 0) > 0; waited += 20) await sleep(20);
    assert.equal(device.xmit(made, 0), -ERRNO.ENETDOWN);
    await runTool(...farCommand('ip', ['link', 'set', far.interface, 'up']));
    await runTool('ip', ['link', 'set', near.interface, 'down']);
    assert.equal(device.xmit(made, 0), -ERRNO.ENETDOWN);
    await runTool('ip', ['link', 'set', near.interface, 'up']);
    await setLabMtu(1500);
  });

  it('leaves rows as they were, and nothing behind when it is closed', async () => {
    const made = new HandMade();
    const free = made.pool.freePages;
    const device = await open(made, { destinationMac: SOMEBODY });
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    const flow = makeFlow(near.ipv4, far.ipv4, 9, { linkHeader });
    made.pushFragments({ flow, payload: payloadOf(5000, 1), foreign: true });
    const before = [...made.table.headOffset.subarray(0, 4), ...made.table.headLen.subarray(0, 4)];
    await sendRows(device, made);
    assert.deepEqual([...made.table.headOffset.subarray(0, 4), ...made.table.headLen.subarray(0, 4)], before);
    await device.close();
    assert.equal(made.pool.freePages, free - 1, 'all but the head of the one skb');
    assert.doesNotMatch(await runTool('ip', ['link']), /udp-ufo\d/);
  });
});
