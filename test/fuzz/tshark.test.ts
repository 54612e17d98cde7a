import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Frame } from '../../src/wire/frame.js';
import { cuts, type Flow, flow4, flow6, fragment, frame, pattern, udpPacket } from '../verify/build.js';
import { missing, ours, witness } from '../verify/tshark.js';
import { Random } from './random.js';

const DATAGRAMS = 400;

/** Fragments of a datagram in any order, some twice, now and then one lost or an octet wrong. */
function someFragments(flow: Flow, random: Random): Uint8Array[] {
  const packet = udpPacket(flow, pattern(8 + random.below(600), random.below(9)));
  const pieces = cuts(packet.length, 8 * (1 + random.below(20)));
  const made = pieces.map((piece) => fragment(flow, packet, piece));
  for (let i = made.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [made[i], made[other]] = [made[other]!, made[i]!];
  }
  // Never the last one again: with it a receiver has all, and what comes then is another's.
  if (made.length > 1 && random.once(3)) made.splice(1, 0, made[0]!);
  if (made.length > 1 && random.once(5)) made.splice(random.below(made.length), 1);
  const victim = random.pick(made);
  if (random.once(5)) victim[victim.length - 1]! ^= 1 << random.below(8);
  return made;
}

describe('tshark and captures that were made up', { skip: missing }, () => {
  it(`agree on which of ${DATAGRAMS} datagrams are whole, and which of those are right`, () => {
    const random = new Random(12, 0);
    const queues = Array.from({ length: DATAGRAMS }, (_, i) =>
      someFragments({ ...random.pick([flow4, flow6]), ident: i + 1 }, random),
    );
    const frames: Frame[] = [];
    // A few datagrams are on the way at a time, their fragments mixed.
    while (queues.length > 0) {
      const at = random.below(Math.min(5, queues.length));
      frames.push(frame(queues[at]!.shift()!, 1000 + frames.length / 1000));
      if (queues[at]!.length === 0) queues.splice(at, 1);
    }
    const told = ours(frames);
    assert.ok(told.length > DATAGRAMS / 2 && told.length < DATAGRAMS, `${told.length} whole`);
    assert.deepEqual(told.sort(), witness(frames).sort());
  });
});
