import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Companion, openCompanion } from '../../src/companion/companion.js';
import type { SocketError } from '../../src/companion/error-queue.js';
import { IcmpError } from '../../src/companion/icmp-error.js';
import { ERRNO } from '../../src/errors.js';
import { farCommand, LAB, pinNeighbours } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { openKernelUdp } from '../../src/tx/kernel-udp/kernel-udp.js';
import { openRawSocket } from '../../src/tx/raw-socket/raw-socket.js';
import * as ipv4 from '../../src/wire/ipv4.js';
import { FAMILIES } from './delivery.js';
import { HandMade, makeFlow, payloadOf } from './hand-made.js';
import { describeLive } from './in-lab.js';

const { near, far } = LAB;
const ROUTED = { 4: '198.51.100.9', 6: '2001:db8:1::9' } as const;

async function farRun(command: string, ...args: string[]): Promise<void> {
  const [program, all] = farCommand(command, args);
  await runTool(program, all);
}

/** Sends one datagram from the companion's port by raw-socket, with DF where it is one packet. */
async function send(companion: Companion, source: string, destination: string, port: number, len: number) {
  const made = new HandMade();
  const flow = makeFlow(source, destination, port, { sourcePort: companion.address().port });
  await using device = await openRawSocket({ family: flow.family, mtu: 1500, pool: made.pool });
  made.pushFragments({ flow, payload: payloadOf(len, 0) });
  if (flow.family === 4 && made.table.rows === 1) {
    made.memory.view.setUint16(made.table.headOffset[0]! + 6, ipv4.DF);
  }
  assert.equal(device.xmit(made, 0), made.table.rows);
}

/** This process does nothing for 300 ms, after it had time to finish what it was at. */
async function assertIdle(): Promise<void> {
  await sleep(100);
  const cpu = process.cpuUsage();
  await sleep(300);
  const { user, system } = process.cpuUsage(cpu);
  assert.ok(user + system < 100_000, `${(user + system) / 1000} ms of CPU in 300 ms`);
}

async function nextError(companion: Companion): Promise<IcmpError> {
  const [told] = (await once(companion, 'icmp', { signal: AbortSignal.timeout(10_000) })) as [SocketError];
  return new IcmpError(told, told.destination === null ? undefined : companion.pathMtu(told.destination));
}

describeLive('companion', () => {
  before(async () => {
    await pinNeighbours();
    await farRun('ip', 'link', 'add', 'narrow0', 'mtu', '1280', 'type', 'veth', 'peer', 'name', 'narrow1');
    await farRun('sh', '-c', 'ip link set narrow0 up; ip link set narrow1 up; ip addr add 198.51.100.1/24 dev narrow0');
    await farRun('ip', 'addr', 'add', '2001:db8:1::1/64', 'dev', 'narrow0', 'nodad');
    await farRun('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding');
    // Otherwise the far host tells of six datagrams at once, and then of one in a second.
    await farRun('sh', '-c', 'cd /proc/sys/net; echo 0 > ipv4/icmp_ratelimit; echo 0 > ipv6/icmp/ratelimit');
    await runTool('ip', ['route', 'add', '198.51.100.0/24', 'via', far.ipv4]);
    await runTool('ip', ['-6', 'route', 'add', '2001:db8:1::/64', 'via', far.ipv6]);
  });
  after(async () => {
    await farRun('sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv6/conf/all/forwarding');
    await farRun('ip', 'link', 'del', 'narrow0');
    await runTool('ip', ['route', 'del', '198.51.100.0/24']);
    await runTool('ip', ['-6', 'route', 'del', '2001:db8:1::/64']);
    await farRun('ip', 'addr', 'replace', `${far.ipv6}/64`, 'dev', far.interface, 'nodad');
  });

  for (const { family, source, destination } of FAMILIES) {
    for (const connected of [false, true]) {
      it(`IPv${family}, ${connected ? '' : 'not '}connected: hears that nobody listens, again and again`, async () => {
        await using companion = openCompanion({ family, port: 0 });
        if (connected) companion.connect(destination, 4999);
        for (let i = 0; i < 3; i++) {
          const heard = nextError(companion);
          await send(companion, source, destination, 4999, 100);
          const error = await heard;
          assert.deepEqual(
            [error.code, error.errno, error.address, error.port, error.offender, error.mtu],
            ['ECONNREFUSED', -ERRNO.ECONNREFUSED, destination, 4999, destination, null],
          );
        }
      });
    }

    it(`IPv${family}: learns the path MTU from ICMP`, async () => {
      await using companion = openCompanion({ family, port: 0 });
      const mtu = await companion.watchPath(ROUTED[family], 4999);
      assert.equal(mtu(), 1500);
      const heard = nextError(companion);
      await send(companion, source, ROUTED[family], 4999, family === 4 ? 1400 : 4000);
      const error = await heard;
      assert.deepEqual([error.code, error.mtu, error.address], ['EMSGSIZE', 1280, ROUTED[family]]);
      assert.match(error.message, /the path carries 1280 octets/);
      assert.equal(mtu(), 1280);
    });

    it(`IPv${family}: sees the route's MTU change`, async () => {
      await using companion = openCompanion({ family, port: 0 });
      const mtu = await companion.watchPath(destination, 4999);
      const route = [`-${family}`, 'route', 'replace', destination, 'dev', near.interface];
      await runTool('ip', [...route, 'mtu', '1400']);
      await sleep(110);
      assert.equal(mtu(), 1400);
      await runTool('ip', [`-${family}`, 'route', 'del', destination, 'dev', near.interface]);
      await sleep(110);
      assert.equal(mtu(), 1500);
    });
  }

  it('shared with kernel-udp: errors of earlier datagrams fail none of the later ones, and nothing spins', async () => {
    await using companion = openCompanion({ family: 4, port: 0 });
    const heard: string[] = [];
    companion.on('icmp', (told) => heard.push(new IcmpError(told).code));
    await using device = await openKernelUdp({
      family: 4,
      interface: near.interface,
      fd: companion.fd,
      takeErrors: () => companion.takeErrors(),
    });
    const flow = makeFlow(near.ipv4, far.ipv4, 4999, { sourcePort: companion.address().port });
    for (let i = 0; i < 5; i++) {
      const made = new HandMade({ pages: 4 });
      made.pushPayload({ flow, payload: payloadOf(100, i) });
      assert.equal(device.xmit(made, 0), 1, `datagram ${i}`);
    }
    const made = new HandMade({ pages: 4 });
    made.pushPayload({ flow: { ...flow, dontFragment: true }, payload: payloadOf(1600, 0) });
    assert.equal(device.xmit(made, 0), -ERRNO.EMSGSIZE);
    await assertIdle();
    assert.ok(heard.length > 0 && heard.every((code) => code === 'ECONNREFUSED'), heard.join());
  });

  it('does not spin after errors', async () => {
    await using companion = openCompanion({ family: 4, port: 0 });
    for (let i = 0; i < 5; i++) await send(companion, near.ipv4, far.ipv4, 4999, 10);
    await assertIdle();
  });

  it('receives replies as whole datagrams, fragmented by the far kernel', async () => {
    await using companion = openCompanion({ family: 4, port: 0 });
    companion.connect(far.ipv4, 5001);
    assert.equal(companion.address().address, near.ipv4);
    const message = once(companion, 'message', { signal: AbortSignal.timeout(10_000) });
    const script = `const s = require('node:dgram').createSocket('udp4'); s.bind(5001, () =>
      s.send(Buffer.alloc(65507, 9), ${companion.address().port}, '${near.ipv4}', () => s.close()))`;
    await farRun(process.execPath, '-e', script);
    const [payload, from] = (await message) as [Buffer, { port: number }];
    assert.equal(payload.length, 65_507);
    assert.equal(from.port, 5001);
  });
});
