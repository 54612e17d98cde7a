import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { UfoError } from '../../src/errors.js';
import { encodeFrames, encodePcap } from '../../src/wire/capture-encoder.js';
import { PlainFormat } from '../../src/wire/capture-format.js';
import { type Frame, frameData } from '../../src/wire/frame.js';
import { type PcapFormat, pcapFormat } from '../../src/wire/pcap-format.js';
import { PcapReader } from '../../src/wire/pcap-reader.js';
import type { CaptureEnd } from '../../src/wire/record-stream.js';
import { hex, noise, toHex } from './helpers.js';

function frame(data: Uint8Array, nanoseconds = 123_456_789, len = data.length): Frame {
  const bytes = new Uint8Array(data.length + 3);
  bytes.set(data, 2);
  return { bytes, offset: 2, caplen: data.length, len, linktype: 101, seconds: 1_700_000_000, nanoseconds };
}

/** Every length that meets an edge: none, less than a header, one, a few. */
const FRAMES = [0, 1, 15, 16, 17, 40, 0, 3].map((len, i) => frame(noise(len, i + 1), i * 1000, len + (i & 1)));
const FORMATS: readonly PcapFormat[] = [true, false].flatMap((nanosecond) =>
  [true, false].map((littleEndian) => pcapFormat(101, { nanosecond, littleEndian })),
);

function values(frames: readonly Frame[]): unknown[] {
  return frames.map(({ bytes: _bytes, offset: _offset, ...rest }, i) => ({
    ...rest,
    data: toHex(frameData(frames[i]!)),
  }));
}

/** Reads `file` in chunks that end at `cuts`. */
function read(file: Uint8Array, cuts: readonly number[] = []): { frames: Frame[]; end: CaptureEnd } {
  const reader = new PcapReader();
  const frames: Frame[] = [];
  let from = 0;
  for (const to of [...cuts, file.length]) {
    frames.push(...reader.push(file.slice(from, to)));
    from = to;
  }
  return { frames, end: reader.end() };
}

describe('pcap golden bytes', () => {
  const packet = hex('450000140001000040117ad6c0000201c0000202');
  const body = toHex(packet);
  const table = [
    [
      'nanoseconds, little-endian',
      true,
      true,
      '4d3cb2a1 0200 0400',
      '00000400 65000000',
      '00f15365 15cd5b07',
      '14000000',
    ],
    [
      'nanoseconds, big-endian',
      true,
      false,
      'a1b23c4d 0002 0004',
      '00040000 00000065',
      '6553f100 075bcd15',
      '00000014',
    ],
    [
      'microseconds, little-endian',
      false,
      true,
      'd4c3b2a1 0200 0400',
      '00000400 65000000',
      '00f15365 40e20100',
      '14000000',
    ],
    [
      'microseconds, big-endian',
      false,
      false,
      'a1b2c3d4 0002 0004',
      '00040000 00000065',
      '6553f100 0001e240',
      '00000014',
    ],
  ] as const;
  for (const [name, nanosecond, littleEndian, magic, snapAndType, time, len] of table) {
    it(name, () => {
      const format = pcapFormat(101, { nanosecond, littleEndian });
      const golden = `${magic}${'00'.repeat(8)}${snapAndType}${time}${len}${len}${body}`.replace(/ /g, '');
      assert.equal(toHex(encodePcap([frame(packet)], format)), golden);
      const { frames, end } = read(hex(golden));
      const nanoseconds = nanosecond ? 123_456_789 : 123_456_000;
      assert.deepEqual(values(frames), values([frame(packet, nanoseconds)]));
      assert.deepEqual(end, { status: 'ok', detail: '', frames: 1, octets: 60 });
    });
  }
});

describe('PcapReader', () => {
  for (const format of FORMATS) {
    const { nanosecond, littleEndian } = format;
    it(`reads what was written, ${nanosecond ? 'nano' : 'micro'} ${littleEndian ? 'LE' : 'BE'}, cut anywhere`, () => {
      const file = encodePcap(FRAMES, format);
      const reader = new PcapReader();
      reader.push(file);
      assert.deepEqual(reader.format, format);
      for (let cut = 0; cut <= file.length; cut++) {
        const { frames, end } = read(file, [cut]);
        assert.deepEqual(values(frames), values(FRAMES), `cut at ${cut}`);
        assert.equal(end.status, 'ok');
        assert.equal(end.octets, file.length);
      }
      const octetByOctet = Array.from(file, (_, i) => i);
      assert.deepEqual(values(read(file, octetByOctet).frames), values(FRAMES));
    });
  }

  it('points into the chunk', () => {
    const file = encodePcap(FRAMES, FORMATS[0]!);
    for (const { bytes } of new PcapReader().push(file)) assert.equal(bytes, file);
  });

  it('keeps frames of crossing records whole while later records cross', () => {
    const file = encodePcap(FRAMES, FORMATS[0]!);
    const cuts = Array.from(file, (_, i) => i).filter((i) => i % 7 === 0);
    assert.deepEqual(values(read(file, cuts).frames), values(FRAMES));
  });

  it('delivers what is before a cut at any octet, and tells what is missing', () => {
    const file = encodePcap(FRAMES, FORMATS[0]!);
    const ends = FRAMES.map((_, i) => encodePcap(FRAMES.slice(0, i + 1), FORMATS[0]!).length);
    for (let len = 24; len < file.length; len++) {
      for (const cuts of [[], [Math.floor(len / 2)]]) {
        const { frames, end } = read(file.subarray(0, len), cuts);
        const whole = ends.filter((edge) => edge <= len).length;
        assert.deepEqual(values(frames), values(FRAMES.slice(0, whole)), `len ${len}`);
        assert.equal(end.status, len === 24 || ends.includes(len) ? 'ok' : 'truncated', `len ${len}`);
        assert.equal(end.frames, whole);
      }
    }
    assert.equal(
      read(file.subarray(0, 30)).end.detail,
      'cut within the header of record 1 at octet 24: 6 of 16 octets',
    );
    assert.equal(read(file.subarray(0, 80)).end.detail, 'cut within record 3 at octet 57: 7 of 15 octets');
  });

  it('stops at a record that cannot be, after delivering what was before', () => {
    const file = encodePcap(FRAMES.slice(0, 3), FORMATS[0]!);
    const bad = new Uint8Array(file.length + 20);
    bad.set(file);
    new DataView(bad.buffer).setUint32(file.length + 8, 262_145, true);
    for (const cuts of [[], [file.length], [file.length + 5], [file.length + 16], Array.from(bad, (_, i) => i)]) {
      const { frames, end } = read(bad, cuts);
      assert.deepEqual(values(frames), values(FRAMES.slice(0, 3)));
      assert.equal(end.status, 'corrupt');
      assert.equal(end.frames, 3);
      assert.match(end.detail, new RegExp(`^record 4 at octet ${file.length} claims 262145 octets`));
    }
  });

  it('accepts longer records where the snaplen says so, unless it says no limit', () => {
    const long = frame(new Uint8Array(300_000));
    assert.equal(read(encodePcap([long], pcapFormat(101, { snaplen: 300_000 })), [70]).end.status, 'ok');
    assert.equal(read(encodePcap([long], pcapFormat(101, { snaplen: 0x7fffffff }))).end.status, 'corrupt');
  });

  it('names what is no pcap file', () => {
    const table = [
      ['', /an empty file/],
      [toHex(Buffer.from('hello, this is text\n')), /text that begins "hello, this is t"/],
      ['34cdb2a1', /Kuznetzov/],
      ['7f454c46 0201', /octets that begin 7f 45 4c 46/],
      ['4d3cb2', /octets that begin/],
      ['4d3cb2a1 0200', /cut within its file header: 6 of 24/],
      [`4d3cb2a1 0300 0400 ${'00'.repeat(16)}`, /version 3/],
    ] as const;
    for (const [text, message] of table) {
      for (const cuts of [[], [1], [2, 3]]) {
        const want = (error: UfoError): boolean => error.code === 'ERR_UFO_NOT_A_PCAP' && message.test(error.message);
        assert.throws(() => read(hex(text), cuts), want, text);
      }
    }
  });

  it('reads on where files were joined by cat, whatever their orders and link types, and says so', () => {
    const files = FORMATS.map((format) => encodePcap(FRAMES, format));
    const other = encodePcap([{ ...FRAMES[3]!, linktype: 1 }], pcapFormat(1, { nanosecond: false }));
    const joined = Buffer.concat([...files, other]);
    const wholeSeconds = { ...FRAMES[3]!, linktype: 1, nanoseconds: 3000 };
    const micro = FRAMES.map((one) => ({ ...one, nanoseconds: Math.floor(one.nanoseconds / 1000) * 1000 }));
    const want = values([...FRAMES, ...FRAMES, ...micro, ...micro, wholeSeconds]);
    for (const cuts of [[], Array.from(joined, (_, i) => i), [files[0]!.length + 10]]) {
      const reader = new PcapReader();
      const frames: Frame[] = [];
      let from = 0;
      for (const to of [...cuts, joined.length]) {
        frames.push(...reader.push(joined.subarray(from, to)));
        from = to;
      }
      assert.deepEqual(values(frames), want);
      assert.equal(reader.end().status, 'ok');
      assert.equal(reader.remarks.length, FORMATS.length);
      assert.match(reader.remarks[0]!, new RegExp(`^another pcap file begins at octet ${files[0]!.length}, .*cat`));
    }
  });

  it('says where a pcapng file was joined to a pcap file, and stops there', () => {
    const section = hex('0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000');
    const { frames, end } = read(Buffer.concat([encodePcap(FRAMES, FORMATS[0]!), section]));
    assert.deepEqual([frames.length, end.status], [FRAMES.length, 'corrupt']);
    assert.match(end.detail, /^record 9 at octet \d+ is the beginning of a pcapng file/);
  });

  it('takes the lengths of old versions in the order they have', () => {
    for (const [minor, swapped] of [
      [2, true],
      [3, true],
      [3, false],
      [4, false],
    ] as const) {
      const file = encodePcap([frame(noise(40, 1), 0, 60), frame(noise(8, 1), 0, 8)], FORMATS[1]!);
      const view = new DataView(file.buffer);
      view.setUint16(6, minor);
      for (const at of swapped ? [24, 80] : []) {
        const [caplen, len] = [view.getUint32(at + 8), view.getUint32(at + 12)];
        view.setUint32(at + 8, len);
        view.setUint32(at + 12, caplen);
      }
      for (const cuts of [[], Array.from(file, (_, i) => i)]) {
        const { frames, end } = read(file, cuts);
        assert.equal(end.status, 'ok');
        assert.deepEqual(
          frames.map(({ caplen, len }) => [caplen, len]),
          [
            [40, 60],
            [8, 8],
          ],
        );
      }
    }
  });

  it('ends on any octets and throws nothing else', () => {
    const file = encodePcap(FRAMES, FORMATS[0]!);
    const mutation = fc.record({ at: fc.nat(file.length - 1), octet: fc.nat(255) });
    const cuts = fc.array(fc.nat(file.length), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(mutation, { maxLength: 6 }), cuts, (mutations, edges) => {
        const bytes = file.slice();
        for (const { at, octet } of mutations) bytes[at] = octet;
        try {
          const { frames, end } = read(
            bytes,
            edges.sort((a, b) => a - b),
          );
          assert.equal(frames.length, end.frames);
          for (const one of frames) assert.equal(frameData(one).length, one.caplen);
        } catch (error) {
          assert.equal((error as UfoError).code, 'ERR_UFO_NOT_A_PCAP');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('pcap writer', () => {
  it('cuts at the snaplen and keeps the length on the wire', () => {
    const format = pcapFormat(101, { snaplen: 10 });
    const records = encodeFrames([frame(noise(40, 1))], new PlainFormat(format));
    assert.equal(records.length, 26);
    const file = Uint8Array.from([...new PlainFormat(format).header(), ...records]);
    assert.deepEqual(values(read(file).frames), values([frame(noise(40, 1).subarray(0, 10), undefined, 40)]));
  });

  it('refuses frames of another link type, and link types that are none', () => {
    const wrong = { ...FRAMES[0]!, linktype: 1 };
    assert.throws(() => encodePcap([wrong], FORMATS[0]!), {
      code: 'ERR_UFO_INVALID_ARGUMENT',
      message: /^frame.linktype/,
    });
    assert.throws(() => pcapFormat(-1), { code: 'ERR_UFO_INVALID_ARGUMENT' });
  });
});
