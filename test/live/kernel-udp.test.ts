import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';
import { ERRNO } from '../../src/errors.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { sha256 } from '../../src/payload/sha256.js';
import { openKernelUdp } from '../../src/tx/kernel-udp/kernel-udp.js';
import { runCli } from './cli.js';
import { itDelivers } from './delivery.js';
import { takeNext } from './far-receiver.js';
import { HandMade, makeFlow, payloadOf } from './hand-made.js';
import { describeLive, liveIt } from './in-lab.js';
import { sendRows } from './send-rows.js';
import { watchFar } from './watch-far.js';

const { near, far } = LAB;
const open = () => openKernelUdp({ interface: near.interface, family: 4 });

describeLive('kernel-udp', () => {
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
    open: async (family) => ({
      device: await openKernelUdp({ interface: near.interface, family }),
      made: new HandMade(),
    }),
    push: (made, datagram) => made.pushPayload(datagram),
  });

  it('sends from several sources with settings of their own, in order', async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    await using device = await open();
    const made = new HandMade();
    const flows = [
      { sourcePort: 2001 },
      { sourcePort: 2001, ttl: 5, tos: 0x10 },
      { sourcePort: 2002 },
      { sourcePort: 2002, checksum: false },
    ].map((more) => makeFlow(near.ipv4, far.ipv4, receiver.port, more));
    flows.forEach((flow, i) => {
      made.pushPayload({ flow, payload: payloadOf(3000, i) });
    });
    await using watch = await watchFar('ip[8] = 5 and ip[1] = 0x10', 3);
    await sendRows(device, made);
    const received = await takeNext(receiver, 4);
    const expected = flows.map(({ sourcePort }, i) => ({
      length: 3000,
      sha256: sha256(payloadOf(3000, i)),
      port: sourcePort,
    }));
    assert.deepEqual(received, expected);
    assert.equal(await watch.frames(), 3);
  });

  it('refuses with EMSGSIZE what DF keeps from being cut, and goes on', async () => {
    await using device = await open();
    const made = new HandMade();
    const flow = makeFlow(near.ipv4, far.ipv4, receiver.port, { dontFragment: true });
    made.pushPayload({ flow, payload: payloadOf(1472, 1) });
    made.pushPayload({ flow, payload: payloadOf(1473, 2) });
    assert.equal(device.xmit(made, 0), 1);
    assert.equal(device.xmit(made, 1), -ERRNO.EMSGSIZE);
    assert.equal((await takeNext(receiver, 1))[0]!.length, 1472);
  });

  it('says which source ports are taken', async () => {
    await using first = await open();
    await using second = await open();
    const made = new HandMade();
    made.pushPayload({ flow: makeFlow(near.ipv4, far.ipv4, 9, { sourcePort: 2003 }), payload: payloadOf(10, 0) });
    assert.equal(first.xmit(made, 0), 1);
    assert.equal(second.xmit(made, 0), -ERRNO.EADDRINUSE);
  });

  it('refuses IPv4 options, which it could not control', async () => {
    await using device = await open();
    const made = new HandMade();
    const options = Uint8Array.of(1, 1, 1, 0);
    made.pushPayload({ flow: makeFlow(near.ipv4, far.ipv4, 9, { options }), payload: payloadOf(10, 0) });
    assert.equal(device.xmit(made, 0), -ERRNO.EOPNOTSUPP);
  });

  liveIt('is what auto takes without a privilege, and it says why', async () => {
    const prefix = ['setpriv', '--bounding-set', '-net_raw,-net_admin', '--inh-caps', '-all', '--ambient-caps', '-all'];
    const { code, lines, stderr } = await runCli(['send', `${far.ipv4}:9`, '--size', '40', '--driver', 'auto'], {
      prefix,
    });
    assert.equal(code, 0, stderr);
    assert.match(lines[0]!, / by kernel-udp on /);
    assert.match(stderr, /note: auto took kernel-udp, .* since no other driver can: virtio-ufo: .*raw-socket: /);
    const asked = await runCli(['send', `${far.ipv4}:9`, '--size', '40', '--driver', 'kernel-udp']);
    assert.doesNotMatch(asked.stderr, /auto took/);
  });

  liveIt('cannot be another host over IPv4, and says which drivers can; over IPv6 it is', async () => {
    const send = (to: string, source: string) =>
      runCli(['send', to, '--size', '3000', '--source', source, '--spoof', '--driver', 'kernel-udp', '--verify=far0']);
    for (const source of ['192.0.2.77', '203.0.113.5']) {
      const { code, stderr } = await send(`${far.ipv4}:9`, source);
      assert.match(
        stderr,
        new RegExp(`${source} is no address of this host: take a driver .*raw-socket, packet-socket`),
      );
      assert.equal(code, 3);
    }
    const six = await send(`[${far.ipv6}]:9`, '2001:db8::77');
    assert.equal(six.code, 0, six.stderr);
  });
});
