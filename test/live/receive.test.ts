import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArrival } from '../../src/app/common/arrival.js';
import type { ReceiveSummary } from '../../src/app/receive/summary.js';
import type { EchoReport } from '../../src/app/send/echo.js';
import { farCommand, LAB } from '../../src/host/lab.js';
import { makePayload } from '../../src/payload/generated.js';
import { Program, sendDatagrams } from './capture-tools.js';
import { MAIN, runCli, summaryOf } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

/** `udp-ufo receive` on the far host. */
function receiveFar(within: string, ...args: readonly string[]): Program {
  return new Program(...farCommand(process.execPath, [MAIN, 'receive', '9', '--timeout', within, ...args]));
}

describeLive('receive', () => {
  for (const [family, address] of [
    [4, LAB.far.ipv4],
    [6, LAB.far.ipv6],
  ] as const)
    liveIt(`gets fragmented datagrams of IPv${family} with the octets that were sent`, async () => {
      const program = receiveFar('1s', '--count', '20', '--json');
      await program.prints(/"listening"/);
      await sendDatagrams(20, address);
      assert.equal(await program.end(), 0, program.stderr);
      const summary = program.lines.at(-1)!;
      assert.deepEqual([summary['good'], summary['bad'], summary['missing'], summary['losses']], [20, 0, 0, []]);
    });

  liveIt('tells delay and jitter of timed payloads, whichever way they are made', async () => {
    const ways: string[][] = [
      ['--driver', 'raw-socket', '--plan', 'reverse'],
      ['--driver', 'packet-socket', '--queues', '2'],
    ];
    for (const more of ways) {
      const program = receiveFar('20s', '--count', '20', '--json');
      await program.prints(/"listening"/);
      const to = [`${LAB.far.ipv4}:9`, '--size', '20-3000', '--timestamps', '--count', '20', '--rate', '200/s'];
      const { code, stderr } = await runCli(['send', ...to, ...more]);
      assert.deepEqual([code, await program.end()], [0, 0], `${more}: ${stderr} ${program.stderr}`);
      const { good, missing, delay } = program.lines.at(-1) as unknown as ReceiveSummary;
      assert.deepEqual([good, missing], [20, 0], `${more}`);
      // One clock for both ends: nothing comes before it was sent.
      assert.ok(delay!.min > 0 && delay!.max < 20_000 && delay!.jitter > 0, `${more}: ${JSON.stringify(delay)}`);
      assert.ok(delay!.datagrams > 0 && delay!.datagrams <= 20);
    }
  });

  liveIt('echoes what send --echo-check holds against what it sent', async () => {
    const program = receiveFar('20s', '--echo', '--json');
    await program.prints(/"listening"/);
    const to = ['--size', '20-3000', '--count', '50', '--rate', '1000/s', '--echo-check=5s', '--json'];
    for (const address of [LAB.far.ipv4, `[${LAB.far.ipv6}]`]) {
      const end = await runCli(['send', `${address}:9`, ...to, '--driver', 'packet-socket', '--verify']);
      assert.equal(end.code, 0, end.stderr);
      const { echo } = summaryOf<{ echo: EchoReport }>(end);
      assert.deepEqual([echo.answered, echo.lost, echo.altered, echo.doubled], [50, 0, 0, 0]);
      assert.ok(echo.roundTrip!.min > 0);
    }
    process.kill(program.child.pid!, 'SIGINT');
    await program.end();
    const end = await runCli(['send', `${LAB.far.ipv4}:9`, '--size', '99', '--echo-check=100ms', '--json']);
    assert.equal(end.code, 4, 'nobody answers');
    assert.equal(summaryOf<{ echo: EchoReport }>(end).echo.lost, 1);
  });

  liveIt('has answered the last datagram, too, when its count is reached', async () => {
    const program = receiveFar('20s', '--report', '--count', '3', '--json');
    await program.prints(/"listening"/);
    const socket = createSocket('udp4');
    const told: (number | undefined)[] = [];
    socket.on('message', (bytes) => told.push(parseArrival(bytes)?.sequence));
    try {
      for (const sequence of [0, 1, 2]) socket.send(makePayload(3000, 7, sequence), 9, LAB.far.ipv4);
      assert.equal(await program.end(), 0, program.stderr);
      for (const end = performance.now() + 1000; told.length < 3 && performance.now() < end; ) await sleep(10);
      assert.deepEqual(told.toSorted(), [0, 1, 2]);
    } finally {
      socket.close();
    }
  });

  liveIt('joins a link-local group by the interface that is named', async () => {
    const group = 'ff02::1234';
    const program = receiveFar('20s', '--address', group, '-i', LAB.far.interface, '--count', '1', '--json');
    await program.prints(/"listening"/);
    const socket = createSocket('udp6');
    try {
      socket.send(makePayload(100, 7, 0), 9, `${group}%${LAB.near.interface}`);
      assert.equal(await program.end(), 0, program.stderr);
    } finally {
      socket.close();
    }
  });

  liveIt('says that its own buffer was what lost datagrams', async () => {
    const program = receiveFar('1s', '--buffer-size', '128k', '--json');
    await program.prints(/"listening"/);
    process.kill(program.child.pid!, 'SIGSTOP'); // nsenter has become the program
    await sendDatagrams(20, LAB.far.ipv4);
    process.kill(program.child.pid!, 'SIGCONT');
    assert.equal(await program.end(), 4, 'what its own socket dropped is not good');
    const summary = program.lines.at(-1)!;
    const losses = summary['losses'] as { counter: string; count: number }[];
    const lost = losses.find(({ counter }) => /^Udp6?\.RcvbufErrors$/.test(counter))?.count ?? 0;
    assert.ok(lost > 0, JSON.stringify(summary));
    assert.equal((summary['datagrams'] as number) + lost, 20);
    assert.equal(summary['dropped'], lost);
  });
});
