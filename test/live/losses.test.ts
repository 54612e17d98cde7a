import assert from 'node:assert/strict';
import { before } from 'node:test';
import type { UfoError } from '../../src/errors.js';
import { farCommand, LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { createSocket } from '../../src/socket/socket.js';
import type { DriverName, LostFrames } from '../../src/tx/net-device.js';
import { describeLive, liveIt } from './in-lab.js';

const { near, far } = LAB;
const NONE = { qdisc: 0, driver: 0, neighbour: 0, unknown: 0 };
/** 3,000 octets make three packets. */
const PACKETS = 3;

/** Sends to `address`; `between` runs after the first of two. What was lost, but what other traffic's backlog adds. */
async function lossOf(
  driver: DriverName,
  address: string,
  between: () => Promise<unknown> = async () => {},
): Promise<{ sent: number; lost: Omit<LostFrames, 'backlog' | 'socket'> }> {
  await using socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', driver });
  socket.on('error', () => undefined); // ICMP
  await socket.connect(9, address);
  await socket.send(Buffer.alloc(3_000));
  await between();
  let sent = PACKETS;
  for (let i = 0; i < 9; i++) {
    const { fragmentsSent } = await socket.send(Buffer.alloc(3_000)).catch(({ partial }: UfoError) => partial!);
    sent += fragmentsSent;
  }
  const { backlog, socket: refused, ...lost } = await socket.lost();
  return { sent, lost };
}

describeLive('what is lost on this machine', () => {
  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
  });

  for (const driver of ['raw-socket', 'packet-socket', 'virtio-ufo', 'af-xdp', 'kernel-udp'] as const) {
    for (const address of [far.ipv4, far.ipv6]) {
      liveIt(`nothing where all went well: ${driver} to ${address}`, async () => {
        assert.deepEqual((await lossOf(driver, address)).lost, NONE);
      });
    }
  }

  for (const driver of ['raw-socket', 'kernel-udp'] as const) {
    for (const address of ['192.0.2.77', '2001:db8::77']) {
      liveIt(`all of it to a neighbour that does not answer: ${driver} to ${address}`, async () => {
        const { sent, lost } = await lossOf(driver, address);
        const { neighbour, ...rest } = lost;
        assert.deepEqual(rest, { qdisc: 0, driver: 0, unknown: 0 });
        assert.equal(neighbour, sent); // though the questions for it are packets, too, and cover some of ours
      });
    }
  }

  for (const [driver, address] of [
    ['raw-socket', '192.0.2.78'],
    ['kernel-udp', '192.0.2.79'],
    ['raw-socket', '2001:db8::78'],
  ] as const)
    liveIt(`a single packet to a neighbour that does not answer: ${driver} to ${address}`, async () => {
      await using socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', driver });
      socket.on('error', () => undefined); // ICMP
      await socket.connect(9, address);
      await socket.send(Buffer.alloc(10));
      const { neighbour, unknown } = await socket.lost();
      assert.deepEqual([neighbour, unknown], [1, 0]);
    });

  liveIt('nothing to what a sender asks of the interface that is opened beside another', async () => {
    await using first = createSocket({ type: 'udp4', driver: 'virtio-ufo' });
    await first.connect(9, far.ipv4);
    await using second = createSocket({ type: 'udp4', driver: 'virtio-ufo' });
    await second.connect(9, far.ipv4);
    await first.send(Buffer.alloc(3_000));
    assert.equal((await first.lost()).qdisc, 0);
  });

  for (const driver of ['raw-socket', 'packet-socket', 'virtio-ufo', 'af-xdp', 'kernel-udp'] as const) {
    liveIt(`all that was sent while the other end was down: ${driver}`, async () => {
      const down = () => runTool(...farCommand('ip', ['link', 'set', far.interface, 'down']));
      try {
        const { sent, lost } = await lossOf(driver, far.ipv4, down);
        const told = Object.values(lost).reduce((sum: number, count) => sum + (count ?? 0), 0);
        // what was refused with an error has been told already; the kernel's own packets may cover one or two of ours
        assert.ok(told >= sent - PACKETS - 2 && told <= sent - PACKETS + 4, `${sent} sent, ${JSON.stringify(lost)}`);
        assert.equal(lost.unknown, 0, JSON.stringify(lost));
      } finally {
        await runTool(...farCommand('ip', ['link', 'set', far.interface, 'up']));
        await setLabMtu(1500);
        await pinNeighbours();
      }
    });
  }

  liveIt('is known on the interface that was used', async () => {
    await using socket = createSocket({ type: 'udp4', driver: 'packet-socket', interface: near.interface });
    await socket.connect(9, far.ipv4);
    await socket.send(Buffer.alloc(100));
    assert.equal((await socket.lost()).unknown, 0);
  });
});
