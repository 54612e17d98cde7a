import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encodeCapture, encodeFrames } from '../../src/wire/capture-encoder.js';
import { captureFormat, captureKind } from '../../src/wire/capture-format.js';
import { CaptureReader } from '../../src/wire/capture-reader.js';
import { type Frame, frameData } from '../../src/wire/frame.js';
import { noise, toHex } from './helpers.js';

const TIMES = [
  [0, 0],
  [1, 999_999_999],
  [65_535, 1],
  [65_536, 0],
  [1_700_000_000, 123_456_789],
  [2 ** 32 - 1, 999_999_999],
] as const;
const FRAMES: readonly Frame[] = TIMES.map(([seconds, nanoseconds], i) => ({
  ...{ bytes: noise(40 + i, i + 1), offset: 0, caplen: 40 + i, len: 60 + i, linktype: 1, seconds, nanoseconds },
  ...(i % 2 === 0 && { comment: `no. ${i} – é${'x'.repeat(i)}` }),
}));

describe('capture format', () => {
  it('takes the kind from the name', () => {
    const kinds = ['a.pcap', '-', 'a', 'a.pcapng', 'A.PCAPNG', 'pcapng', 'a.ntar'].map(captureKind);
    assert.deepEqual(kinds, ['pcap', 'pcap', 'pcap', 'pcapng', 'pcapng', 'pcap', 'pcapng']);
  });

  for (const kind of ['pcap', 'pcapng'] as const) {
    it(`writes ${kind} that our reader reads, times and lengths and comments`, () => {
      const format = captureFormat(kind, { linktype: 1, interface: 'eth0' });
      const reader = new CaptureReader();
      const frames = reader.push(encodeCapture(FRAMES, format));
      assert.equal(reader.end().status, 'ok');
      assert.equal(reader.lost, kind === 'pcap' ? null : 0);
      const plain = (all: readonly Frame[]) =>
        all.map(({ len, linktype, seconds, nanoseconds, comment }, i) => ({
          ...{ data: toHex(frameData(all[i]!)), len, linktype, seconds, nanoseconds },
          comment: kind === 'pcap' ? undefined : comment,
        }));
      assert.deepEqual(plain(frames), plain(FRAMES));
    });
  }

  it('keeps the interface of each frame that has one, whether it comes with the first frames or later', () => {
    const frames = ['a', undefined, 'b', 'a', 'ç'].map((name, i) => ({
      ...FRAMES[i]!,
      ...(name && { interface: name }),
    }));
    const names = (octets: Uint8Array) => new CaptureReader().push(octets).map((frame) => frame.interface);
    const want = ['a', undefined, 'b', 'a', 'ç'];
    assert.deepEqual(names(encodeCapture(frames, captureFormat('pcapng', { linktype: 1 }))), want);
    assert.deepEqual(names(encodeCapture(frames.slice(1), captureFormat('pcapng', { linktype: 1 }))), want.slice(1));
    const own = captureFormat('pcapng', { linktype: 1, interface: 'own' });
    assert.deepEqual(names(encodeCapture(frames, own)), ['a', 'own', 'b', 'a', 'ç']);
    const later = captureFormat('pcapng', { linktype: 1 });
    const octets = [later.header(['one', 'two']), ...frames.map((frame) => encodeFrames([frame], later))];
    const reader = new CaptureReader();
    assert.deepEqual(
      reader.push(Buffer.concat(octets)).map((frame) => frame.interface),
      want,
    );
    assert.deepEqual(reader.comments, ['one\ntwo']);
  });

  it('cuts text that is longer than an option can be, at the end of a character', () => {
    const long = `x${'é'.repeat(40_000)}`;
    const reader = new CaptureReader();
    const format = captureFormat('pcapng', { linktype: 1 });
    const records = encodeFrames([{ ...FRAMES[0]!, comment: long }, FRAMES[2]!], format);
    const frames = reader.push(Buffer.concat([format.header([long]), records]));
    const cut = `x${'é'.repeat(32_767)}`; // 65,535 octets
    assert.deepEqual(
      frames.map(({ comment }) => comment),
      [cut, FRAMES[2]!.comment],
    );
    assert.deepEqual(reader.comments, [cut]);
    const emoji = new CaptureReader().push(
      encodeCapture([{ ...FRAMES[0]!, comment: '🧩'.repeat(17_000) }], captureFormat('pcapng', { linktype: 1 })),
    );
    assert.equal(emoji[0]!.comment, '🧩'.repeat(16_383));
  });

  it('writes pcapng that tshark reads, with times, interface and comments', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'capture-format-'));
    try {
      const path = join(folder, 'x.pcapng');
      writeFileSync(path, encodeCapture(FRAMES, captureFormat('pcapng', { linktype: 1, interface: 'eth0' })));
      const fields = ['frame.time_epoch', 'frame.cap_len', 'frame.len', 'frame.interface_name', 'frame.comment'];
      const words = ['-r', path, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
      const { stdout, error } = spawnSync('tshark', words, { encoding: 'utf8', timeout: 60_000 });
      if (error) return t.skip(`tshark: ${error.message}`);
      const want = FRAMES.map(({ seconds, nanoseconds, caplen, len, comment = '' }) =>
        [`${seconds}.${String(nanoseconds).padStart(9, '0')}`, caplen, len, 'eth0', comment].join('\t').trimEnd(),
      );
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd());
      assert.deepEqual(lines, want);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
