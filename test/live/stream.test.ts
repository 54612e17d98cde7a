import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { udpFilter } from '../../src/capture/filter.js';
import { openCapture, spawnPrefixFor } from '../../src/capture/open-capture.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { makePayload } from '../../src/payload/generated.js';
import { GeneratedPayloads } from '../../src/payload/sequence.js';
import { createPacer } from '../../src/socket/pacing.js';
import { createSocket, type UfoSocket } from '../../src/socket/socket.js';
import type { DriverName } from '../../src/tx/net-device.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { sha256 } from './far-receiver.js';
import { describeLive, liveIt } from './in-lab.js';

const { near, far } = LAB;
const DRIVERS: readonly DriverName[] = ['raw-socket', 'packet-socket', 'af-xdp', 'virtio-ufo', 'kernel-udp'];
/** Datagrams of a size: more than a stream makes at once. */
const COUNT = 100;

describeLive('a stream at full speed', () => {
  for (const driver of DRIVERS) {
    for (const type of ['udp4', 'udp6'] as const) {
      liveIt(`${driver}, ${type}: generated payloads arrive as they are made, each once`, async () => {
        for (const size of [16, 17, 1452, 4001, 20_000]) {
          const seen = await watch(
            type,
            COUNT,
            async (socket) => {
              const payloads = new GeneratedPayloads({ size, seed: 7, first: 9, count: COUNT });
              const pacer = createPacer({ rate: 20_000, unit: 'fragments' });
              assert.equal((await socket.sendMany(payloads, { pacer })).datagrams, COUNT);
            },
            driver,
          );
          assertSeen(
            seen,
            Array.from({ length: COUNT }, (_, i) => makePayload(size, 7, 9 + i)),
          );
        }
      });
    }

    liveIt(`${driver}: a file arrives as it is`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-'));
      try {
        const octets = Buffer.concat(Array.from({ length: 30 }, (_, i) => makePayload(40_000, 3, i)));
        writeFileSync(join(folder, 'file'), octets);
        const want = Array.from({ length: Math.ceil(octets.length / 9001) }, (_, i) =>
          octets.subarray(i * 9001, (i + 1) * 9001),
        );
        const seen = await watch(
          'udp4',
          want.length,
          async (socket) => {
            const pacer = createPacer({ rate: 20_000, unit: 'fragments' });
            await socket.sendFile(join(folder, 'file'), { datagramSize: 9001, pacer });
          },
          driver,
        );
        assertSeen(seen, want);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});

/** In the order of sending: all are good, and have these payloads. */
function assertSeen(seen: readonly DatagramVerdict[], want: readonly Uint8Array[]): void {
  for (const { verdict, mismatches } of seen) assert.equal(verdict, 'good', JSON.stringify(mismatches));
  assert.deepEqual(
    seen.map(({ payloadSha256 }) => payloadSha256),
    want.map(sha256),
  );
}

/** What the far interface sees of UDP between the hosts while a socket sends, until so many datagrams have come. */
async function watch(
  type: 'udp4' | 'udp6',
  datagrams: number,
  work: (socket: UfoSocket) => Promise<void>,
  driver: DriverName,
): Promise<readonly DatagramVerdict[]> {
  await setLabMtu(1500);
  await pinNeighbours();
  const family = type === 'udp4' ? 'ipv4' : 'ipv6';
  const capture = await openCapture({
    interface: far.interface,
    filter: udpFilter({ hosts: [near[family], far[family]] }),
    spawnPrefix: spawnPrefixFor(far.interface),
  });
  const verifier = new Verifier();
  const verdicts: DatagramVerdict[] = [];
  const reading = (async () => {
    for await (const frames of capture) for (const verdict of verifier.push(frames)) verdicts.push(verdict);
  })();
  try {
    await using socket = createSocket({ type, driver });
    socket.on('error', () => undefined); // nobody listens over there
    await socket.connect(9, far[family]);
    await work(socket);
    for (let waited = 0; waited < 5000 && verdicts.length < datagrams; waited += 20) await sleep(20);
  } finally {
    await capture[Symbol.asyncDispose]();
    await reading;
  }
  return [...verdicts, ...verifier.end()];
}
