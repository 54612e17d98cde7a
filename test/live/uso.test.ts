import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { setFeature } from '../../src/host/device-features.js';
import { findInterface } from '../../src/host/interfaces.js';
import { LAB } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { makePayload } from '../../src/payload/generated.js';
import { GeneratedPayloads } from '../../src/payload/sequence.js';
import type { SendSummary } from '../../src/socket/flight/datagram.js';
import type { DriverName } from '../../src/tx/net-device.js';
import { describeLive, liveIt } from './in-lab.js';
import { assertSeen, watchStream } from './watch-stream.js';

const { near, far } = LAB;
/** Several messages of 64, and fewer than a backlog takes. */
const COUNT = 300;

describeLive('equal datagrams handed over joined (USO)', () => {
  before(() => setFeature(near.interface, 'tx-udp-segmentation', false));
  after(() => setFeature(near.interface, 'tx-udp-segmentation', true));

  for (const [type, driver] of [
    ['udp4', 'kernel-udp'],
    ['udp6', 'kernel-udp'],
    ['udp4', 'virtio-ufo'],
    ['udp6', 'virtio-ufo'],
  ] as const) {
    liveIt(`are single ones on the wire, each once and in order, and counted as such: ${type}, ${driver}`, async () => {
      for (const size of [16, 1001, 1452]) {
        const before = (await findInterface(near.interface)).statistics.txPackets;
        const { summary, seen } = await stream(type, (payloads) => payloads, size, driver);
        assert.deepEqual(waysOf(summary), ['kernel-uso']);
        assert.deepEqual([summary.datagrams, summary.fragments, summary.failed], [COUNT, COUNT, 0]);
        assert.deepEqual([summary.lost.unknown, summary.lost.qdisc, summary.lost.backlog], [0, 0, 0]);
        assertSeen(seen, payloadsOf(size));
        const sent = (await findInterface(near.interface)).statistics.txPackets - before;
        assert.ok(sent >= COUNT && sent < COUNT + 20, `${sent} packets left the interface`);
      }
    });
  }

  liveIt('of changing lengths, a shorter one ending a run, and caller buffers arrive as they are', async () => {
    const wanted = Array.from({ length: COUNT }, (_, i) =>
      makePayload([900, 900, 900, 100, 1472, 0, 20][i % 7]!, 5, i),
    );
    for (const driver of ['kernel-udp', 'virtio-ufo'] as const) {
      const { summary, seen } = await stream('udp4', () => wanted, 1, driver);
      assert.ok(waysOf(summary).includes('kernel-uso'));
      assertSeen(seen, wanted);
    }
  });

  liveIt('have idents that count one by one, as they were told', async () => {
    const idents: (number | null)[] = [];
    const seen = await watchStream(
      'udp4',
      COUNT,
      async (socket) => {
        const payloads = new GeneratedPayloads({ size: 1001, seed: 7, first: 0, count: COUNT });
        await socket.sendMany(payloads, { onDatagram: ({ ident }) => idents.push(ident) });
      },
      'virtio-ufo',
    );
    assert.equal(new Set(idents).size, COUNT);
    assert.deepEqual(
      seen.map(({ ident }) => ident),
      idents,
    );
  });

  liveIt('go one by one where the kernel will not cut them: the path has become narrower', async () => {
    const narrow = ['route', 'replace', `${far.ipv4}/32`, 'dev', near.interface, 'mtu', '700'];
    const seen = await watchStream(
      'udp4',
      COUNT,
      async (socket) => {
        await socket.path();
        await runTool('ip', narrow);
        try {
          const summary = await socket.sendMany(new GeneratedPayloads({ size: 1001, seed: 7, first: 0, count: COUNT }));
          assert.equal(summary.datagrams, COUNT);
        } finally {
          await runTool('ip', ['route', 'del', `${far.ipv4}/32`, 'dev', near.interface]);
        }
      },
      'kernel-udp',
    );
    assertSeen(seen, payloadsOf(1001));
  });

  liveIt('go one by one, and why is said, where the interface takes joined ones as they are', async () => {
    setFeature(near.interface, 'tx-udp-segmentation', true);
    const { summary, seen } = await stream('udp4', (payloads) => payloads, 1000);
    assert.deepEqual(waysOf(summary), ['kernel-ip']);
    assert.match(
      summary.ways[0]!.why,
      /near0 takes joined ones as they are \(ethtool -K near0 tx-udp-segmentation off/,
    );
    assertSeen(seen, payloadsOf(1000));
    setFeature(near.interface, 'tx-udp-segmentation', false);
  });
});

async function stream(
  type: 'udp4' | 'udp6',
  source: (payloads: GeneratedPayloads) => GeneratedPayloads | Uint8Array[],
  size: number,
  driver: DriverName = 'kernel-udp',
) {
  let summary: SendSummary | undefined;
  const seen = await watchStream(
    type,
    COUNT,
    async (socket) => {
      const payloads = new GeneratedPayloads({ size, seed: 7, first: 0, count: COUNT });
      const from = source(payloads);
      summary = from instanceof GeneratedPayloads ? await socket.sendMany(from) : await socket.sendMany(from);
    },
    driver,
  );
  return { summary: summary!, seen };
}

function waysOf({ ways }: SendSummary): string[] {
  return ways.map(({ way }) => way);
}

function payloadsOf(size: number): Uint8Array[] {
  return Array.from({ length: COUNT }, (_, i) => makePayload(size, 7, i));
}
