import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Verifier } from '../../src/verify/verifier.js';
import { encodePcap } from '../../src/wire/capture-encoder.js';
import type { Frame } from '../../src/wire/frame.js';
import { pcapFormat } from '../../src/wire/pcap-format.js';
import { PcapReader } from '../../src/wire/pcap-reader.js';
import { flow4, flow6, fragments, frame, pattern, udpPacket, whole } from '../verify/build.js';

/** xorshift32: a failing run is repeated by its seed. */
function random(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}
const LINKTYPES = [0, 1, 12, 101, 108, 113, 228, 229, 276, 147];
const limits = { maxOctets: 1 << 20, maxPending: 64, maxHeld: 64 };

const valid: Uint8Array[] = [flow4, flow6].flatMap((flow) => [
  ...fragments(flow, udpPacket(flow, pattern(3000)), 504),
  whole(flow, udpPacket(flow, pattern(100))),
]);

/** Judges the frames in batches; every datagram must be counted once, whatever it is. */
function judge(frames: readonly Frame[]): void {
  const verifier = new Verifier({ limits, observe: () => [] });
  let count = 0;
  for (let i = 0; i < frames.length; i += 7) count += verifier.push(frames.slice(i, i + 7)).length;
  const rest = verifier.end();
  const { datagrams, good, bad, incomplete } = verifier.summary({ captureLost: null });
  assert.equal(datagrams, count + rest.length);
  assert.equal(datagrams, good + bad + incomplete);
}

describe('fuzzing the verifier', () => {
  it('with random frames of any link type throws nothing', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const next = random(seed);
      const frames = Array.from({ length: 300 }, () => {
        const packet = Uint8Array.from({ length: next(120) }, () => next(256));
        if (packet.length > 40 && next(2) === 0) packet.set([next(2) ? 0x45 : 0x60, 0, 0, next(120)]);
        return { ...frame(packet, next(100), next(3) === 0 ? next(100) : 1e6), linktype: LINKTYPES[next(10)]! };
      });
      judge(frames);
    }
  });

  it('with mutated fragments throws nothing', () => {
    for (let seed = 1; seed <= 120; seed++) {
      const next = random(seed * 7919);
      const frames = Array.from({ length: 120 }, () => {
        const packet = valid[next(valid.length)]!.slice(0, 1e6);
        for (let i = next(4); i > 0; i--) packet[next(next(2) ? packet.length : 60)] = next(256);
        const kept = next(8) === 0 ? packet.slice(0, next(packet.length)) : packet;
        return frame(kept, next(200), next(10) === 0 ? next(200) : 1e6);
      });
      judge(frames);
    }
  });

  it('with a mutated capture file throws nothing but for its file header', () => {
    const file = encodePcap(
      valid.map((packet) => frame(packet)),
      pcapFormat(101),
    );
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed * 104_729);
      const mutated = file.slice(0, next(4) === 0 ? 24 + next(file.length - 24) : file.length);
      for (let i = next(6); i > 0; i--) mutated[24 + next(mutated.length - 24)] = next(256);
      const reader = new PcapReader();
      const frames: Frame[] = [];
      for (let at = 0; at < mutated.length; ) {
        const len = 1 + next(4000);
        frames.push(...reader.push(mutated.slice(at, at + len)));
        at += len;
      }
      reader.end();
      judge(frames);
    }
  });
});
