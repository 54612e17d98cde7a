import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { LAB } from '../../src/host/lab.js';
import { MAIN } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

const NOWHERE = '/nonexistent/file';
const { near, far } = LAB;
const SEND = ['send', `${far.ipv4}:9999`, '--size', '4000'];

/** Commands that hold a capture, a socket or children when they come to the file. */
const COMMANDS: readonly (readonly [command: readonly string[], option: string])[] = [
  [[...SEND, `--verify=${far.interface}`], '--pcap'],
  [[...SEND, `--verify=${far.interface}`], '--html'],
  [[...SEND, `--verify=${far.interface}`], '--save'],
  [[...SEND, '--queues', '2', '--count', '2', `--verify=${far.interface}`], '--pcap'],
  [['receive', '9999', '--report'], '--output'],
  [['capture', '-i', near.interface], '--pcap'],
  [['verify', '-i', near.interface], '--pcap'],
  [['verify', '-i', near.interface], '--html'],
  [['conform', `${far.ipv4}:9`, '--fast'], '--pcap'],
  [['conform', `${far.ipv4}:9`, '--fast'], '--policy'],
  [['path', far.ipv4, '--fast'], '--html'],
  [['compare'], '--pcap'],
];

describeLive('a file that cannot be written', () => {
  for (const [words, option] of COMMANDS)
    liveIt(`ends udp-ufo ${words.join(' ')} at once: ${option}`, () => {
      const all = [MAIN, ...words, option, NOWHERE];
      const { status, signal, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8', timeout: 30_000 });
      assert.deepEqual([status, signal], [2, null], stderr);
      assert.match(stderr, /ENOENT/);
    });
});
