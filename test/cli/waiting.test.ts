import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/entry/main.js', import.meta.url));
const FLOW = '--source 192.0.2.1:1 --destination 192.0.2.2:2'.split(' ');
/** More than a command takes to come to where it waits, on a busy machine more than once that to end. */
const BEGUN_MS = 1500;
const WITHIN_MS = 20_000;

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
});

async function endsBySignal(words: readonly string[]): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'exit');
  const early = await Promise.race([ended, sleep(BEGUN_MS, null)]);
  assert.equal(early, null, `${words.join(' ')} did not wait: ${said}`);
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), WITHIN_MS);
  const [, signal] = await ended;
  clearTimeout(limit);
  assert.equal(signal, 'SIGTERM', `${words.join(' ')}: ${said}`);
}
