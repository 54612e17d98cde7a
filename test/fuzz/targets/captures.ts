import assert from 'node:assert/strict';
import { UfoError } from '../../../src/errors.js';
import { CaptureReader } from '../../../src/wire/capture-reader.js';
import { type Frame, frameData } from '../../../src/wire/frame.js';
import { mutateOctets } from '../mutate.js';
import type { Random } from '../random.js';
import { type Input, octetsOf, type Target } from '../target.js';

const MAGICS = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0x0a0d0d0a, 0xfd377a58];
const LINKTYPES = [0, 1, 9, 12, 14, 50, 51, 101, 108, 113, 228, 229, 276, 147];

export const pcap: Target = {
  name: 'pcap',
  executions: 60_000,
  make: (random, corpus) => mutateOctets(random.once(20) ? someOf(random, corpus) : pcapFile(random), random, 0, 3),
  check: checkReading,
};

export const pcapng: Target = {
  name: 'pcapng',
  executions: 60_000,
  make: (random, corpus) => mutateOctets(random.once(20) ? someOf(random, corpus) : pcapngFile(random), random, 0, 3),
  check: checkReading,
};

/** Files of any size are read by chunks of any size to the same frames, and end in the same words. */
function checkReading(input: Input, random: Random): void {
  const octets = octetsOf(input);
  const whole = read(octets, () => octets.length);
  const chunked = read(octets, () => 1 + random.below(random.once(2) ? 8 : 300));
  assert.deepEqual(chunked.told, whole.told);
  assert.equal(chunked.frames.length, whole.frames.length);
  let octetsOfFrames = 0;
  for (const [i, frame] of whole.frames.entries()) {
    assert.ok(sameFrame(frame, chunked.frames[i]!), `frame ${i + 1} differs`);
    assert.ok(frame.caplen >= 0 && frame.offset + frame.caplen <= frame.bytes.length, `frame ${i + 1} overruns`);
    assert.ok(frame.nanoseconds >= 0 && Number.isFinite(frame.seconds), `time of frame ${i + 1}`);
    octetsOfFrames += frame.caplen;
  }
  assert.ok(octetsOfFrames <= octets.length, 'more than the file has');
}

function read(octets: Uint8Array, chunkLen: () => number): { told: unknown; frames: Frame[] } {
  const reader = new CaptureReader();
  const frames: Frame[] = [];
  try {
    for (let at = 0; at < octets.length; ) {
      const end = Math.min(octets.length, at + chunkLen());
      frames.push(...reader.push(octets.slice(at, end)));
      at = end;
    }
    const { lost, remarks, comments } = reader;
    return { told: [reader.end(), lost, remarks, comments], frames };
  } catch (error) {
    if (!(error instanceof UfoError) || error.code !== 'ERR_UFO_NOT_A_PCAP') throw error;
    return { told: error.code, frames: [] };
  }
}

function sameFrame(a: Frame, b: Frame): boolean {
  const fields = ['caplen', 'len', 'linktype', 'comment', 'seconds', 'nanoseconds'] as const;
  return fields.every((name) => a[name] === b[name]) && Buffer.compare(frameData(a), frameData(b)) === 0;
}

function someOf(random: Random, corpus: readonly Input[]): Uint8Array {
  return octetsOf(random.pick(corpus));
}

/** A file with a header that is mostly right, and records of which some are not. */
function pcapFile(random: Random): Uint8Array {
  const out = new Octets(random.once(2));
  for (let files = random.once(8) ? 2 : 1; files > 0; files--) {
    out.u32(random.pick(MAGICS.slice(0, random.once(20) ? 7 : 4)));
    out.u16(random.once(30) ? random.below(4) : 2);
    out.u16(random.pick([4, 4, 4, 3, 2, random.below(6)]));
    out.u32(0);
    out.u32(0);
    out.u32(random.number());
    out.u32(random.pick(LINKTYPES) | (random.once(10) ? 0xf400_0000 : 0));
    for (let records = random.below(5); records > 0; records--) record(out, random);
  }
  return out.done();
}

function record(out: Octets, random: Random): void {
  const caplen = random.below(40);
  const len = random.once(3) ? caplen + random.below(2000) : caplen;
  const lengths = random.once(4) ? [len, caplen] : [caplen, len];
  for (const word of [random.number(), random.below(1e9)]) out.u32(word);
  for (const word of lengths) out.u32(random.once(20) ? random.number() : word);
  out.put(random.octets(caplen));
}

const BLOCKS = [0x0a0d0d0a, 1, 2, 3, 4, 5, 6, 6, 6, 6, 10, 0x0bad, 0x8000_0001];

function pcapngFile(random: Random): Uint8Array {
  const out = new Octets(random.once(2));
  sectionBlock(out, random);
  interfaceBlock(out, random);
  for (let blocks = random.below(6); blocks > 0; blocks--) {
    const type = random.pick(BLOCKS);
    if (type === 0x0a0d0d0a) sectionBlock(out, random);
    else if (type === 1) interfaceBlock(out, random);
    else block(out, type, bodyOf(type, random, out.little), random);
  }
  return out.done();
}

function sectionBlock(out: Octets, random: Random): void {
  const body = new Octets(out.little);
  body.u32(random.once(40) ? random.number() : 0x1a2b3c4d);
  body.u16(random.once(20) ? 2 : 1);
  body.u16(random.below(3));
  for (let words = 2; words > 0; words--) body.u32(random.once(2) ? 0xffff_ffff : random.number());
  options(body, random);
  block(out, 0x0a0d0d0a, body.done(), random);
}

function interfaceBlock(out: Octets, random: Random): void {
  const body = new Octets(out.little);
  body.u16(random.pick(LINKTYPES));
  body.u16(0);
  body.u32(random.once(2) ? 0 : random.number());
  options(body, random);
  block(out, 1, body.done(), random);
}

function bodyOf(type: number, random: Random, little: boolean): Uint8Array {
  const body = new Octets(little);
  const caplen = random.below(40);
  if (type === 6 || type === 5 || type === 2) {
    const ids = type === 2 ? [random.below(3), random.below(4)] : [];
    for (const id of ids) body.u16(id);
    if (type !== 2) body.u32(random.once(4) ? random.number() : random.below(2));
    for (let words = 2; words > 0; words--) body.u32(random.number());
  }
  if (type === 6 || type === 2) body.u32(random.once(20) ? random.number() : caplen);
  if (type === 6 || type === 2 || type === 3) body.u32(random.once(3) ? random.number() : caplen);
  body.put(random.octets(type === 5 ? 0 : caplen));
  body.pad();
  options(body, random);
  return body.done();
}

const OPTIONS = [1, 2, 3, 4, 5, 9, 14, 2988];

function options(body: Octets, random: Random): void {
  for (let count = random.below(3); count > 0; count--) {
    const value = random.octets(random.pick([0, 1, 1, 4, 8, 8, 8, random.below(20)]));
    body.u16(random.pick(OPTIONS));
    body.u16(random.once(20) ? random.number() & 0xffff : value.length);
    body.put(value);
    body.pad();
  }
  if (random.once(2)) body.u32(0);
}

function block(out: Octets, type: number, body: Uint8Array, random: Random): void {
  const len = random.once(30) ? random.number() : body.length + 12;
  out.u32(type);
  out.u32(len);
  out.put(body);
  out.u32(random.once(30) ? random.number() : len);
}

/** Octets as they are written, in one byte order. */
class Octets {
  readonly little: boolean;
  #octets: number[] = [];

  constructor(little: boolean) {
    this.little = little;
  }

  u16(value: number): void {
    const octets = [value & 0xff, (value >>> 8) & 0xff];
    this.#octets.push(...(this.little ? octets : octets.reverse()));
  }

  u32(value: number): void {
    const halves = [value & 0xffff, value >>> 16];
    for (const half of this.little ? halves : halves.reverse()) this.u16(half);
  }

  put(octets: Uint8Array): void {
    for (const octet of octets) this.#octets.push(octet);
  }

  pad(): void {
    while (this.#octets.length % 4 !== 0) this.#octets.push(0);
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#octets);
  }
}
