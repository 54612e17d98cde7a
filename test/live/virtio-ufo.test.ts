import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';
import { ERRNO } from '../../src/errors.js';
import { activeFeatures } from '../../src/host/device-features.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { sha256 } from '../../src/payload/sha256.js';
import { openVirtioUfo } from '../../src/tx/packet/virtio-ufo.js';
import { FAMILIES, itDelivers } from './delivery.js';
import { takeNext } from './far-receiver.js';
import { HandMade, makeFlow, payloadOf } from './hand-made.js';
import { describeLive } from './in-lab.js';
import { sendRows } from './send-rows.js';
import { watchFar } from './watch-far.js';

const { near, far } = LAB;
const device = () => openVirtioUfo({ interface: near.interface });

describeLive('virtio-ufo', () => {
  let receiver: FarReceiver;
  before(async () => {
    receiver = await FarReceiver.start();
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await setLabMtu(1500);
  });

  itDelivers({
    receiver: () => receiver,
    open: async () => ({ device: await device(), made: new HandMade() }),
    push: (made, datagram) =>
      made.pushWhole(datagram, (datagram.flow.mtu - (datagram.flow.family === 4 ? 20 : 48)) & ~7),
  });

  it('takes both families in one call', async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    await using ufo = await device();
    const made = new HandMade();
    const payload = payloadOf(30_000, 3);
    for (const { source, destination } of FAMILIES) {
      const linkHeader = await ufo.linkHeader(makeFlow(source, destination, 9));
      made.pushWhole({ flow: makeFlow(source, destination, receiver.port, { linkHeader }), payload }, 1448);
    }
    assert.equal(ufo.xmit(made, 0), 2);
    const one = { length: payload.length, sha256: sha256(payload), port: 1111 };
    assert.deepEqual(await takeNext(receiver, 2), [one, one]);
  });

  it('sends frames that are cut already as they are', async () => {
    await using ufo = await device();
    const made = new HandMade();
    const linkHeader = await ufo.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    const payload = payloadOf(30_000, 4);
    made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, receiver.port, { linkHeader }), payload });
    await sendRows(ufo, made);
    assert.deepEqual(await takeNext(receiver, 1), [{ length: 30_000, sha256: sha256(payload), port: 1111 }]);
  });

  it('cuts behind a VLAN tag', async () => {
    const vlans = [{ tpid: 0x8100, tci: 42 }];
    const destinationMac = new Uint8Array(6).fill(2);
    await using ufo = await openVirtioUfo({ interface: near.interface, destinationMac, vlans });
    const made = new HandMade();
    const linkHeader = await ufo.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    made.pushWhole({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader }), payload: payloadOf(4000, 0) }, 1480);
    await using watch = await watchFar('vlan 42 and ip', 3);
    await sendRows(ufo, made);
    assert.equal(await watch.frames(), 3);
  });

  it('probes without a frame on the wire', async () => {
    const received = async () => {
      const [command, args] = ['nsenter', [`--net=${far.netns}`, 'cat', '/proc/net/dev']] as const;
      return Number(/far0:\s*\d+\s+(\d+)/.exec(await runTool(command, args))![1]);
    };
    const opened = 8;
    const before = await received();
    for (let i = 1; i < opened; i++) await (await device()).close();
    await using ufo = await device();
    assert.equal(ufo.ufoRefusal(4), null);
    assert.equal(ufo.ufoRefusal(6), null);
    // The kernel may send a report of its own meanwhile (MLD, neighbour discovery), not one each time.
    assert.ok((await received()) - before < opened);
    const { backlog, ...lost } = ufo.lost();
    assert.deepEqual(lost, { socket: 0, qdisc: 0, driver: 0, neighbour: 0, unknown: 0 });
    assert.ok((backlog ?? 0) >= 0);
  });

  it('says kernel-ufo where the interface shows no UDP fragmentation', async () => {
    await using ufo = await device();
    const features = activeFeatures(near.interface);
    assert.ok(features.has('tx-scatter-gather'));
    assert.equal(ufo.ufoKind, features.has('tx-udp-fragmentation') ? 'device-ufo' : 'kernel-ufo');
  });

  it('says ENETDOWN while the link is down', async () => {
    await using ufo = await device();
    const made = new HandMade();
    const linkHeader = await ufo.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    made.pushWhole({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader }), payload: payloadOf(4000, 0) }, 1480);
    await runTool('ip', ['link', 'set', near.interface, 'down']);
    assert.equal(ufo.xmit(made, 0), -ERRNO.ENETDOWN);
    await runTool('ip', ['link', 'set', near.interface, 'up']);
    await setLabMtu(1500);
  });

  it('refuses with EMSGSIZE what is too long for an MTU lowered since, though the kernel would not', async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    await using device = await openVirtioUfo({ interface: near.interface });
    const made = new HandMade();
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    made.pushWhole({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader }), payload: payloadOf(4000, 0) }, 1480);
    await setLabMtu(1400);
    assert.equal(device.xmit(made, 0), -ERRNO.EMSGSIZE);
    await setLabMtu(1500);
    assert.ok(device.xmit(made, 0) > 0);
  });
});
