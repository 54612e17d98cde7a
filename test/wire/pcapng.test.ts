import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { UfoError } from '../../src/errors.js';
import { encodePcap } from '../../src/wire/capture-encoder.js';
import { CaptureReader } from '../../src/wire/capture-reader.js';
import { type Frame, frameData } from '../../src/wire/frame.js';
import { pcapFormat } from '../../src/wire/pcap-format.js';
import type { CaptureEnd } from '../../src/wire/record-stream.js';
import { noise, toHex } from './helpers.js';
import { PcapngBuilder } from './pcapng-build.js';

interface Read {
  readonly frames: Frame[];
  readonly end: CaptureEnd;
  readonly lost: number | null;
  readonly comments: readonly string[];
}

function read(file: Uint8Array, cuts: readonly number[] = []): Read {
  const reader = new CaptureReader();
  const frames: Frame[] = [];
  let from = 0;
  for (const to of [...cuts, file.length]) {
    frames.push(...reader.push(file.slice(from, to)));
    from = to;
  }
  const end = reader.end();
  return { frames, end, lost: reader.lost, comments: reader.comments };
}

const plain = (frames: readonly Frame[]) =>
  frames.map((one) => ({
    data: toHex(frameData(one)),
    len: one.len,
    linktype: one.linktype,
    time: [one.seconds, one.nanoseconds],
    ...(one.comment !== undefined && { comment: one.comment }),
  }));

const A = noise(61, 1);
const B = noise(20, 2);
const SECONDS = 1_700_000_000n;

/** A file with everything in it, and what is to be read from it. */
function everything(little: boolean): { file: Buffer; want: unknown[] } {
  const file = new PcapngBuilder(little)
    .section([[1, 'of the section']])
    .block(0x0000_0bad, noise(40, 9))
    .interface(1, 262_144, [
      [2, 'eth0'],
      [1, 'of the interface'],
      [9, Uint8Array.of(9)],
    ])
    .interface(101, 20)
    .interface(113, 0, [
      [9, Uint8Array.of(0x80 | 20)],
      [14, new PcapngBuilder(little).u64(100n)],
    ])
    .interface(12, 0, [
      [9, Uint8Array.of(12)],
      [14, new PcapngBuilder(little).u64(SECONDS)],
    ])
    .enhanced(0, SECONDS * 1_000_000_000n + 123_456_789n, A, 1514, [
      [2, Uint8Array.of(0, 0, 0, 1)],
      [1, 'first é'],
    ])
    .block(4, noise(100, 3))
    .enhanced(1, SECONDS * 1_000_000n + 999_999n, B)
    .enhanced(2, (SECONDS << 20n) + (1n << 19n), B)
    .enhanced(3, 5_000n, B)
    .obsolete(1, SECONDS * 1_000_000n + 7n, A)
    .simple(A, 200)
    .statistics(0, [
      [5, new PcapngBuilder(little).u64(3n)],
      [7, new PcapngBuilder(little).u64(4n)],
    ])
    .octets();
  const seconds = Number(SECONDS);
  const want = [
    { data: toHex(A), len: 1514, linktype: 1, time: [seconds, 123_456_789], comment: 'first é' },
    { data: toHex(B), len: 20, linktype: 101, time: [seconds, 999_999_000] },
    { data: toHex(B), len: 20, linktype: 113, time: [seconds + 100, 500_000_000] },
    { data: toHex(B), len: 20, linktype: 12, time: [seconds, 5] },
    { data: toHex(A), len: 61, linktype: 101, time: [seconds, 7000] },
    { data: `${toHex(A)}${'00'.repeat(3)}`, len: 200, linktype: 1, time: [0, 0] },
  ];
  return { file, want };
}

describe('pcapng', () => {
  for (const little of [true, false]) {
    it(`reads every block, interface, resolution and offset of a ${little ? 'little' : 'big'}-endian section, cut anywhere`, () => {
      const { file, want } = everything(little);
      for (const cuts of [[], Array.from(file, (_, i) => i)]) {
        const { frames, end, lost, comments } = read(file, cuts);
        assert.deepEqual(plain(frames), want);
        assert.deepEqual(end, { status: 'ok', detail: '', frames: 6, octets: file.length });
        assert.equal(lost, 7);
        assert.deepEqual(comments, ['of the section', 'of the interface']);
      }
      for (let cut = 0; cut <= file.length; cut++)
        assert.deepEqual(plain(read(file, [cut]).frames), want, `cut at ${cut}`);
    });
  }

  it('reads sections of both orders one after the other, each with interfaces of its own', () => {
    const [one, other] = [everything(true), everything(false)];
    const { frames, end, lost } = read(Buffer.concat([one.file, other.file]));
    assert.deepEqual(plain(frames), [...one.want, ...other.want]);
    assert.equal(end.status, 'ok');
    assert.equal(lost, 14);
  });

  it('cuts a simple packet at the snaplen of its interface', () => {
    const { frames } = read(new PcapngBuilder(true).section().interface(1, 16).simple(A.subarray(0, 16), 61).octets());
    assert.deepEqual(plain(frames), [{ data: toHex(A.subarray(0, 16)), len: 61, linktype: 1, time: [0, 0] }]);
  });

  it('tells of no losses where there are no statistics', () => {
    assert.equal(read(new PcapngBuilder(true).section().interface(1).octets()).lost, null);
  });

  for (const little of [true, false]) {
    const file = () => new PcapngBuilder(little).section().interface(1).interface(1);
    const u64 = (value: bigint) => new PcapngBuilder(little).u64(value);
    const dropped = (count: bigint) => [
      [2, u64(1n).subarray(0, 4)] as const, // flags
      [4, u64(count)] as const,
    ];
    const order = little ? 'little-endian' : 'big-endian';

    it(`adds what packets say was lost in front of them, and takes the larger of that and of the statistics, ${order}`, () => {
      const packets = () =>
        file()
          .enhanced(0, 1n, A, A.length, dropped(5n))
          .enhanced(0, 2n, A)
          .enhanced(0, 3n, A.subarray(0, 5), 5, dropped(2n))
          .obsolete(1, 4n, A, A.length, 3)
          .obsolete(1, 5n, A, A.length, 0);
      const statistics = (number: number, count: bigint, builder = packets()) =>
        builder.statistics(number, [[5, u64(count)]]);
      for (const [built, lost] of [
        [packets(), 10],
        [statistics(0, 6n), 10], // 7 between packets of the first
        [statistics(0, 9n), 12],
        [statistics(1, 4n, statistics(0, 9n)), 13],
      ] as const) {
        assert.equal(read(built.octets()).lost, lost);
        assert.equal(read(Buffer.concat([built.octets(), packets().octets()])).lost, lost + 10, 'two sections');
      }
    });

    it(`tells of no losses where packets do not: other options, other lengths, numbers that nobody knew, ${order}`, () => {
      const built = file()
        .enhanced(0, 1n, A, A.length, [
          [1, 'a comment'],
          [4, u64(5n).subarray(0, 4)],
        ])
        .enhanced(0, 2n, A)
        .obsolete(1, 3n, A);
      assert.equal(read(built.octets()).lost, null);
      assert.equal(read(file().enhanced(0, 1n, A, A.length, dropped(0n)).octets()).lost, 0);
    });
  }

  it('skips blocks that it does not know, of any length, without holding them', () => {
    const file = new PcapngBuilder(false)
      .section()
      .interface(1)
      .block(0xbad, noise(5000, 1))
      .enhanced(0, 0n, A)
      .octets();
    for (const step of [1, 100, 5008]) {
      const cuts = Array.from({ length: Math.floor(file.length / step) }, (_, i) => i * step);
      const { frames, end } = read(file, cuts);
      assert.deepEqual([frames.length, end.status, end.octets], [1, 'ok', file.length]);
    }
    const cut = read(file.subarray(0, 4000));
    assert.equal(cut.end.status, 'truncated');
    assert.match(cut.end.detail, /^cut within block 3, .*skipped: 1\d\d\d octets are missing$/);
  });

  it('delivers what is before a cut at any octet, and tells of the cut', () => {
    const { file, want } = everything(true);
    const edges = new Set<number>();
    for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) edges.add(at);
    for (let len = [...edges][1]!; len < file.length; len++) {
      const { frames, end } = read(file.subarray(0, len));
      assert.deepEqual(plain(frames), want.slice(0, frames.length));
      assert.equal(end.status, edges.has(len) ? 'ok' : 'truncated', `cut at ${len}`);
    }
    const { detail } = read(file.subarray(0, file.length - 5)).end;
    assert.match(detail, /^cut within block 14 at octet \d+ \(interface statistics\): \d+ of \d+ octets$/);
  });

  it('stops at a block that cannot be, and says which', () => {
    const good = () => new PcapngBuilder(true).section().interface(1).enhanced(0, 0n, A);
    const broken = (change: (view: DataView, at: number) => void): Buffer => {
      const before = good().octets();
      const file = good().enhanced(0, 0n, B).octets();
      change(new DataView(file.buffer, file.byteOffset, file.length), before.length);
      return file;
    };
    const table: readonly (readonly [Buffer, RegExp])[] = [
      [broken((view, at) => view.setUint32(at + 4, 13, true)), /enhanced packet that claims 13 octets/],
      [broken((view, at) => view.setUint32(at + 4, 0x7fff_fffc, true)), /claims 2147483644 octets/],
      [broken((view, at) => view.setUint32(at + 48, 48, true)), /enhanced packet whose two lengths differ/],
      [broken((view, at) => view.setUint32(at + 20, 21, true)), /too small for its 21 octets/],
      [good().enhanced(1, 0n, B).octets(), /interface 1, which is not described/],
      [new PcapngBuilder(true).section().simple(B).octets(), /simple packet without an interface/],
      [
        Buffer.concat([good().octets(), encodePcap([], pcapFormat(1))]),
        /is the beginning of a pcap file, joined by cat$/,
      ],
    ];
    for (const [file, detail] of table) {
      for (const cuts of [[], Array.from(file, (_, i) => i)]) {
        const { end } = read(file, cuts);
        assert.equal(end.status, 'corrupt');
        assert.match(end.detail, detail);
        assert.match(end.detail, /^block \d at octet \d+ is /);
      }
    }
  });

  it('refuses what only begins like one', () => {
    const table: readonly (readonly [string, RegExp])[] = [
      ['0a0d0d0a1c000000aabbccdd', /without byte-order magic/],
      ['0a0d0d0a1c000000', /cut within its section header/],
      ['0a0d0d0a1c0000004d3c2b1a02000000ffffffffffffffff1c000000', /version 2/],
      ['0a0d0d0a040000004d3c2b1a', /claims 4 octets/],
      ['0a0d', /text that begins/],
    ];
    for (const [text, message] of table) {
      const file = Buffer.from(text, 'hex');
      const want = (error: UfoError): boolean => error.code === 'ERR_UFO_NOT_A_PCAP' && message.test(error.message);
      for (const cuts of [[], [1], [2, 3], [9]]) assert.throws(() => read(file, cuts), want, text);
    }
  });

  it('ends on any octets and throws nothing else', () => {
    const { file } = everything(true);
    const mutation = fc.record({ at: fc.nat(file.length - 1), octet: fc.nat(255) });
    const cuts = fc.array(fc.nat(file.length), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), cuts, (mutations, edges) => {
        const octets = file.slice();
        for (const { at, octet } of mutations) octets[at] = octet;
        try {
          const { frames, end } = read(
            octets,
            edges.sort((a, b) => a - b),
          );
          assert.equal(frames.length, end.frames);
          for (const one of frames) {
            assert.equal(frameData(one).length, one.caplen);
            assert.ok(one.nanoseconds >= 0 && one.nanoseconds < 1e9);
          }
        } catch (error) {
          assert.equal((error as UfoError).code, 'ERR_UFO_NOT_A_PCAP', String((error as Error).stack));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
