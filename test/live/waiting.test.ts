import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { endsBySignal } from '../cli/ends-by-signal.js';
import { describeLive, liveIt } from './in-lab.js';

const SEND = ['send', '192.0.2.2:9', '--size', '9', '--verify=near0'];
/** Command lines, in front of the file that they wait for. */
const WAITING: readonly (readonly string[])[] = [
  ['capture', '-i', 'near0', '-w'],
  ['verify', '-i', 'near0', '-w'],
  ['verify', '-i', 'near0', '--html'],
  ['verify', '-i', 'near0', '--expect'],
  [...SEND, '--pcap'],
  [...SEND, '--save'],
  [...SEND, '--queues', '2', '--pcap'],
  ['conform', '192.0.2.2:9', '--compare'],
  ['conform', '192.0.2.2:9', '--policy'],
  ['conform', '192.0.2.2:9', '--pcap'],
  ['compare', '--pcap'],
  ['path', '192.0.2.2', '--html'],
];

describeLive('a command that has much open', () => {
  const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-waiting-'));
  const fifo = join(folder, 'fifo');
  before(() => execFileSync('mkfifo', [fifo]));
  after(() => rmSync(folder, { recursive: true }));

  for (const words of WAITING) {
    liveIt(`ends by a signal while nobody is at the other end of a FIFO: ${words.join(' ')}`, async () => {
      await endsBySignal([...words, fifo]);
    });
  }
});
