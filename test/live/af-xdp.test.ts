import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';
import { ERRNO } from '../../src/errors.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { createSocket } from '../../src/socket/socket.js';
import { type AfXdpOptions, openAfXdp } from '../../src/tx/af-xdp/af-xdp.js';
import { itDelivers } from './delivery.js';
import { takeNext } from './far-receiver.js';
import { HandMade, makeFlow, payloadOf } from './hand-made.js';
import { describeLive } from './in-lab.js';
import { sendRows } from './send-rows.js';

const { near, far } = LAB;
const UMEM = 2 << 20;
const open = async (made: HandMade, options: Partial<AfXdpOptions> = {}) =>
  openAfXdp({
    interface: near.interface,
    memory: made.memory,
    destinationMac: Uint8Array.of(2, 0x55, 0x46, 0x4f, 0, 2),
    ...options,
  });

describeLive('af-xdp', () => {
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
    open: async () => {
      const made = new HandMade({ umemLen: UMEM });
      return { device: await openAfXdp({ interface: near.interface, memory: made.memory }), made };
    },
    push: (made, datagram) => made.pushFragments(datagram),
  });

  it('holds the skbs until their last chunk is done, then lets go of them all', async () => {
    await setLabMtu(1500);
    const made = new HandMade({ umemLen: UMEM });
    const device = await open(made);
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    const flow = makeFlow(near.ipv4, far.ipv4, 9, { linkHeader });
    for (let i = 0; i < 10; i++) made.pushFragments({ flow, payload: payloadOf(60_000, i), foreign: true });
    await sendRows(device, made);
    await device.close();
    assert.equal(device.underWay, 0);
    assert.deepEqual(
      made.skbs.map(({ users }) => users),
      made.skbs.map(() => 1),
    );
  });

  it('is what auto takes for packets of several chunks, where we have to cut', async () => {
    await setLabMtu(9000);
    await pinNeighbours();
    await using socket = createSocket({ type: 'udp4', driver: 'auto', checksum: false });
    const { driver, fragments } = await socket.send(payloadOf(20_000, 1), { address: far.ipv4, port: 9 });
    assert.deepEqual([driver, fragments], ['af-xdp', 3]);
    await setLabMtu(1500);
  });

  it('sends more than the UMEM holds, and everything arrives', async () => {
    const made = new HandMade({ umemLen: 64 * 2048, pages: 1024 });
    await using device = await open(made);
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    const flow = makeFlow(near.ipv4, far.ipv4, receiver.port, { linkHeader });
    const count = 15;
    for (let i = 0; i < count; i++) made.pushFragments({ flow, payload: payloadOf(60_000, i), ident: i + 1 });
    await sendRows(device, made);
    const received = await takeNext(receiver, count);
    assert.equal(new Set(received.map(({ sha256 }) => sha256)).size, count);
  });

  it('sends packets as long as the MTU in several chunks, and refuses longer ones with EMSGSIZE', async () => {
    await setLabMtu(9000);
    const made = new HandMade({ umemLen: UMEM });
    await using device = await open(made);
    assert.equal(device.mtu, 9000);
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    const push = (len: number) =>
      made.pushFragments({
        flow: makeFlow(near.ipv4, far.ipv4, receiver.port, { linkHeader, mtu: 10_000 }),
        payload: payloadOf(len, 0),
      });
    push(9000 - 28);
    push(9001 - 28);
    assert.equal(device.xmit(made, 0), 1);
    assert.equal(device.xmit(made, 1), -ERRNO.EMSGSIZE);
    assert.equal((await takeNext(receiver, 1))[0]!.length, 9000 - 28);
    await setLabMtu(1500);
  });

  it('goes on where a frame needs more chunks than are free just then', async () => {
    await setLabMtu(9000);
    await pinNeighbours();
    const made = new HandMade({ umemLen: 8 * 4096, pages: 256 });
    await using device = await open(made);
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    const flow = makeFlow(near.ipv4, far.ipv4, receiver.port, { linkHeader, mtu: 9000 });
    for (let i = 0; i < 10; i++) made.pushFragments({ flow, payload: payloadOf(40_000, i), ident: i + 1 });
    await sendRows(device, made);
    assert.equal(new Set((await takeNext(receiver, 10)).map((one) => one.sha256)).size, 10);
    await setLabMtu(1500);
  });

  it('says EBUSY for a queue that has its socket', async () => {
    const first = new HandMade({ umemLen: UMEM });
    await using _ = await open(first);
    const second = new HandMade({ umemLen: UMEM });
    await assert.rejects(open(second), { code: 'EBUSY', syscall: 'bind', path: `${near.interface} queue 0` });
  });

  it('says which queues there are', async () => {
    const made = new HandMade({ umemLen: UMEM });
    await assert.rejects(open(made, { queue: 99 }), { code: 'ERR_UFO_INVALID_ARGUMENT', message: /queue: got 99/ });
  });

  it('says that veth has no zero-copy mode, and takes copy mode by itself', async () => {
    const made = new HandMade({ umemLen: UMEM });
    await assert.rejects(open(made, { mode: 'zerocopy' }), { code: 'ENOTSUP', syscall: 'bind' });
    await using device = await open(made);
    assert.equal(device.mode, 'copy');
  });

  it('says ENETDOWN while the link is down, and goes on afterwards', async () => {
    const made = new HandMade({ umemLen: UMEM });
    await using device = await open(made);
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader }), payload: payloadOf(100, 0) });
    await runTool('ip', ['link', 'set', near.interface, 'down']);
    assert.equal(device.xmit(made, 0), -ERRNO.ENETDOWN);
    await runTool('ip', ['link', 'set', near.interface, 'up']);
    await setLabMtu(1500);
    assert.equal(device.xmit(made, 0), 1);
  });

  it('refuses with EMSGSIZE what is too long for an MTU lowered since, though the kernel would not', async () => {
    await setLabMtu(1500);
    const made = new HandMade({ umemLen: UMEM });
    await using device = await open(made);
    const linkHeader = await device.linkHeader(makeFlow(near.ipv4, far.ipv4, 9));
    made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, 9, { linkHeader }), payload: payloadOf(4000, 0) });
    await setLabMtu(1400);
    assert.equal(device.xmit(made, 0), -ERRNO.EMSGSIZE);
    await setLabMtu(1500);
    assert.ok(device.xmit(made, 0) > 0);
  });
});
