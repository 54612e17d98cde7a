import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';
import { ERRNO } from '../../src/errors.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { sha256 } from '../../src/payload/sha256.js';
import type { NetDevice } from '../../src/tx/net-device.js';
import { openRawSocket, type RawSocketOptions } from '../../src/tx/raw-socket/raw-socket.js';
import { FAMILIES, itDelivers } from './delivery.js';
import { takeNext } from './far-receiver.js';
import { HandMade, type HandMadeDatagram, makeFlow, payloadOf } from './hand-made.js';
import { describeLive } from './in-lab.js';
import { sendRows } from './send-rows.js';
import { watchFar } from './watch-far.js';

const { near, far } = LAB;
async function open(
  family: 4 | 6,
  more: Partial<RawSocketOptions> = {},
): Promise<{ device: NetDevice; made: HandMade }> {
  const made = new HandMade();
  const ip = JSON.parse(await runTool('ip', ['-json', 'link', 'show', near.interface])) as [{ mtu: number }];
  const [{ mtu }] = ip;
  return { device: await openRawSocket({ family, mtu, pool: made.pool, interface: near.interface, ...more }), made };
}

/** A queue of 20 Mbit/s that holds `limit` octets. */
async function shape(limit: string): Promise<void> {
  const tbf = ['tbf', 'rate', '20mbit', 'burst', '16kb', 'limit', limit];
  await runTool('tc', ['qdisc', 'add', 'dev', near.interface, 'root', ...tbf]);
}

async function unshape(): Promise<void> {
  await runTool('tc', ['qdisc', 'del', 'dev', near.interface, 'root']);
}

describeLive('raw-socket', () => {
  let receiver: FarReceiver;
  before(async () => {
    receiver = await FarReceiver.start();
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await setLabMtu(1500);
  });

  const push = (made: HandMade, datagram: HandMadeDatagram) => made.pushFragments(datagram);
  itDelivers({ receiver: () => receiver, open, push });
  describe('by the calls of the package alone', () => {
    itDelivers({ receiver: () => receiver, open: (family) => open(family, { packageCalls: true }), push });
  });

  for (const packageCalls of [false, true]) {
    it(`says which call it makes: ${packageCalls ? "the package's" : 'on its descriptor'}`, async () => {
      const { device } = await open(4, { packageCalls });
      await using _ = device;
      assert.equal(device.syscall, packageCalls ? 'sendto' : 'sendmmsg');
    });
  }

  it('sends each row of a batch to its own destination', async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    const { device, made } = await open(4);
    await using _ = device;
    const flows = [0, 1].map((i) => makeFlow(near.ipv4, far.ipv4, receiver.port, { sourcePort: 2000 + i }));
    const nobody = makeFlow(near.ipv4, '192.0.2.99', receiver.port);
    for (const flow of [flows[0]!, nobody, flows[1]!, flows[0]!])
      made.pushFragments({ flow, payload: payloadOf(3000, 1) });
    await sendRows(device, made);
    const received = await takeNext(receiver, 3);
    assert.deepEqual(
      received.map(({ port }) => port),
      [2000, 2001, 2000],
    );
  });

  for (const { family, source, destination } of FAMILIES) {
    it(`IPv${family}: survives 3,000 EMSGSIZEs, then waits for room and sends as before`, async () => {
      await setLabMtu(1500);
      await pinNeighbours();
      const { device, made } = await open(family, { mtu: 9000 });
      await using _ = device;
      const flow = makeFlow(source, destination, receiver.port, { mtu: 1600 });
      made.pushFragments({ flow, payload: payloadOf(1500, 3) });
      for (let i = 0; i < 3000; i++) assert.equal(device.xmit(made, 0), -ERRNO.EMSGSIZE);
      const waits: number[] = [];
      for (let i = 0; i < 5; i++) {
        const start = performance.now();
        await device.writable();
        waits.push(performance.now() - start);
      }
      // A loaded machine may make one of them late, the fallback timer makes all of them.
      assert.ok(Math.min(...waits) < 90, `POLLOUT was not heard: ${waits} ms`);
      made.table.reset();
      const payload = payloadOf(5000, 4);
      made.pushFragments({ flow: { ...flow, mtu: 1500 }, payload });
      await sendRows(device, made);
      assert.deepEqual(await takeNext(receiver, 1), [{ length: 5000, sha256: sha256(payload), port: 1111 }]);
    });
  }

  it('fails with ENETDOWN or ENETUNREACH when the link goes down in the middle, and goes on when it is back', async () => {
    const { device, made } = await open(4);
    await using _ = device;
    const bound = await open(4, { bound: true });
    await using __ = bound.device;
    const payload = payloadOf(4000, 5);
    for (const one of [made, bound.made]) {
      one.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, receiver.port), payload, ident: 5 });
    }
    assert.equal(device.xmit(made, 0), 3);
    assert.equal(bound.device.xmit(bound.made, 0), 3);
    await takeNext(receiver, 2);
    await runTool('ip', ['link', 'set', near.interface, 'down']);
    const down = [-ERRNO.ENETDOWN, -ERRNO.ENETUNREACH];
    assert.ok(down.includes(device.xmit(made, 0)));
    assert.ok(down.includes(bound.device.xmit(bound.made, 1)));
    await runTool('ip', ['link', 'set', near.interface, 'up']);
    await setLabMtu(1500);
    assert.equal(device.xmit(made, 0), 3);
    await takeNext(receiver, 1);
  });

  it('tells EHOSTUNREACH for a route that says so', async () => {
    const { device, made } = await open(4);
    await using _ = device;
    await runTool('ip', ['route', 'add', 'unreachable', '203.0.113.0/24']);
    made.pushFragments({ flow: makeFlow(near.ipv4, '203.0.113.9', 9), payload: payloadOf(10, 0) });
    assert.equal(device.xmit(made, 0), -ERRNO.EHOSTUNREACH);
    await runTool('ip', ['route', 'del', 'unreachable', '203.0.113.0/24']);
  });

  for (const { family, source, destination } of FAMILIES) {
    it(`IPv${family}: fragments larger than the route's MTU leave as they were cut`, async () => {
      await setLabMtu(1500);
      await runTool('ip', ['route', 'replace', destination, 'dev', near.interface, 'mtu', '1300']);
      await pinNeighbours();
      const { device, made } = await open(family);
      await using _ = device;
      const flow = makeFlow(source, destination, receiver.port);
      const payload = payloadOf(8000, 6);
      made.pushFragments({ flow, payload });
      // All but the last are larger than the route's MTU; cut again they would not be.
      await using watch = await watchFar('greater 1510', made.table.rows - 1);
      await sendRows(device, made);
      assert.equal(await watch.frames(), made.table.rows - 1);
      assert.equal((await takeNext(receiver, 1))[0]!.sha256, sha256(payload));
      await runTool('ip', ['route', 'del', destination, 'dev', near.interface, 'mtu', '1300']);
    });
  }

  it('waits where the socket is full, without spinning, and loses nothing', async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    await shape('10mb');
    const { device, made } = await open(4, { sendBufferSize: 16_384 });
    await using _ = device;
    for (let i = 0; i < 6; i++) {
      const flow = makeFlow(near.ipv4, far.ipv4, receiver.port);
      made.pushFragments({ flow, payload: payloadOf(65_507, i), ident: 50 + i });
    }
    const cpu = process.cpuUsage();
    const start = performance.now();
    await sendRows(device, made);
    const took = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    const received = await takeNext(receiver, 6);
    assert.deepEqual(
      received.map((one) => one.sha256),
      [0, 1, 2, 3, 4, 5].map((i) => sha256(payloadOf(65_507, i))),
    );
    assert.ok(took > 100, `the queue held it up for ${took} ms`);
    assert.ok((user + system) / 1000 < took / 2, `${(user + system) / 1000} ms of CPU in ${took} ms`);
    await unshape();
  });

  it('repeats what a full queue refused (ENOBUFS) until all is out', async () => {
    await shape('20kb');
    const { device, made } = await open(4);
    await using _ = device;
    const payload = payloadOf(65_507, 9);
    made.pushFragments({ flow: makeFlow(near.ipv4, far.ipv4, receiver.port), payload });
    let refused = 0;
    for (let row = 0; row < made.table.rows; ) {
      const taken = device.xmit(made, row);
      if (taken > 0) row += taken;
      else {
        assert.equal(taken, -ERRNO.ENOBUFS);
        refused += 1;
        await device.writable();
      }
    }
    assert.ok(refused > 0 && refused < 100, `${refused} refusals`);
    assert.equal((await takeNext(receiver, 1))[0]!.sha256, sha256(payload));
    assert.equal(device.lost().qdisc, 0);
    await unshape();
  });

  it('sends to a link-local address by the interface named, and asks for one', async () => {
    const source = 'fe80::55:46ff:fe4f:1';
    const destination = 'fe80::55:46ff:fe4f:2';
    const flow = makeFlow(source, destination, receiver.port);
    const lost = await open(6);
    await using _ = lost.device;
    await assert.rejects(lost.device.linkHeader(flow), { code: 'ERR_UFO_INVALID_ARGUMENT', hint: /%eth0/ });
    const { device, made } = await open(6, { bound: true });
    await using __ = device;
    await device.linkHeader(flow);
    const payload = payloadOf(3000, 8);
    made.pushFragments({ flow, payload });
    await sendRows(device, made);
    assert.equal((await takeNext(receiver, 1))[0]!.sha256, sha256(payload));
  });

  it('EPERM without the privilege, with what to do', async () => {
    const script = `
      import { PagePool } from '${new URL('../../src/memory/page-pool.js', import.meta.url)}';
      import { UserMemory } from '${new URL('../../src/memory/user-memory.js', import.meta.url)}';
      import { openRawSocket } from '${new URL('../../src/tx/raw-socket/raw-socket.js', import.meta.url)}';
      const pool = new PagePool(new UserMemory());
      try { await openRawSocket({ family: 4, mtu: 1500, pool }); console.log('opened'); }
      catch ({ code, syscall, hint }) { console.log(JSON.stringify({ code, syscall, hint, free: pool.freePages })); }`;
    const bare = ['--bounding-set=-all', '--inh-caps=-all', '--no-new-privs', process.execPath];
    const { stdout } = await promisify(execFile)('setpriv', [...bare, '--input-type=module', '-e', script]);
    const told = JSON.parse(stdout) as { code: string; syscall: string; hint: string; free: number };
    assert.deepEqual([told.code, told.syscall, told.free], ['EPERM', 'socket', 512]);
    assert.match(told.hint, /CAP_NET_RAW/);
  });
});
