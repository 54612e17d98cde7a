import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { findInterface } from '../../src/host/interfaces.js';
import { enterFar, farCommand, insideLab, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { findNeighbour, resolveNeighbour } from '../../src/host/neighbour.js';
import { findRoute } from '../../src/host/route.js';
import { runTool } from '../../src/host/run-tool.js';
import { describeLive, liveIt } from './in-lab.js';

const FAR_ECHO = `
  const socket = require('node:dgram').createSocket(process.argv[1]);
  socket.on('message', (message, { port, address }) => socket.send(message, port, address));
  socket.bind(9000, process.argv[2], () => console.log('bound'));`;

/** Sends one datagram to an echo server on the far host and waits, two seconds at most, for the same octets. */
async function echoes(family: 4 | 6, len: number): Promise<void> {
  const { far } = insideLab()!;
  const address = family === 4 ? far.ipv4 : far.ipv6;
  const [command, args] = farCommand(process.execPath, ['-e', FAR_ECHO, `udp${family}`, address]);
  const server = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const client = createSocket(`udp${family}`);
  try {
    await once(server.stdout, 'data');
    const payload = Buffer.alloc(len, 'octets');
    client.send(payload, 9000, address);
    const [message] = await once(client, 'message', { signal: AbortSignal.timeout(10_000) });
    assert.deepEqual(message, payload);
  } finally {
    client.close();
    server.kill();
    await once(server, 'exit');
  }
}

describeLive('lab', () => {
  for (const family of [4, 6] as const) {
    liveIt(`carries IPv${family} both ways, a datagram of 60,000 octets too`, () => echoes(family, 60_000));
  }

  liveIt('is what it says: interfaces, addresses, MACs, no address tentative', async () => {
    const { near, far } = insideLab()!;
    const found = await findInterface(near.interface);
    assert.deepEqual([found.mac, found.carrier, found.kind], [near.mac, true, 'veth']);
    for (const [command, args] of [['ip', ['-json', 'addr']] as const, farCommand('ip', ['-json', 'addr'])]) {
      const json = await runTool(command, args);
      assert.doesNotMatch(json, /tentative/);
      assert.match(json, command === 'ip' ? /"192\.0\.2\.1"/ : /"192\.0\.2\.2"/);
    }
    assert.equal(await resolveNeighbour(far.ipv4, near.interface), far.mac);
    assert.equal(await resolveNeighbour(far.ipv6, near.interface), far.mac);
  });

  liveIt('loses IPv6 below an MTU of 1280 and has it back above', async () => {
    const { near } = insideLab()!;
    const families = async () => (await findInterface(near.interface)).addresses.map(({ family }) => family);
    await setLabMtu(576);
    assert.deepEqual(await families(), [4]);
    await echoes(4, 3000);
    await setLabMtu(9000);
    assert.equal((await findInterface(near.interface)).mtu, 9000);
    assert.ok((await families()).includes(6));
    await echoes(6, 20_000);
    await setLabMtu(1500);
  });

  liveIt('pins neighbours for good', async () => {
    const { near, far } = insideLab()!;
    await pinNeighbours();
    for (const address of [far.ipv4, far.ipv6]) {
      assert.deepEqual(await findNeighbour(address, near.interface), { address, mac: far.mac, state: 'PERMANENT' });
    }
  });

  liveIt('gives up on a neighbour that does not answer', async () => {
    const { near } = insideLab()!;
    await runTool('sh', ['-c', `echo 50 > /proc/sys/net/ipv4/neigh/${near.interface}/retrans_time_ms`]);
    await assert.rejects(resolveNeighbour('192.0.2.77', near.interface), {
      code: 'EHOSTUNREACH',
      address: '192.0.2.77',
      hint: /--destination-mac/,
    });
    const aborted = resolveNeighbour('192.0.2.78', near.interface, AbortSignal.timeout(20));
    await assert.rejects(aborted, { name: 'AbortError' });
  });

  liveIt('has no route out', async () => {
    await assert.rejects(findRoute('203.0.113.1'), { code: 'ENETUNREACH', syscall: 'connect' });
    assert.equal((await findRoute('192.0.2.2')).source, '192.0.2.1');
  });

  liveIt('lets a worker thread, and no main thread, enter the far host', async () => {
    assert.throws(() => enterFar(), { code: 'ERR_UFO_MAIN_THREAD' });
    const { far } = insideLab()!;
    const worker = new Worker(new URL('./far-worker.js', import.meta.url));
    await once(worker, 'message'); // bound to the far address, which near does not have
    const client = createSocket('udp4');
    client.send('from near', 9001, far.ipv4);
    const [text] = await once(worker, 'message', { signal: AbortSignal.timeout(10_000) });
    assert.equal(text, 'from near');
    client.close();
    await worker.terminate();
    assert.equal((await findInterface('near0')).mac, insideLab()!.near.mac); // this thread stayed where it was
  });
});
