import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePayload } from '../../src/payload/generated.js';
import { GeneratedPayloads } from '../../src/payload/sequence.js';
import { createPacer } from '../../src/socket/pacing.js';
import type { DriverName } from '../../src/tx/net-device.js';
import { describeLive, liveIt } from './in-lab.js';
import { assertSeen, watchStream } from './watch-stream.js';

const DRIVERS: readonly DriverName[] = ['raw-socket', 'packet-socket', 'af-xdp', 'virtio-ufo', 'kernel-udp'];
/** Datagrams of a size: more than a stream makes at once. */
const COUNT = 100;
const SIZES = [16, 17, 1452, 4001, 20_000];

describeLive('a stream at full speed', () => {
  for (const driver of DRIVERS) {
    for (const type of ['udp4', 'udp6'] as const) {
      liveIt(`${driver}, ${type}: generated payloads arrive as they are made, each once`, async () => {
        const seen = await watchStream(
          type,
          SIZES.length * COUNT,
          async (socket) => {
            const pacer = createPacer({ rate: 20_000, unit: 'fragments' });
            for (const size of SIZES) {
              const payloads = new GeneratedPayloads({ size, seed: 7, first: 9, count: COUNT });
              assert.equal((await socket.sendMany(payloads, { pacer })).datagrams, COUNT);
            }
          },
          driver,
        );
        assertSeen(
          seen,
          SIZES.flatMap((size) => Array.from({ length: COUNT }, (_, i) => makePayload(size, 7, 9 + i))),
        );
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
        const seen = await watchStream(
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
