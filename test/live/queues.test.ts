import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WireReport } from '../../src/app/common/wire-report.js';
import { QueueSenders } from '../../src/app/queues/queues.js';
import { udpFilter } from '../../src/capture/filter.js';
import { openCapture, spawnPrefixFor } from '../../src/capture/open-capture.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { childrenOf } from './capture-tools.js';
import { Cli, lastJson, runCli, summaryOf } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

const { near, far } = LAB;
interface Summary {
  readonly datagrams: number;
  readonly fragments: number;
  readonly idents: { readonly first: number; readonly last: number };
  readonly verify: WireReport;
  readonly queues: readonly { readonly sourcePort: number; readonly idents: Summary['idents'] }[];
}

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

describeLive('send --queues', () => {
  for (const driver of ['raw-socket', 'packet-socket'] as const) {
    for (const [family, destination] of [
      [4, `${far.ipv4}:9999`],
      [6, `[${far.ipv6}]:9999`],
    ] as const) {
      liveIt(
        `${driver}, IPv${family}: is proven, counts idents and reports on its way as one sender does`,
        async () => {
          await setLabMtu(1500);
          for (const size of ['9', '9000']) {
            const words = ['send', destination, '--driver', driver, '--queues', '2', '--size', size, '--count', '40'];
            const proof = ['--ident', '1000', '--rate', '80dps', '--interval', '100ms', '--verify=far0', '--json'];
            const end = await runCli([...words, ...proof], { withinMs: 60_000 });
            const { datagrams, fragments, verify, idents, queues } = lastJson<Summary>(end);
            const { good, differences, changed, late, verdict } = verify;
            assert.deepEqual(
              [end.code, verdict, datagrams],
              [0, 'good', 40],
              `${end.stderr} ${JSON.stringify(verify)}`,
            );
            assert.deepEqual([good, differences, changed, late], [40, [], [], 0]);
            assert.equal(verify.packets, fragments);
            assert.equal(new Set(queues.map(({ sourcePort }) => sourcePort)).size, 2);
            if (size === '9000') {
              assert.deepEqual(idents, { first: 1000, last: 1039 });
              assert.deepEqual(queues[1]?.idents, { first: 1020, last: 1039 });
            }
            const intervals = end.lines
              .slice(0, -1)
              .map((line) => JSON.parse(line) as { type: string; datagrams: number });
            assert.ok(intervals.length >= 2 && intervals.every(({ type }) => type === 'interval'));
            // A last interval of no length is not told.
            assert.ok(intervals.at(-1)!.datagrams > 30, 'summed over both');
          }
        },
      );
    }
  }

  liveIt('Ctrl-C ends all senders, with the verdict on what went until then', async () => {
    const words = [
      'send',
      `${far.ipv4}:9999`,
      '--queues',
      '2',
      '--size',
      '3000',
      '--duration',
      '30s',
      '--rate',
      '100dps',
    ];
    const cli = new Cli([...words, '--interval', '100ms', '--verify=far0', '--json'], { withinMs: 60_000 });
    await cli.lines(3);
    cli.child.kill('SIGINT');
    const end = await cli.end;
    const { datagrams, verify } = lastJson<Summary>(end);
    assert.deepEqual([end.signal, verify.verdict, verify.good], ['SIGINT', 'good', datagrams]);
  });

  liveIt('a sender that is killed ends the others, and what went is told at once', async () => {
    const words = [
      'send',
      `${far.ipv4}:9`,
      '--size',
      '1400',
      '--duration',
      '60s',
      '--rate',
      '200/s',
      '--interval',
      '200ms',
    ];
    const cli = new Cli([...words, '--queues', '2', '--driver', 'raw-socket', '--json'], { withinMs: 50_000 });
    await cli.lines(2);
    const [sender] = childrenOf(cli.child.pid!, 'queue-worker.js');
    process.kill(sender!, 'SIGKILL');
    const end = await cli.end;
    assert.deepEqual([end.code, end.signal], [3, null], end.stderr);
    assert.match(`${end.stderr}${end.lines.at(-1)}`, /a sender is gone: its process ended \(SIGKILL\)/);
    const { datagrams, seconds } = summaryOf<{ datagrams: number; seconds: number }>(end);
    assert.ok(datagrams > 0 && seconds < 45, `${datagrams} datagrams in ${seconds} s`);
  });
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
