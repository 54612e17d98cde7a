import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCapture, spawnPrefixFor } from '../../src/capture/open-capture.js';
import type { Comparison } from '../../src/compare/comparison.js';
import { plan } from '../../src/faults/plan.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { makePayload } from '../../src/payload/generated.js';
import { createSocket } from '../../src/socket/socket.js';
import { segment } from '../../src/ufo/segment-datagram.js';
import { formatAddress } from '../../src/wire/address.js';
import { HEADER_LEN as ETHERNET_LEN } from '../../src/wire/ethernet.js';
import { frameData } from '../../src/wire/frame.js';
import * as ipv6 from '../../src/wire/ipv6.js';
import { runCli, summaryOf } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

const DRIVERS = ['raw-socket', 'packet-socket', 'af-xdp', 'virtio-ufo'] as const;
const STEPS = 'overlap(tail), duplicate(3), shuffle(4), delay(2, 50), interleave(2), drop(1)';
const UDP = 17;
const FRAGMENT = 44;

describeLive('a plan on the wire', () => {
  for (const driver of DRIVERS) {
    for (const family of [4, 6] as const) {
      liveIt(`${driver}, IPv${family}: what arrives is what the plan makes offline, in its order`, async () => {
        await setLabMtu(1500);
        await pinNeighbours();
        const ident = 0x4711;
        const address = family === 4 ? LAB.far.ipv4 : LAB.far.ipv6;
        await using socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', driver });
        socket.on('error', () => undefined); // nobody listens there
        await socket.connect(9999, address);
        const { source, sourcePort } = await socket.path();
        const payload = makePayload(5000, 1, 0);
        const offline = segment({
          ...{ source: { address: source, port: sourcePort }, destination: { address, port: 9999 } },
          ...{ payload, ident, plan: plan(STEPS) },
        });
        const want = [...offline].map((frame) => hex(frameData(frame)));
        await using capture = await openCapture({
          interface: LAB.far.interface,
          spawnPrefix: spawnPrefixFor(LAB.far.interface),
        });
        const result = await socket.send(payload, { ident, plan: plan(STEPS) });
        assert.deepEqual([result.fragments, result.fragmentsSent], [want.length, want.length]);
        assert.equal(result.why, `cut by the plan ${plan(STEPS).text}`);
        const seen: string[] = [];
        for await (const frames of capture) {
          for (const frame of frames) {
            const packet = frameData(frame).slice(ETHERNET_LEN);
            if (isOurs(packet, source)) seen.push(hex(packet));
          }
          if (seen.length >= want.length) break;
        }
        assert.deepEqual(seen, want);
      });
    }
  }

  for (const address of [LAB.far.ipv4, `[${LAB.far.ipv6}]`]) {
    liveIt(
      `send --verify knows what a plan made of datagrams to ${address}, and verify --expect elsewhere`,
      async () => {
        const folder = await mkdtemp(join(tmpdir(), 'udp-ufo-plan-'));
        const [save, pcap] = [join(folder, 'sent'), join(folder, 'seen.pcap')];
        const words = [
          'send',
          `${address}:9999`,
          '--size',
          '8000',
          '--count',
          '2',
          '--json',
          '--save',
          save,
          '-w',
          pcap,
        ];
        for (const [steps, good, planned] of [
          ['overlap(tail), drop(1)', 0, 2],
          ['interleave(2), shuffle(9)', 4, 0],
          ['corrupt(1, 100)', 0, 2],
        ] as const) {
          const end = await runCli([...words, '--plan', steps, `--verify=${LAB.far.interface}`]);
          assert.equal(end.code, 0, `${end.stderr}${end.lines}`);
          const { verify } = summaryOf<{ verify: Comparison }>(end);
          assert.deepEqual([verify.verdict, verify.good, verify.planned], ['good', good, planned]);
          assert.equal((await runCli(['verify', '-r', pcap, '--expect', save])).code, 0);
        }
        await rm(folder, { recursive: true });
      },
    );
  }

  liveIt('raw-socket refuses an IPv4 header that the kernel would put right', async () => {
    await using socket = createSocket({ type: 'udp4' });
    await socket.connect(9999, LAB.far.ipv4);
    for (const steps of ['corrupt(1, checksum)', 'set(1, length=99)', 'trailing(4, last)', 'set(ident=0)']) {
      await assert.rejects(socket.send(makePayload(4000, 1, 0), { plan: plan(steps) }), /kernel writes length/);
    }
  });
});

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

/** Replies and neighbour discovery aside. */
function isOurs(packet: Uint8Array, source: string): boolean {
  if (packet[0]! >>> 4 === 4) return packet[9] === UDP && formatAddress(packet, 12, 4) === source;
  return packet[ipv6.NEXT_HEADER] === FRAGMENT && formatAddress(packet, ipv6.SOURCE, 6) === source;
}
