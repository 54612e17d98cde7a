import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';
import { ERRNO } from '../../src/errors.js';
import { LAB, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { openPacketSocket } from '../../src/tx/packet/packet-socket.js';
import { itDelivers } from './delivery.js';
import { HandMade, makeFlow, payloadOf } from './hand-made.js';
import { describeLive } from './in-lab.js';
import { sendRows } from './send-rows.js';
import { watchFar } from './watch-far.js';

const { near, far } = LAB;
describeLive('packet-socket', () => {
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
    open: async () => ({ device: await openPacketSocket({ interface: near.interface }), made: new HandMade() }),
    push: (made, datagram) => made.pushFragments(datagram),
  });

  it('refuses a frame over the MTU with EMSGSIZE and sends those before it', async () => {
    await setLabMtu(1500);
    await using device = await openPacketSocket({
      interface: near.interface,
      destinationMac: new Uint8Array(6).fill(2),
    });
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    const made = new HandMade();
    made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader }), payload: payloadOf(100, 0) });
    made.pushFragments({
      flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader, mtu: 1600 }),
      payload: payloadOf(3000, 0),
    });
    assert.equal(device.xmit(made, 0), 1);
    assert.equal(device.xmit(made, 1), -ERRNO.EMSGSIZE);
  });

  it('says ENETDOWN while the link is down and goes on afterwards', async () => {
    await using device = await openPacketSocket({
      interface: near.interface,
      destinationMac: new Uint8Array(6).fill(2),
    });
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    const made = new HandMade();
    made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader }), payload: payloadOf(100, 0) });
    await runTool('ip', ['link', 'set', near.interface, 'down']);
    assert.equal(device.xmit(made, 0), -ERRNO.ENETDOWN);
    await runTool('ip', ['link', 'set', near.interface, 'up']);
    await setLabMtu(1500);
    assert.equal(device.xmit(made, 0), 1);
  });

  it('writes VLAN tags in front', async () => {
    const vlans = [{ tpid: 0x8100, tci: 42 }];
    await using device = await openPacketSocket({
      interface: near.interface,
      destinationMac: new Uint8Array(6).fill(2),
      vlans,
    });
    assert.equal(device.mtu, 1500);
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    const made = new HandMade();
    made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader }), payload: payloadOf(4000, 0) });
    await using watch = await watchFar('vlan 42', made.table.rows);
    await sendRows(device, made);
    assert.equal(await watch.frames(), 3);
  });
});
