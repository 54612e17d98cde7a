import assert from 'node:assert/strict';
import type { DatagramVerdict } from '../../../src/verify/verdict.js';
import { Verifier } from '../../../src/verify/verifier.js';
import { encodePcap } from '../../../src/wire/capture-encoder.js';
import { CaptureReader } from '../../../src/wire/capture-reader.js';
import { type Frame, frameData } from '../../../src/wire/frame.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import { LINKTYPE_RAW } from '../../../src/wire/link-layer.js';
import { pcapFormat } from '../../../src/wire/pcap-format.js';
import { cuts, type Flow, flow4, flow6, fragment, frame, pattern, udpPacket, whole } from '../../verify/build.js';
import { reassembleByOracle } from '../oracle.js';
import type { Random } from '../random.js';
import { octetsOf, type Target } from '../target.js';

/** Frames of a few datagrams, lost, repeated, in any order, and wrong in all that a second reassembler knows. */
export const reassembly: Target = {
  name: 'reassembly',
  executions: 15_000,
  make: (random) => encodePcap(someFrames(random), pcapFormat(LINKTYPE_RAW)),
  check: (input, random) => {
    const octets = octetsOf(input);
    const frames = new CaptureReader().push(octets);
    const want = reassembleByOracle(
      frames.map((one) => ({
        time: one.seconds + one.nanoseconds / 1e9,
        octets: frameData(one),
        len: one.len,
      })),
    );
    const once = judgeFrames(frames);
    const text = ({ family, ident, verdict }: Told): string => `${family} ${ident} ${verdict}`;
    const chunkLen = random.once(2) ? octets.length : 50 + random.below(400);
    const asRecords = judgeRecords(octets, chunkLen, frames.length, random.once(2));
    assert.deepEqual(asRecords.map(text), once.map(text), `as records, by ${chunkLen} octets`);
    // Where idents come again the verifier knows more of flows than any one datagram tells, and says so.
    if (once.some(({ met }) => met)) assert.ok(identsRepeat(want), 'spliced, though no ident came again');
    else assert.deepEqual(once.map(text).sort(), want.map(text).sort());
  },
};

interface Told {
  readonly family: 4 | 6;
  readonly ident: number | null;
  readonly verdict: string;
}

interface Judged extends Told {
  readonly met: boolean;
}

function identsRepeat(datagrams: readonly Told[]): boolean {
  return new Set(datagrams.map(({ family, ident }) => `${family} ${ident}`)).size < datagrams.length;
}

/** One object a frame, one frame at a time. */
function judgeFrames(frames: readonly Frame[]): Judged[] {
  const verifier = new Verifier({ hash: false });
  const verdicts = frames.flatMap((one) => verifier.push([one]));
  return told(verifier, [...verdicts, ...verifier.end()], frames.length);
}

/** As files are read: records where they lie, `own` in the memory of the verifier's kernel. */
function judgeRecords(octets: Uint8Array, chunkLen: number, frames: number, own: boolean): Judged[] {
  const verifier = new Verifier({ hash: false });
  const reader = new CaptureReader();
  const buffers = own ? verifier.readBuffers : [];
  const verdicts: DatagramVerdict[] = [];
  for (let at = 0, turn = 0; at < octets.length; at += chunkLen, turn++) {
    const chunk = octets.slice(at, at + chunkLen);
    const buffer = buffers[turn % 2];
    buffer?.set(chunk);
    verdicts.push(...verifier.pushRuns(reader.runs(buffer?.subarray(0, chunk.length) ?? chunk)));
  }
  return told(verifier, [...verdicts, ...verifier.end()], frames);
}

function told(verifier: Verifier, verdicts: readonly DatagramVerdict[], frames: number): Judged[] {
  const { judged, headersCut, other, notJudged, datagrams } = verifier.summary({ captureLost: null });
  assert.equal(judged + headersCut + other, frames);
  assert.deepEqual([notJudged, datagrams], [{}, verdicts.length]);
  return verdicts.map(({ family, ident, verdict, fragments, findings }) => ({
    family,
    ident: family === 6 && fragments === 0 ? null : ident,
    verdict,
    met: findings.some(({ code }) => code === 'spliced' || code === 'ident-came-again'),
  }));
}

export function someFrames(random: Random): Frame[] {
  const packets: Uint8Array[] = [];
  for (let datagrams = 1 + random.below(3); datagrams > 0; datagrams--) packets.push(...somePackets(random));
  if (random.once(3)) shuffle(packets, random);
  const snaplen = random.once(8) ? random.below(120) : 65_535;
  let time = 1_000_000;
  const frames = packets.map((packet) => {
    time += random.once(60) ? 500 : 0.001;
    const padded = random.once(10) ? Uint8Array.of(...packet, ...random.octets(random.below(6))) : packet;
    return frame(padded, time, snaplen);
  });
  return frames.filter(({ caplen }) => caplen > 0);
}

/** One datagram's packets. One ident is used often, so that datagrams meet. */
function somePackets(random: Random): Uint8Array[] {
  const base = random.pick([flow4, flow6]);
  const flow: Flow = { ...base, ident: random.once(4) ? 1 : 1 + random.below(1000) };
  const large = random.once(20);
  const packet = udpPacket(flow, pattern(random.below(large ? 2000 : 160), random.below(3)));
  if (random.once(6)) packet[random.below(8)] = random.below(256);
  if (random.once(8)) return [spoil(whole(flow, packet), random)];
  let pieces = cuts(packet.length, 8 * (1 + random.below(8)) + (large ? 256 : 0));
  if (random.once(6)) pieces = pieces.map((piece) => (random.once(4) ? oddPiece(piece, random) : piece));
  const made = pieces.map((piece) => fragment(flow, packet, piece));
  if (random.once(4)) made.splice(random.below(made.length), 1);
  for (let times = random.below(3); times > 0; times--) made.push(random.pick([...made, whole(flow, packet)]));
  if (random.once(2)) shuffle(made, random);
  return made.map((one) => (random.once(12) ? spoil(one, random) : one));
}

type Piece = ReturnType<typeof cuts>[number];

function oddPiece({ offset, len, more }: Piece, random: Random): Piece {
  return {
    offset: Math.min(65_528, random.once(2) ? offset : 8 * random.below(random.once(8) ? 8192 : 12)),
    len: random.once(2) ? len : random.below(80),
    more: random.once(4) ? !more : more,
  };
}

/** Changes a field that the second reassembler knows, with the header checksum made right again or not. */
function spoil(packet: Uint8Array, random: Random): Uint8Array {
  const view = new DataView(packet.buffer);
  if (packet[0]! >> 4 === 6) {
    const at = random.pick([4, 5, 7, 39, ...(packet[6] === 44 ? [41, 42, 43, 47] : []), packet.length - 1]);
    packet[at]! ^= 1 << random.below(8);
    return packet;
  }
  packet[random.pick([1, 2, 3, 4, 5, 6, 6, 7, 8, 10, 11, 19, packet.length - 1])]! ^= 1 << random.below(8);
  if (random.once(2)) ipv4.fillChecksum(view, 0);
  return packet;
}

function shuffle<T>(list: T[], random: Random): void {
  for (let i = list.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [list[i], list[other]] = [list[other]!, list[i]!];
  }
}
