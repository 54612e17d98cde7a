import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Verifier } from '../../src/verify/verifier.js';
import type { Frame } from '../../src/wire/frame.js';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../src/wire/link-layer.js';
import { flow4, flow6, fragments, frame, pattern, udpPacket } from './build.js';

function onEthernet(packet: Uint8Array, last: number): Frame {
  const type = packet[0]! >>> 4 === 4 ? [0x08, 0] : [0x86, 0xdd];
  const bytes = Uint8Array.of(2, 0, 0x5e, 0, 0x53, last, 2, 0, 0x5e, 0, 0x53, 1, ...type, ...packet);
  return { ...frame(bytes), linktype: LINKTYPE_ETHERNET };
}

function judge(frames: readonly Frame[]) {
  const verifier = new Verifier({ hash: false, strict: true });
  return [...verifier.push(frames), ...verifier.end()].map(({ verdict, notes }) => [verdict, notes] as const);
}

describe('fragments of one datagram', () => {
  for (const flow of [flow4, flow6]) {
    const pieces = fragments(flow, udpPacket(flow, pattern(4000)), 1480);

    it(`of IPv${flow.family} to two stations are right, with a note: two routers may both lead on`, () => {
      const [one] = judge(pieces.map((packet, i) => onEthernet(packet, i === 1 ? 9 : 2)));
      const text = 'fragment #2: destination MAC got 02:00:5e:00:53:09, fragment #1 has 02:00:5e:00:53:02';
      assert.deepEqual(one, ['good', [text]]);
    });

    it(`of IPv${flow.family} over a link without addresses and one with them are right`, () => {
      for (const bare of [0, 1, 2]) {
        const frames = pieces.map((packet, i) =>
          i === bare ? { ...frame(packet), linktype: LINKTYPE_RAW } : onEthernet(packet, 2),
        );
        assert.deepEqual(judge(frames), [['good', []]]);
      }
    });
  }
});
