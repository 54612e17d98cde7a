import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Verifier } from '../../src/verify/verifier.js';
import { encodePcap } from '../../src/wire/capture-encoder.js';
import type { Frame } from '../../src/wire/frame.js';
import { pcapFormat } from '../../src/wire/pcap-format.js';

/** Why there is no such witness; false where there is. */
export const missing = spawnSync('tshark', ['--version']).error ? 'tshark is not installed' : false;

/** UDP datagrams as tshark sees them: payload length and whether the checksum is right. */
export function witness(frames: readonly Frame[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'ufo-tshark-'));
  try {
    const file = join(directory, 'in.pcap');
    writeFileSync(file, encodePcap(frames, pcapFormat(101)));
    const options = ['ip.check_checksum', 'udp.check_checksum', 'ip.defragment', 'ipv6.defragment'];
    const { stdout } = spawnSync(
      'tshark',
      [
        ...['-n', '-r', file, '-Y', 'udp.length', '-T', 'fields', '-e', 'udp.length', '-e', 'udp.checksum.status'],
        ...options.flatMap((name) => ['-o', `${name}:TRUE`]),
      ],
      { encoding: 'utf8', timeout: 60_000 },
    );
    return stdout
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace('\t', ' '));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The same of our verdicts; like tshark, without a word on what is incomplete. 1 is good, 0 bad, 3 not there. */
export function ours(frames: readonly Frame[]): string[] {
  const verifier = new Verifier();
  const verdicts = [...verifier.push(frames), ...verifier.end()];
  const status = { good: '1', bad: '0', none: '3', 'not-computed': '0' };
  return verdicts.flatMap(({ udp }) => (udp === null ? [] : [`${udp.length} ${status[udp.checksum]}`]));
}
