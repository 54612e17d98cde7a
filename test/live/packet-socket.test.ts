import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ERRNO } from '../../src/errors.js';
import { insideLab, LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { openPacketSocket } from '../../src/tx/packet-socket.js';
import { FarReceiver, sha256 } from './far-receiver.js';
import { HandMade, makeFlow, payloadOf } from './hand-made.js';
import { sendRows } from './send-rows.js';
import { watchFar } from './watch-far.js';

const { near, far } = LAB;
const FAMILIES = [
  { family: 4, source: near.ipv4, destination: far.ipv4, largest: 65_507 },
  { family: 6, source: near.ipv6, destination: far.ipv6, largest: 65_527 },
] as const;

describe('packet-socket', { skip: insideLab() ? false : 'needs the lab' }, () => {
  let receiver: FarReceiver;
  before(async () => {
    receiver = await FarReceiver.start();
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await setLabMtu(1500);
  });

  for (const mtu of [1500, 9000]) {
    for (const { family, source, destination, largest } of FAMILIES) {
      for (const foreign of [false, true]) {
        it(`IPv${family}, MTU ${mtu}, ${foreign ? 'foreign' : 'pool'} pages: the far socket reads the same octets`, async () => {
          await setLabMtu(mtu);
          await pinNeighbours();
          await using device = await openPacketSocket({ interface: near.interface });
          assert.equal(device.mtu, mtu);
          const linkHeader = await device.linkHeader(makeFlow(source, destination, receiver.port));
          const flow = makeFlow(source, destination, receiver.port, { linkHeader, mtu });
          const made = new HandMade();
          const payloads = [0, 1, mtu, 8192, largest].map((len, i) => payloadOf(len, i));
          payloads.forEach((payload, i) => void made.pushFragments({ flow, payload, foreign, ident: 100 + i }));
          await using watch = await watchFar(family, made.table.rows);
          await sendRows(device, made);
          assert.equal(await watch.frames(), made.table.rows);
          const received = await receiver.take(payloads.length);
          assert.deepEqual(
            received,
            payloads.map((p) => ({ length: p.length, sha256: sha256(p), port: 1111 })),
          );
        });
      }
    }
  }

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
