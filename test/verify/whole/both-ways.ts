import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { FrameJudge } from '../../../src/verify/frame-judge.js';
import type { DatagramVerdict, VerifySummary } from '../../../src/verify/verdict.js';
import { Verifier, type VerifierOptions } from '../../../src/verify/verifier.js';
import { encodeCapture } from '../../../src/wire/capture-encoder.js';
import { captureFormat, PlainFormat } from '../../../src/wire/capture-format.js';
import { CaptureReader } from '../../../src/wire/capture-reader.js';
import type { Frame } from '../../../src/wire/frame.js';
import { pcapFormat } from '../../../src/wire/pcap-format.js';

/** What a verification came to. */
export interface Judged {
  readonly verdicts: readonly DatagramVerdict[];
  readonly summary: VerifySummary;
  /** Frames that were looked at one by one. */
  readonly oneByOne: number;
}

/** How a capture file is written, and how its octets come. */
export interface Way {
  readonly kind: 'pcap' | 'microseconds' | 'big-endian' | 'pcapng';
  /** Octets at a time; read into the verifier's own memory or elsewhere. */
  readonly chunkLen: number;
  readonly own: boolean;
}

export const WAYS: readonly Way[] = [
  { kind: 'pcap', chunkLen: 1 << 19, own: true },
  { kind: 'pcap', chunkLen: 1 << 16, own: false },
  { kind: 'pcap', chunkLen: 3001, own: true },
  { kind: 'pcapng', chunkLen: 7777, own: false },
  { kind: 'microseconds', chunkLen: 50_000, own: true },
  { kind: 'big-endian', chunkLen: 1 << 16, own: false },
];

/** Frames of one link type as a capture file. */
export function fileOf(frames: readonly Frame[], kind: Way['kind']): Uint8Array {
  const linktype = frames[0]?.linktype ?? 1;
  const format =
    kind === 'pcapng'
      ? captureFormat('pcapng', { linktype })
      : new PlainFormat(
          pcapFormat(linktype, { nanosecond: kind !== 'microseconds', littleEndian: kind !== 'big-endian' }),
        );
  return encodeCapture(frames, format);
}

/** Judges a capture file frame by frame, as runs of records, or by turns. */
export function judge(file: Uint8Array, by: 'frames' | 'runs' | 'turns', way: Way, options: VerifierOptions): Judged {
  const looked = mock.method(FrameJudge.prototype, 'frame');
  try {
    const verifier = new Verifier({ hash: false, ...options });
    const buffers = way.own ? verifier.readBuffers : [];
    const reader = new CaptureReader();
    const verdicts: DatagramVerdict[] = [];
    for (let at = 0, turn = 0; at < file.length; at += way.chunkLen, turn++) {
      const octets = file.subarray(at, at + way.chunkLen);
      const buffer = buffers[turn % 2];
      buffer?.set(octets);
      const chunk = buffer?.subarray(0, octets.length) ?? octets.slice();
      const asRuns = by === 'runs' || (by === 'turns' && turn % 3 > 0);
      verdicts.push(...(asRuns ? verifier.pushRuns(reader.runs(chunk)) : verifier.push(reader.push(chunk))));
    }
    verdicts.push(...verifier.end());
    return { verdicts, summary: verifier.summary({ captureLost: null }), oneByOne: looked.mock.callCount() };
  } finally {
    looked.mock.restore();
  }
}

/** That a capture is judged the same as records and frame by frame; returns the former. */
export function assertSame(frames: readonly Frame[], way: Way, options: VerifierOptions, what: string): Judged {
  const file = fileOf(frames, way.kind);
  const want = judge(file, 'frames', way, options);
  const told = { verdicts: want.verdicts, summary: want.summary };
  const by = (how: 'runs' | 'turns', tellGood: boolean, wanted: typeof told): Judged => {
    const judged = judge(file, how, way, { ...options, tellGood });
    const { verdicts, summary } = judged;
    assert.deepEqual({ verdicts, summary }, wanted, `${what}, by ${how}, ${JSON.stringify(way)}`);
    return judged;
  };
  by('turns', true, told);
  by('runs', false, { ...told, verdicts: told.verdicts.filter(({ verdict }) => verdict !== 'good') });
  return by('runs', true, told);
}
