import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PcapngReader } from '../../src/wire/pcapng-reader.js';
import type { CaptureEnd } from '../../src/wire/record-stream.js';
import { noise } from './helpers.js';
import { PcapngBuilder } from './pcapng-build.js';

const DATA = noise(20, 1);
const ORDERS = [true, false];

function read(...chunks: readonly Uint8Array[]): { reader: PcapngReader; end: CaptureEnd } {
  const reader = new PcapngReader();
  for (const chunk of chunks) reader.push(chunk);
  return { reader, end: reader.end() };
}

/** A block of that type which claims `len` octets, of which `there` are there, the length once more at their end. */
function claimed(little: boolean, type: number, len: number, there: number): Buffer {
  const block = Buffer.alloc(there);
  const view = new DataView(block.buffer, block.byteOffset, there);
  view.setUint32(0, type, little);
  view.setUint32(4, len, little);
  if (type === 0x0a0d0d0a && there >= 16) view.setUint32(8, 0x1a2b3c4d, little);
  if (type === 0x0a0d0d0a && there >= 16) view.setUint16(12, 1, little);
  if (there === len) view.setUint32(len - 4, len, little);
  return block;
}

const begun = (little: boolean): PcapngBuilder => new PcapngBuilder(little).section().interface(1);

describe('a pcapng block', () => {
  for (const little of ORDERS) {
    const order = little ? 'little-endian' : 'big-endian';
    it(`is as long as its kind must be, ${order}`, () => {
      const before = begun(little).octets();
      for (const [type, name, least] of [
        [0x0a0d0d0a, 'section header', 28],
        [1, 'interface description', 20],
        [2, 'obsolete packet', 32],
        [3, 'simple packet', 16],
        [5, 'interface statistics', 24],
        [6, 'enhanced packet', 32],
        [0xbad, 'block of type 0x00000bad', 12],
      ] as const) {
        const { end } = read(before, claimed(little, type, least, least));
        assert.deepEqual([end.status, end.octets], ['ok', before.length + least], name);
        for (const len of [least - 4, least + 1, least + 2, least + 3, 0]) {
          const short = read(before, claimed(little, type, len, least)).end;
          const detail = `block 3 at octet ${before.length} is ${name} that claims ${len} octets`;
          assert.deepEqual([short.status, short.detail, short.octets], ['corrupt', detail, before.length]);
        }
      }
    });

    it(`that is read is no longer than a frame of 16 MiB and a MiB of options, others are of any length, ${order}`, () => {
      const before = begun(little).octets();
      const most = 17 * 2 ** 20;
      for (const type of [0x0a0d0d0a, 1, 2, 3, 5, 6]) {
        assert.equal(read(before, claimed(little, type, most, 40)).end.status, 'truncated');
        assert.equal(read(before, claimed(little, type, most + 4, 40)).end.status, 'corrupt');
      }
      const { end } = read(before, claimed(little, 0xbad, 0xffff_fffc, 40));
      assert.equal(end.status, 'truncated');
      assert.equal(end.detail, 'cut within block 3, of a kind that is skipped: 4294967252 octets are missing');
    });

    it(`that is cut says within what, ${order}`, () => {
      const before = begun(little).octets();
      const whole = begun(little).enhanced(0, 0n, DATA).octets().subarray(before.length);
      for (let len = 1; len < whole.length; len++) {
        const cut = whole.subarray(0, len);
        const where = `block 3 at octet ${before.length}`;
        const want =
          len < 8
            ? `cut within the head of ${where}: ${len} of 8 octets`
            : `cut within ${where} (enhanced packet): ${len} of ${whole.length} octets`;
        for (const chunks of [[Buffer.concat([before, cut])], [before, cut.subarray(0, 1), cut.subarray(1)]]) {
          const { end } = read(...chunks);
          assert.deepEqual([end.status, end.detail, end.octets], ['truncated', want, before.length]);
        }
      }
    });

    it(`has its length once more at its end, ${order}`, () => {
      const before = begun(little).enhanced(0, 0n, DATA).octets();
      for (const type of [0x0a0d0d0a, 1, 2, 3, 5, 6]) {
        const block = claimed(little, type, 40, 40);
        block[little ? 36 : 39]! ^= 4;
        const { reader, end } = read(before, block, begun(little).octets());
        assert.deepEqual(
          [end.status, end.frames, end.octets, reader.interfaces.length],
          ['corrupt', 1, before.length, 1],
        );
        assert.match(end.detail, /^block 4 at octet 100 is .* whose two lengths differ$/);
      }
      assert.equal(read(before, claimed(little, 0xbad, 40, 40)).end.status, 'ok');
    });

    it(`has room for what it says of the frame, ${order}`, () => {
      const before = begun(little).octets();
      const block = begun(little).enhanced(0, 0n, DATA).octets().subarray(before.length);
      const view = new DataView(block.buffer, block.byteOffset, block.length);
      for (const [caplen, status] of [
        [19, 'ok'],
        [20, 'ok'],
        [21, 'corrupt'],
        [24, 'corrupt'],
        [0xffff_ffff, 'corrupt'],
      ] as const) {
        view.setUint32(20, caplen, little);
        const { end } = read(before, block);
        assert.equal(end.status, status, `${caplen} octets`);
        if (status === 'corrupt')
          assert.match(end.detail, new RegExp(`is a packet block too small for its ${caplen} octets$`));
      }
    });
  }

  it('of an interface is one of those that its section described before', () => {
    for (const [number, status] of [
      [0, 'ok'],
      [1, 'ok'],
      [2, 'corrupt'],
    ] as const) {
      assert.equal(read(begun(true).interface(1).enhanced(number, 0n, DATA).octets()).end.status, status);
      assert.equal(read(begun(true).interface(1).obsolete(number, 0n, DATA).octets()).end.status, status);
    }
    const { end } = read(begun(true).interface(1).section().interface(1).enhanced(1, 0n, DATA).octets());
    assert.match(end.detail, /^block 6 at octet \d+ is a packet of interface 1, which is not described$/);
  });

  it('of statistics speaks of an interface that there is, and the last one counts', () => {
    const u64 = (value: bigint) => new PcapngBuilder(true).u64(value);
    const file = () => begun(true).interface(1);
    assert.equal(
      read(
        file()
          .statistics(2, [[5, u64(7n)]])
          .octets(),
      ).reader.lost,
      null,
    );
    const twice = file()
      .statistics(1, [[5, u64(7n)]])
      .statistics(1, [[5, u64(9n)]]);
    assert.equal(read(twice.octets()).reader.lost, 9);
    assert.equal(
      read(twice.statistics(1, [[4, u64(100n)]]).octets()).reader.lost,
      9,
      'what says nothing changes nothing',
    );
    assert.equal(read(twice.statistics(0, [[7, u64(1n)]]).octets()).reader.lost, 10);
    assert.equal(read(twice.section().interface(1).octets()).reader.lost, 10, 'of the section before');
  });
});

describe('a pcapng file', () => {
  it('has at most 65,536 interfaces a section', () => {
    const section = new PcapngBuilder(true).section().octets();
    const one = begun(true).octets().subarray(section.length);
    const interfaces = (count: number): Buffer => Buffer.alloc(count * one.length, one);
    const { reader, end } = read(section, interfaces(65_536));
    assert.deepEqual([end.status, reader.interfaces.length], ['ok', 65_536]);
    const more = read(section, interfaces(65_537));
    assert.deepEqual([more.end.status, more.reader.interfaces.length], ['corrupt', 65_536]);
    assert.match(more.end.detail, /^block 65538 at octet \d+ is one interface too many$/);
    assert.equal(read(section, interfaces(65_536), section, interfaces(65_536)).end.status, 'ok');
  });

  it('has any number of comments, of which the first hundred are kept', () => {
    const builder = new PcapngBuilder(true).section([[1, 'of the section']]);
    for (let i = 1; i <= 120; i++) builder.interface(1, 0, [[1, `no. ${i}`]]);
    const { comments } = read(builder.octets()).reader;
    assert.deepEqual([comments.length, comments[0], comments[99]], [100, 'of the section', 'no. 99']);
  });

  it('is begun with its first section header, whole', () => {
    const octets = new PcapngBuilder(false).section().octets();
    const reader = new PcapngReader();
    for (const [i, octet] of octets.entries()) {
      assert.equal(reader.begun, false, `${i} octets`);
      reader.push(Uint8Array.of(octet));
    }
    assert.equal(reader.begun, true);
    assert.deepEqual(reader.end(), { status: 'ok', detail: '', frames: 0, octets: 28 });
    assert.deepEqual([reader.lost, reader.comments, reader.remarks, reader.interfaces], [null, [], [], []]);
    assert.throws(() => new PcapngReader().end(), { code: 'ERR_UFO_NOT_A_PCAP', message: /an empty file/ });
  });

  it('is of version 1 throughout', () => {
    const second = new PcapngBuilder(true).section().octets();
    second.writeUInt16LE(2, 12);
    const { end } = read(begun(true).octets(), second);
    assert.match(end.detail, /^block 3 at octet 48 is a section of version 2, known is 1$/);
    second.writeUInt16LE(1, 12);
    second.writeUInt16LE(2, 14);
    assert.equal(read(begun(true).octets(), second).end.status, 'ok', 'minor versions are read (the draft, §4.1)');
  });

  it('that was refused is refused again, and after a block that cannot be nothing is read', () => {
    const reader = new PcapngReader();
    const none = Buffer.from('0a0d0d0a1c000000aabbccdd', 'hex');
    for (let i = 0; i < 2; i++) assert.throws(() => reader.push(none), /without byte-order magic/);
    assert.throws(() => reader.end(), /without byte-order magic/);
    const corrupt = new PcapngReader();
    corrupt.push(begun(true).octets());
    corrupt.push(claimed(true, 6, 13, 40));
    assert.deepEqual(corrupt.push(begun(true).enhanced(0, 0n, DATA).octets()), []);
    assert.deepEqual([corrupt.end().status, corrupt.end().octets], ['corrupt', 48]);
  });
});
