import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Frame } from '../../src/wire/frame.js';
import { flow4, flow6, fragments, frame, pattern, udpPacket, whole } from './build.js';
import { missing, ours, witness } from './tshark.js';

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
