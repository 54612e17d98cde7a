import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encodeCapture, encodeFrames, encodePcap } from '../../src/wire/capture-encoder.js';
import { captureFormat, captureKind } from '../../src/wire/capture-format.js';
import { CaptureReader } from '../../src/wire/capture-reader.js';
import { type Frame, frameData } from '../../src/wire/frame.js';
import { pcapFormat } from '../../src/wire/pcap-format.js';
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

describe('a capture file of either kind', () => {
  const format = captureFormat('pcap', { linktype: 1, snaplen: 50 });

  it('is known by its first four octets, however they come', () => {
    for (const kind of ['pcap', 'pcapng'] as const) {
      const file = encodeCapture(FRAMES, captureFormat(kind, { linktype: 1 }));
      for (const first of [0, 1, 3, 4, 5]) {
        const reader = new CaptureReader();
        assert.deepEqual([reader.begun, reader.lost, reader.remarks, reader.comments], [false, null, [], []]);
        assert.deepEqual(reader.push(file.slice(0, first)), []);
        assert.deepEqual([reader.begun, reader.lost], [false, null]);
        assert.equal(reader.push(file.slice(first)).length, FRAMES.length, `${kind}, ${first} octets first`);
        assert.equal(reader.begun, true);
        assert.deepEqual(reader.end(), { status: 'ok', detail: '', frames: FRAMES.length, octets: file.length });
      }
    }
  });

  it('is none with fewer octets', () => {
    for (const [octets, message] of [
      ['', /an empty file/],
      ['0a', /text that begins/],
      ['0a0d0d', /text that begins/],
      ['0a0d0d0a', /a pcapng file cut within its section header: 4 octets/],
      ['d4c3b2', /octets that begin d4 c3 b2/],
      ['d4c3b2a1', /a pcap file cut within its file header: 4 of 24 octets/],
    ] as const) {
      const reader = new CaptureReader();
      reader.push(Buffer.from(octets, 'hex'));
      assert.throws(() => reader.end(), { code: 'ERR_UFO_NOT_A_PCAP', message });
    }
  });

  it('says of joined pcap files that they were joined', () => {
    const file = encodeCapture(FRAMES, captureFormat('pcap', { linktype: 1 }));
    const reader = new CaptureReader();
    reader.push(Buffer.concat([file, file]));
    assert.deepEqual([reader.remarks.length, reader.comments], [1, []]);
  });

  it('of pcap has one interface, and nothing that describes it', () => {
    assert.deepEqual([format.linktype, format.snaplen, format.headLen], [1, 50, 16]);
    assert.deepEqual([format.interfaceOf(), format.interfaceOf('eth0')], [0, 0]);
    assert.deepEqual([format.described().length, format.trailer({ received: 1, lost: 1 }).length], [0, 0]);
    assert.deepEqual(
      [format.header().length, format.recordLen({ seconds: 0, nanoseconds: 0, caplen: 7, len: 9 })],
      [24, 23],
    );
    assert.equal(captureFormat('pcap', { linktype: 1 }).snaplen, 262_144);
    assert.equal(captureFormat('pcapng', { linktype: 1 }).snaplen, 262_144);
    assert.equal(captureFormat('pcapng', { linktype: 1, snaplen: 50 }).snaplen, 50);
  });

  it('cuts frames at its snaplen', () => {
    for (const kind of ['pcap', 'pcapng'] as const) {
      const short = captureFormat(kind, { linktype: 1, snaplen: 41 });
      const read = new CaptureReader().push(encodeCapture(FRAMES, short));
      assert.deepEqual(
        read.map(({ caplen, len }) => [caplen, len]),
        FRAMES.map(({ caplen, len }) => [Math.min(caplen, 41), len]),
      );
    }
  });

  it('is made of frames of its link type', () => {
    assert.throws(() => encodeFrames([FRAMES[0]!, { ...FRAMES[1]!, linktype: 101 }], format), {
      code: 'ERR_UFO_INVALID_ARGUMENT',
      message: /^frame\.linktype.*101.*1, the one link type/s,
    });
    const encode = encodePcap as (frames: unknown, format: unknown) => Uint8Array;
    const refused = (message: RegExp, frames: unknown, into: unknown = pcapFormat(1)): void =>
      assert.throws(() => encode(frames, into), { name: 'TypeError', message });
    refused(/^frames\b.*an array of frames/s, FRAMES[0]);
    for (const none of [null, undefined, 7, {}, { bytes: [1, 2] }]) refused(/^frames\[1\]/, [FRAMES[0], none]);
    for (const none of [null, 7]) refused(/^format\b/, [], none);
    assert.equal(encodePcap([], pcapFormat(1)).length, 24);
  });
});
