import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { FrameBatch, MAX_FRAME_LEN } from '../../src/capture/frame-batch.js';
import { FrameStream } from '../../src/capture/frame-stream.js';
import { type Frame, frameData } from '../../src/wire/frame.js';

const folder = mkdtempSync(join(tmpdir(), 'frame-stream-'));
after(() => rmSync(folder, { recursive: true }));

/** Frames of all kinds of length, through the child's writer. */
function written(caplens: readonly number[]): Buffer {
  const path = join(folder, 'stream');
  const fd = openSync(path, 'w');
  const batch = new FrameBatch(fd, 1, 65_535);
  for (const [i, caplen] of caplens.entries()) batch.push(Buffer.alloc(caplen, i), caplen, caplen + i, 1000 + i, i);
  batch.flush();
  closeSync(fd);
  return readFileSync(path);
}

const CAPLENS = [60, 0, 1514, 1, 65_535, 15, 16, 17, 9014, 42, ...Array.from({ length: 400 }, () => 1514)];

function check(frames: readonly Frame[], pieces: string): void {
  assert.deepEqual(
    frames.map((frame) => frame.caplen),
    CAPLENS,
    pieces,
  );
  frames.forEach((frame, i) => {
    assert.deepEqual(
      [frame.len, frame.linktype, frame.seconds, frame.nanoseconds],
      [CAPLENS[i]! + i, 1, 1000 + i, i],
      pieces,
    );
    assert.ok(
      frameData(frame).every((octet) => octet === (i & 0xff)),
      `${pieces}: frame ${i}`,
    );
  });
}

describe('frame stream', () => {
  it('gives back what the batch wrote, however the pipe cuts it', () => {
    const stream = written(CAPLENS);
    for (const step of [1, 7, 23, 24, 25, 40, 1000, 65_536, stream.length]) {
      const reader = new FrameStream();
      const frames: Frame[] = [];
      // Copied, as a socket's chunks are: a frame must not depend on a neighbour chunk.
      for (let at = 0; at < stream.length; at += step)
        frames.push(...reader.push(Buffer.from(stream.subarray(at, at + step))));
      check(frames, `pieces of ${step}`);
      assert.equal(reader.cut, false);
    }
  });

  it('says that the stream ended inside a frame', () => {
    const reader = new FrameStream();
    assert.equal(reader.push(written([60, 60]).subarray(0, -1)).length, 1);
    assert.equal(reader.cut, true);
  });

  it('stops at a length that no frame has', () => {
    const stream = written([60]);
    stream.writeUInt32LE(MAX_FRAME_LEN + 1, 24 + 8);
    assert.throws(() => new FrameStream().push(stream), { code: 'ERR_UFO_CAPTURE' });
  });
});
