import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueSenders } from '../../src/app/queues/queues.js';
import { udpFilter } from '../../src/capture/filter.js';
import { openCapture, spawnPrefixFor } from '../../src/capture/open-capture.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { describeLive, liveIt } from './in-lab.js';

const { near, far } = LAB;
const COUNT = 24;
const SIZE = 9000;

describeLive('several senders', () => {
  for (const driver of ['raw-socket', 'packet-socket'] as const) {
    for (const type of ['udp4', 'udp6'] as const) {
      liveIt(`${driver}, ${type}: every datagram once, whole, with an identification of its own`, async () => {
        await setLabMtu(1500);
        await pinNeighbours();
        const address = type === 'udp4' ? far.ipv4 : far.ipv6;
        const packets = COUNT * Math.ceil((SIZE + 8) / (type === 'udp4' ? 1480 : 1448));
        const verdicts = await watch([type === 'udp4' ? near.ipv4 : near.ipv6, address], packets, async () => {
          await using senders = await QueueSenders.open({
            queues: 3,
            socket: { type, driver },
            source: { address: undefined, port: 0 },
            destination: { address, port: 9 },
            payload: { size: SIZE, seed: 1 },
          });
          const results = await senders.send({ count: COUNT });
          assert.deepEqual(
            results.map(({ datagrams }) => datagrams),
            [8, 8, 8],
          );
        });
        assert.deepEqual(
          verdicts.map(({ verdict, payloadLen }) => [verdict, payloadLen]),
          Array.from({ length: COUNT }, () => ['good', SIZE]),
        );
        assert.equal(new Set(verdicts.map(({ ident }) => ident)).size, COUNT);
        assert.equal(new Set(verdicts.map(({ payloadSha256 }) => payloadSha256)).size, COUNT);
      });
    }
  }
});

/** What the far interface sees of UDP between the hosts while `work` runs, until so many packets have come. */
async function watch(
  hosts: readonly string[],
  packets: number,
  work: () => Promise<void>,
): Promise<readonly DatagramVerdict[]> {
  const capture = await openCapture({
    interface: far.interface,
    filter: udpFilter({ hosts }),
    spawnPrefix: spawnPrefixFor(far.interface),
  });
  const verifier = new Verifier();
  const verdicts: DatagramVerdict[] = [];
  let frames = 0;
  const reading = (async () => {
    for await (const batch of capture) {
      frames += batch.length;
      verdicts.push(...verifier.push(batch));
    }
  })();
  await work();
  for (let waited = 0; waited < 3000 && frames < packets; waited += 10) await sleep(10);
  await sleep(50);
  await capture.close();
  await reading;
  return [...verdicts, ...verifier.end()].filter(({ protocol }) => protocol === 17);
}
