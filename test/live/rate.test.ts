import assert from 'node:assert/strict';
import { before } from 'node:test';
import { farCommand, LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { Program } from './capture-tools.js';
import { lastJson, MAIN, runCli } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

describeLive('a rate', () => {
  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
  });

  liveIt('of 8,000 small datagrams a second: none of 10,000 is lost, every one is received', async () => {
    const receive = ['receive', '7001', '--count', '10000', '--timeout', '5s', '--json'];
    const receiver = new Program(...farCommand(process.execPath, [MAIN, ...receive]));
    await receiver.prints(/"listening"/);
    const words = ['send', `${LAB.far.ipv4}:7001`, '--size', '100', '--count', '10000', '--rate', '8000/s', '--json'];
    const sent = lastJson<{ datagrams: number; failed: number }>(await runCli(words));
    assert.deepEqual([sent.datagrams, sent.failed], [10_000, 0]);
    assert.equal(await receiver.end(), 0, receiver.stderr);
    assert.equal(receiver.lines.at(-1)!['datagrams'], 10_000);
  });
});
