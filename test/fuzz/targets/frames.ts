import assert from 'node:assert/strict';
import { FrameExpectation } from '../../../src/compare/frames/expectation.js';
import { Verifier } from '../../../src/verify/verifier.js';
import type { Frame } from '../../../src/wire/frame.js';
import { cuts, type Flow, flow4, flow6, fragment, pattern, udpPacket, whole } from '../../verify/build.js';
import { mutateOctets } from '../mutate.js';
import { joined } from '../octets.js';
import type { Random } from '../random.js';
import { same } from '../same.js';
import { octetsOf, type Target } from '../target.js';

const LIMITS = { maxOctets: 1 << 20, maxPending: 8, maxHeld: 8 };
/** Findings of each level that a verdict has at most, and what says that there were more. */
const MOST_FINDINGS = 65;

/** What stands in front of IP: link types, tags, labels, tunnels. */
export const linkLayers: Target = {
  name: 'link-layers',
  executions: 15_000,
  make: (random, corpus) =>
    mutateOctets(random.once(20) ? octetsOf(random.pick(corpus)) : linkFrames(random), random, 0, 3),
  check: checkFrames,
};

/** IP headers with options and extension headers, whole and in fragments. */
export const headers: Target = {
  name: 'headers',
  executions: 15_000,
  make: (random, corpus) =>
    mutateOctets(random.once(20) ? octetsOf(random.pick(corpus)) : headerFrames(random), random, 0, 3),
  check: checkFrames,
};

/** Both, each frame held against itself. */
export const knownAgain: Target = {
  name: 'known-again',
  executions: 5_000,
  make: (random, corpus) => (random.once(2) ? linkLayers : headers).make(random, corpus),
  check: (input) => checkKnownAgain(unpack(octetsOf(input))),
};

/** Every frame ends in one count and every datagram in one verdict, the same however the frames come in. */
function checkFrames(input: string | Uint8Array): void {
  const frames = unpack(octetsOf(input));
  const [one, all] = [judge(frames, 1), judge(frames, frames.length)];
  if (!same(one, all)) assert.deepEqual(one, all);
}

/** What was sent and came as it was is good, whatever it holds. */
function checkKnownAgain(frames: readonly Frame[]): void {
  const expectation = new FrameExpectation({ strict: true, sameLink: true });
  for (const frame of frames) expectation.add(frame);
  for (const frame of frames) expectation.take(frame);
  const { good, missing, uncompared } = expectation.result({ captureLost: 0 });
  // What was cut counts twice as not compared: told, and seen.
  assert.deepEqual([good, missing], [frames.length - uncompared / 2, 0]);
}

function judge(frames: readonly Frame[], batch: number): readonly unknown[] {
  const verifier = new Verifier({ limits: LIMITS, hash: false, sightings: true, observe: () => [] });
  const verdicts = [];
  for (let at = 0; at < frames.length; at += batch) verdicts.push(...verifier.push(frames.slice(at, at + batch)));
  verdicts.push(...verifier.end());
  const summary = verifier.summary({ captureLost: null });
  const { judged, other, headersCut, notJudged, datagrams, good, bad, incomplete } = summary;
  const hidden = Object.values(notJudged).reduce((sum, count) => sum + count, 0);
  assert.equal(judged + other + headersCut + hidden, frames.length);
  assert.equal(good + bad + incomplete + summary.reassembled + summary.offloaded + summary.spliced, datagrams);
  assert.equal(datagrams, verdicts.length);
  for (const { mismatches, notes } of verdicts) {
    assert.ok(mismatches.length <= MOST_FINDINGS && notes.length <= MOST_FINDINGS, 'findings without end');
  }
  return [summary, verdicts];
}

/*
 * The input: for each frame its link type, how many octets the wire had more, its length, and its octets.
 */
const FRAME_HEAD = 5;

function unpack(octets: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + FRAME_HEAD <= octets.length; ) {
    const linktype = octets[at]! === 255 ? 276 : octets[at]!;
    const more = octets[at + 1]! * 256 + octets[at + 2]!;
    const caplen = Math.min(octets[at + 3]! * 256 + octets[at + 4]!, octets.length - at - FRAME_HEAD);
    // Of its own buffer, so that a look behind the frame is a look behind the buffer.
    const bytes = octets.slice(at + FRAME_HEAD, at + FRAME_HEAD + caplen);
    frames.push({ bytes, offset: 0, caplen, len: caplen + more, linktype, seconds: 1, nanoseconds: frames.length });
    at += FRAME_HEAD + caplen;
  }
  return frames;
}

function pack(linktype: number, octets: Uint8Array, more = 0): Uint8Array {
  const head = [linktype === 276 ? 255 : linktype, more >> 8, more & 255, octets.length >> 8, octets.length & 255];
  return joined(head, octets);
}

function linkFrames(random: Random): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let count = 1 + random.below(3); count > 0; count--) {
    const [linktype, octets] = inLink(someIp(random), random);
    const cut = random.once(6) ? random.below(octets.length + 1) : octets.length;
    frames.push(pack(linktype, octets.subarray(0, cut), octets.length - cut));
  }
  return joined(...frames);
}

const word = (value: number): number[] => [(value >>> 8) & 255, value & 255];
const MACS = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];

/** `ip` behind a few tags and labels, in a frame of some link type. */
function inLink(ip: Uint8Array, random: Random): [number, Uint8Array] {
  const family = ip[0]! >> 4;
  let etherType = family === 6 ? 0x86dd : 0x0800;
  let octets = ip;
  for (let layers = random.below(4); layers > 0; layers--) [etherType, octets] = layered(etherType, octets, random);
  const macs = random.once(8) ? MACS.map(() => 0) : MACS;
  const af = family === 6 ? random.pick([10, 24, 28, 30]) : 2;
  switch (random.below(9)) {
    case 0:
      return [113, joined([0, random.below(5), 3, 4, 0, 6], MACS.slice(0, 8), word(etherType), octets)];
    case 1:
      return [276, joined(word(etherType), [0, 0, 0, 0, 0, 1, 3, 4, 0, 6], MACS.slice(0, 8), octets)];
    case 2:
      return random.once(2) ? [0, joined([af, 0, 0, 0], ip)] : [108, joined([0, 0, 0, af], ip)];
    case 3:
      return [random.pick([9, 50]), joined([255, 3, 0, family === 6 ? 0x57 : 0x21], ip)];
    case 4:
      return [random.pick([12, 14, 101, 228, 229]), ip];
    case 5:
      return [51, joined([0x11, 0, 0, 7], word(ip.length + 2), [0, family === 6 ? 0x57 : 0x21], ip)];
    default:
      return [1, joined(macs, word(etherType), octets)];
  }
}

function layered(next: number, octets: Uint8Array, random: Random): [number, Uint8Array] {
  switch (random.below(7)) {
    case 0:
      return [random.pick([0x8100, 0x88a8, 0x9100]), joined(word(random.below(0x1_0000)), word(next), octets)];
    case 1:
      return [random.pick([0x8847, 0x8848]), joined([0, random.below(256), random.once(2) ? 0x41 : 0x40, 64], octets)];
    case 2:
      return [octets.length + 8, joined([0xaa, 0xaa, 3, 0, 0, 0], word(next), octets)];
    case 3:
      return [0x88e7, joined([0, 0, 0, random.below(256)], MACS, word(next), octets)];
    case 4:
      return [0x0800, tunnel(47, joined([0x20, 0], word(next), [0, 0, 0, random.below(256)], octets))];
    case 5:
      return [0x0800, overUdp(4789, joined([8, 0, 0, 0, 0, 0, 42, 0], MACS, word(next), octets))];
    default:
      return [0x0800, overUdp(6081, joined([1, 0, 0x65, 0x58, 0, 0, 9, 0, 0, 0, 0, 0], MACS, word(next), octets))];
  }
}

function tunnel(protocol: number, octets: Uint8Array): Uint8Array {
  return whole({ ...flow4, protocol }, octets);
}

function overUdp(port: number, octets: Uint8Array): Uint8Array {
  return tunnel(17, udpPacket(flow4, octets, [50_000, port]));
}

function headerFrames(random: Random): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let count = 1 + random.below(3); count > 0; count--) {
    const ip = someIp(random);
    const cut = random.once(6) ? random.below(ip.length + 1) : ip.length;
    frames.push(pack(101, ip.subarray(0, cut), ip.length - cut));
  }
  return joined(...frames);
}

const PROTOCOLS = [17, 17, 17, 17, 1, 58, 2, 6, 136, 4, 41, 47, 59, 0, 43, 44, 50, 51, 60];

/** A packet or fragment with whatever may stand in its header. */
function someIp(random: Random): Uint8Array {
  const base = random.pick([flow4, flow6]);
  const protocol = random.once(2) ? 17 : random.pick(PROTOCOLS);
  const flow: Flow = { ...base, protocol, ident: 1 + random.below(2) };
  const packet = udpPacket(flow, pattern(random.below(80), random.below(2)));
  const wholeOne = random.once(3);
  if (wholeOne && random.once(2)) return whole(flow, packet);
  const piece = wholeOne
    ? { offset: 0, len: packet.length, more: false }
    : random.pick(cuts(packet.length, 8 * (1 + random.below(6))));
  if (base.family === 4) return fragment(flow, packet, piece, random.once(2) ? {} : { options: someOptions(random) });
  return fragment(flow, packet, piece, random.once(3) ? {} : { extensions: someExtensions(random) });
}

const OPTION_TYPES = [0, 1, 1, 7, 68, 130, 131, 137, 148, 30, 158];

function someOptions(random: Random): Uint8Array {
  const octets: number[] = [];
  for (let count = random.below(4); count > 0; count--) {
    const type = random.pick(OPTION_TYPES);
    const len = random.pick([2, 3, 4, 7, 8, 11, random.below(40)]);
    octets.push(type);
    if (type > 1)
      octets.push(
        len,
        ...[random.pick([4, 8, 5, random.below(40)]), ...random.octets(12)].slice(0, Math.max(0, len - 2)),
      );
  }
  while (octets.length % 4 !== 0) octets.push(0);
  return Uint8Array.from(octets.slice(0, 40));
}

/** A chain that ends in the fragment header, or in something else. */
function someExtensions(random: Random): { nextHeader: number; octets: Uint8Array } {
  const types = Array.from({ length: 1 + random.below(3) }, () => random.pick([0, 0, 43, 60, 60, 51, 135]));
  const octets = types.flatMap((_, i) => {
    const words = random.below(3);
    const next = types[i + 1] ?? (random.once(8) ? 17 : 44);
    const body = random.once(2)
      ? [1, 4, 0, 0, 0, 0]
      : [random.pick([0, 3, 4]), random.below(4), ...optionOctets(random)];
    return [next, words, ...body.slice(0, 6), ...random.octets(8 * words)];
  });
  return { nextHeader: types[0]!, octets: Uint8Array.from(octets) };
}

function optionOctets(random: Random): number[] {
  return [random.pick([0, 1, 5, 0xc2, 0xc9, 0x63, 0x9e]), random.pick([0, 2, 4, 16]), 0, 0];
}
