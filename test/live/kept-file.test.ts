import assert from 'node:assert/strict';
import { linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { runCli } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

const { near, far } = LAB;
const SEND = ['send', `${far.ipv4}:9`, '--size', '3000'];
const FAILING: readonly (readonly [words: readonly string[], code: number])[] = [
  [[...SEND, '--df', '--verify'], 3],
  [[...SEND, '--df', '--verify', '--queues', '2', '--count', '2'], 3],
  [[...SEND, '--plan', 'trailing(8,last)', '--verify'], 3],
  [[...SEND, '--plan', 'drop(9)', '--verify'], 2],
  [['verify', '-i', near.interface, '--filter', 'no such filter'], 2],
  [['capture', '-i', near.interface, '--filter', 'no such filter'], 2],
];
/** Nothing of it passes the interface that is looked at. */
const SUCCEEDING: readonly (readonly [words: readonly string[], code: number])[] = [
  [[...SEND, '--verify=lo'], 4],
  [['verify', '-i', 'lo', '--duration', '100ms'], 4],
  [['capture', '-i', 'lo', '--duration', '100ms'], 0],
];
const KEPT = 'what stood there';

describeLive('what stands in a file that a capture is to be written to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ufo-kept-'));
  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
  });
  after(() => rmSync(folder, { recursive: true }));

  let files = 0;
  /** `linked`: it has another name, too, and is written over in its place. */
  function standing(linked: boolean): string {
    const path = join(folder, `${++files}.pcap`);
    writeFileSync(path, KEPT);
    if (linked) linkSync(path, `${path}.too`);
    return path;
  }

  for (const linked of [false, true]) {
    const how = linked ? ', written over' : '';
    for (const [words, code] of FAILING)
      liveIt(`stays where the command fails${how}: ${words.join(' ')}`, async () => {
        const path = standing(linked);
        const end = await runCli([...words, '-w', path]);
        assert.equal(end.code, code, end.stderr);
        assert.equal(readFileSync(path, 'utf8'), KEPT);
      });
    for (const [words, code] of SUCCEEDING)
      liveIt(`gives way to a capture without frames${how}: ${words.join(' ')}`, async () => {
        const path = standing(linked);
        const end = await runCli([...words, '-w', path]);
        assert.equal(end.code, code, end.stderr);
        const octets = readFileSync(path);
        assert.deepEqual([octets.length, octets.readUInt32LE(0)], [24, 0xa1b23c4d]);
      });
    liveIt(`gives way to the frames${how}`, async () => {
      const path = standing(linked);
      const end = await runCli([...SEND, '--verify', '-w', path]);
      assert.equal(end.code, 0, end.stderr);
      assert.equal((await runCli(['verify', '-r', path])).code, 0);
    });
  }
});
