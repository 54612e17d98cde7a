import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Verifier } from '../../src/verify/verifier.js';
import { encodePcap } from '../../src/wire/capture-encoder.js';
import type { Frame } from '../../src/wire/frame.js';
import { pcapFormat } from '../../src/wire/pcap-format.js';
import { flow4, flow6, fragments, frame, pattern, udpPacket, whole } from './build.js';

const missing = spawnSync('tshark', ['--version']).error ? 'tshark is not installed' : false;

/** UDP datagrams as tshark sees them: payload length and whether the checksum is right. */
function witness(frames: readonly Frame[]): string[] {
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
function ours(frames: readonly Frame[]): string[] {
  const verifier = new Verifier();
  const verdicts = [...verifier.push(frames), ...verifier.end()];
  const status = { good: '1', bad: '0', none: '3', 'not-computed': '0' };
  return verdicts.flatMap(({ udp }) => (udp === null ? [] : [`${udp.length} ${status[udp.checksum]}`]));
}

describe('tshark as a witness', { skip: missing }, () => {
  it('agrees on good, incomplete and wrong datagrams of both families', () => {
    const frames: Frame[] = [];
    let time = 1_000;
    const add = (packets: readonly Uint8Array[]): void => {
      for (const packet of packets) {
        time += 0.001;
        frames.push(frame(packet, time));
      }
    };
    let ident = 100;
    for (const base of [flow4, flow6]) {
      for (const len of [0, 1, 1472, 1473, 4000, 65_507]) {
        for (const gsoSize of [1448, 8 * 100, 8 * 1000]) {
          const flow = { ...base, ident: ident++ };
          add(fragments(flow, udpPacket(flow, pattern(len)), gsoSize));
        }
        add([whole(base, udpPacket(base, pattern(Math.min(len, 9000))))]);
      }
      const reversed = { ...base, ident: ident++ };
      add(fragments(reversed, udpPacket(reversed, pattern(5000))).reverse());
      const holed = { ...base, ident: ident++ };
      add(fragments(holed, udpPacket(holed, pattern(5000))).slice(1));
      const wrong = { ...base, ident: ident++ };
      const packet = udpPacket(wrong, pattern(5000));
      packet[3000]! ^= 1;
      add(fragments(wrong, packet));
      const none = { ...base, ident: ident++ };
      const unsummed = udpPacket(none, pattern(3000));
      unsummed.fill(0, 6, 8);
      if (base.family === 4) add(fragments(none, unsummed));
    }
    const seen = witness(frames);
    assert.ok(seen.length >= 40, `tshark saw ${seen.length} datagrams`);
    assert.deepEqual(ours(frames), seen);
  });
});
