import assert from 'node:assert/strict';
import { farCommand, LAB } from '../../src/host/lab.js';
import { PROGRAM, Program, sendDatagrams } from './capture-tools.js';
import { describeLive, liveIt } from './in-lab.js';

/** `udp-ufo receive` on the far host. */
function receiveFar(...args: readonly string[]): Program {
  return new Program(...farCommand(process.execPath, [PROGRAM, 'receive', '9', '--timeout', '1s', ...args]));
}

describeLive('receive', () => {
  for (const [family, address] of [
    [4, LAB.far.ipv4],
    [6, LAB.far.ipv6],
  ] as const)
    liveIt(`gets fragmented datagrams of IPv${family} with the octets that were sent`, async () => {
      const program = receiveFar('--count', '20', '--json');
      await program.prints(/"listening"/);
      await sendDatagrams(20, address);
      assert.equal(await program.end(), 0, program.stderr);
      const summary = program.lines.at(-1)!;
      assert.deepEqual([summary['good'], summary['bad'], summary['missing'], summary['losses']], [20, 0, 0, []]);
    });

  liveIt('says that its own buffer was what lost datagrams', async () => {
    const program = receiveFar('--buffer-size', '128k', '--json');
    await program.prints(/"listening"/);
    process.kill(program.child.pid!, 'SIGSTOP'); // nsenter has become the program
    await sendDatagrams(20, LAB.far.ipv4);
    process.kill(program.child.pid!, 'SIGCONT');
    await program.end();
    const summary = program.lines.at(-1)!;
    const losses = summary['losses'] as { counter: string; count: number }[];
    const lost = losses.find(({ counter }) => /^Udp6?\.RcvbufErrors$/.test(counter))?.count ?? 0;
    assert.ok(lost > 0, JSON.stringify(summary));
    assert.equal((summary['datagrams'] as number) + lost, 20);
  });
});
