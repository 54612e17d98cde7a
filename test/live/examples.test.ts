import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { describeLive, liveIt } from './in-lab.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

async function example(name: string): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [`${EXAMPLES}${name}.js`], {
    timeout: 20_000,
  });
  assert.equal(stderr, '');
  return stdout.trimEnd().split('\n');
}

describeLive('examples', () => {
  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
  });

  liveIt('send-on-test-interface', async () => {
    const lines = await example('send-on-test-interface');
    assert.match(lines.join('\n'), /^65507 octets in 45 fragments with id \d+ by near0: software-ufo, /m);
  });

  liveIt('verify-a-pcap', async () => {
    assert.deepEqual(await example('verify-a-pcap'), [
      '192.0.2.1 > 192.0.2.2, 5 fragments: incomplete [[2960,4440]]',
      '1 datagrams: inconclusive',
    ]);
  });

  liveIt('library-use', async () => {
    const lines = await example('library-use');
    assert.equal(lines.filter((line) => /^on the wire: (0|1472|60000) octets, good$/.test(line)).length, 6);
    assert.equal(lines.at(-1), '0 missing');
    assert.match(lines.join(), /udp4, 60000 octets: software-ufo, 41 packets/);
  });
});
