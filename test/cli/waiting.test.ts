import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { MAIN } from '../live/cli.js';
import { endsBySignal } from './ends-by-signal.js';

const FLOW = '--source 192.0.2.1:1 --destination 192.0.2.2:2'.split(' ');
const ETHERNET = '--source-mac 02:00:00:00:00:01 --destination-mac 02:00:00:00:00:02'.split(' ');

/** Command lines that read a file, by what stands in its place. */
const READING: readonly (readonly [name: string, words: (file: string) => string[]])[] = [
  ['verify -r', (file) => ['verify', '-r', file]],
  ['verify --expect', (file) => ['verify', '-r', MAIN, '--expect', file]],
  ['reassemble', (file) => ['reassemble', '-r', file, '--pcap', '/dev/null']],
  ['segment', (file) => ['segment', ...FLOW, '--pcap', '/dev/null', '--file', file]],
  [
    'segment --datagram-size',
    (file) => ['segment', ...FLOW, '--pcap', '/dev/null', '--file', file, '--datagram-size', '9'],
  ],
  ['replay --dry-run', (file) => ['replay', file, '--dry-run']],
  ['compare --against', (file) => ['compare', '--against', file, '--mtu', '1500']],
];

/** Command lines that write a file, by what stands in its place; `capture` is one to be read. */
const WRITING: readonly (readonly [name: string, words: (file: string, capture: string) => string[]])[] = [
  ['verify --html', (file, capture) => ['verify', '-r', capture, '--html', file]],
  ['segment --pcap', (file) => ['segment', ...FLOW, '--size', '9', '--pcap', file]],
  ['segment --save', (file) => ['segment', ...FLOW, '--size', '9', '--pcap', '/dev/null', '--save', file]],
  ['reassemble --pcap', (file, capture) => ['reassemble', '-r', capture, '--pcap', file]],
  ['reassemble --datagram', (file, capture) => ['reassemble', '-r', capture, '--datagram', '1', '-o', file]],
  ['replay --dry-run', (file, capture) => ['replay', capture, '--dry-run', '--pcap', file]],
  ['send --dry-run', (file) => ['send', '127.0.0.1:9', '--size', '9', '--dry-run', '--pcap', file]],
  ['compare --html', (file, capture) => ['compare', '--against', capture, '--mtu', '1500', '--html', file]],
  ['receive -o', (file) => ['receive', '49010', '-o', file]],
];

describe('a command that waits for octets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-waiting-'));
  const fifo = join(folder, 'fifo');
  before(() => execFileSync('mkfifo', [fifo]));
  after(() => rmSync(folder, { recursive: true }));

  for (const [name, words] of READING) {
    it(`ends by a signal: ${name}, of a standard input that gives none, and of a FIFO that nobody writes to`, async () => {
      await Promise.all([endsBySignal(words('-')), endsBySignal(words(fifo))]);
    });
  }

  it('ends by a signal: each that writes into a FIFO that nobody reads', async () => {
    const capture = join(folder, 'capture');
    execFileSync(process.execPath, [MAIN, 'segment', ...FLOW, ...ETHERNET, '--size', '9', '--pcap', capture]);
    const waits = WRITING.map(([, words], index) => {
      const own = join(folder, `fifo-${index}`); // what one of them does to it must not end the others' wait
      execFileSync('mkfifo', [own]);
      return endsBySignal(words(own, capture));
    });
    await Promise.all(waits);
  });
});
