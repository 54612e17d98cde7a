import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';
import { ERRNO } from '../../src/errors.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { sha256 } from '../../src/payload/sha256.js';
import { openPacketSocket } from '../../src/tx/packet/packet-socket.js';
import { itDelivers } from './delivery.js';
import { takeNext } from './far-receiver.js';
import { HandMade, makeFlow, payloadOf } from './hand-made.js';
import { describeLive } from './in-lab.js';
import { sendRows } from './send-rows.js';
import { watchFar } from './watch-far.js';

const { near, far } = LAB;
/** Slots for 64 frames, fewer than the batches have. */
const SLOTS_LEN = 64 * 2048;

describeLive('packet-socket', () => {
  let receiver: FarReceiver;
  before(async () => {
    receiver = await FarReceiver.start();
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await setLabMtu(1500);
  });

  for (const [way, slotsLen] of [
    ['by sendmmsg(2)', 0],
    ['by its ring', SLOTS_LEN],
  ] as const) {
    describe(way, () => {
      itDelivers({
        receiver: () => receiver,
        open: async () => {
          const made = new HandMade({ slotsLen });
          return { device: await openPacketSocket({ interface: near.interface, memory: made.memory }), made };
        },
        push: (made, datagram) => made.pushFragments(datagram),
      });
    });
  }

  it('sends by the ring and, while a queue holds frames back, past it: whole, each once and in order', async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    await runTool('tc', [
      'qdisc',
      'add',
      'dev',
      near.interface,
      'root',
      'tbf',
      ...'rate 20mbit burst 16kb limit 4mb'.split(' '),
    ]);
    try {
      const made = new HandMade({ slotsLen: SLOTS_LEN });
      await using device = await openPacketSocket({ interface: near.interface, memory: made.memory });
      const { port } = receiver;
      const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, port));
      const payloads = Array.from({ length: 20 }, (_, i) => payloadOf(20_000, i));
      payloads.forEach((payload, i) => {
        made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, port, { linkHeader }), payload, ident: 100 + i });
      });
      await sendRows(device, made);
      const received = await takeNext(receiver, payloads.length);
      assert.deepEqual(
        received.map(({ sha256: hash }) => hash),
        payloads.map((payload) => sha256(payload)),
      );
    } finally {
      await runTool('tc', ['qdisc', 'del', 'dev', near.interface, 'root']);
    }
  });

  it('refuses a frame over the MTU with EMSGSIZE and sends those before it', async () => {
    await setLabMtu(1500);
    const made = new HandMade({ slotsLen: SLOTS_LEN });
    await using device = await openPacketSocket({
      interface: near.interface,
      destinationMac: new Uint8Array(6).fill(2),
      memory: made.memory,
    });
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader }), payload: payloadOf(100, 0) });
    made.pushFragments({
      flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader, mtu: 1600 }),
      payload: payloadOf(3000, 0),
    });
    assert.equal(device.xmit(made, 0), 1);
    assert.equal(device.xmit(made, 1), -ERRNO.EMSGSIZE);
  });

  it('says ENETDOWN while the link is down and goes on afterwards', async () => {
    const made = new HandMade({ slotsLen: SLOTS_LEN });
    await using device = await openPacketSocket({
      interface: near.interface,
      destinationMac: new Uint8Array(6).fill(2),
      memory: made.memory,
    });
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader }), payload: payloadOf(100, 0) });
    await runTool('ip', ['link', 'set', near.interface, 'down']);
    assert.equal(device.xmit(made, 0), -ERRNO.ENETDOWN);
    await runTool('ip', ['link', 'set', near.interface, 'up']);
    await setLabMtu(1500);
    assert.equal(device.xmit(made, 0), 1);
  });

  it('writes VLAN tags in front', async () => {
    const vlans = [{ tpid: 0x8100, tci: 42 }];
    const made = new HandMade({ slotsLen: SLOTS_LEN });
    await using device = await openPacketSocket({
      interface: near.interface,
      destinationMac: new Uint8Array(6).fill(2),
      vlans,
      memory: made.memory,
    });
    assert.equal(device.mtu, 1500);
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader }), payload: payloadOf(4000, 0) });
    await using watch = await watchFar('vlan 42', made.table.rows);
    await sendRows(device, made);
    assert.equal(await watch.frames(), 3);
  });
});
