import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as format from '../../src/wire/pcap-format.js';
import { PcapReader } from '../../src/wire/pcap-reader.js';
import { hex, toHex, viewOf } from './helpers.js';

const MICRO = 'a1b2c3d4';
const NANO = 'a1b23c4d';
const swapped = (text: string): string => toHex(hex(text).reverse());
const header = (magic: string, rest = '0002 0004 00000000 00000000 00040000 00000065'): Uint8Array =>
  hex(`${magic} ${rest}`);

describe('a pcap file header', () => {
  it('is read in either order, of micro- or nanoseconds', () => {
    const plain = { linktype: 101, snaplen: 262_144, nanosecond: false, littleEndian: false };
    assert.deepEqual(format.parseFileHeader(header(MICRO)), plain);
    assert.deepEqual(format.parseFileHeader(header(NANO)), { ...plain, nanosecond: true });
    const little = '0200 0400 00000000 00000000 00000400 65000000';
    assert.deepEqual(format.parseFileHeader(header(swapped(MICRO), little)), { ...plain, littleEndian: true });
    const both = { ...plain, littleEndian: true, nanosecond: true };
    assert.deepEqual(format.parseFileHeader(header(swapped(NANO), little)), both);
  });

  it('has a link type of 26 bits, behind those that tell of a frame check sequence', () => {
    const linktype = (text: string): number =>
      format.parseFileHeader(header(MICRO, `0002 0004 00000000 00000000 00000060 ${text}`)).linktype;
    assert.deepEqual(['00000001', 'fc000001', '14000114', '03ffffff'].map(linktype), [1, 1, 276, 0x03ff_ffff]);
    assert.equal(format.pcapFormat(0x03ff_ffff).linktype, 0x03ff_ffff);
    assert.equal(format.pcapFormat(0).linktype, 0);
    for (const wrong of [-1, 0x0400_0000, 1.5, Number.NaN, '1' as unknown as number])
      assert.throws(() => format.pcapFormat(wrong), { code: 'ERR_UFO_INVALID_ARGUMENT', message: /^linktype/ });
  });

  it('is written over whatever is there, and no further', () => {
    const bytes = new Uint8Array(3 + 24 + 3).fill(0xa5);
    const written = format.putFileHeader(viewOf(bytes), 3, {
      linktype: 1,
      snaplen: 96,
      nanosecond: true,
      littleEndian: false,
    });
    assert.equal(written, 24);
    assert.equal(toHex(bytes), `a5a5a5${NANO}00020004${'00'.repeat(8)}0000006000000001a5a5a5`);
    assert.deepEqual(format.pcapFormat(1), { linktype: 1, snaplen: 262_144, nanosecond: true, littleEndian: true });
  });

  it('has seconds, fraction, caplen and len in each record behind it', () => {
    const record = { seconds: 0x0102_0304, nanoseconds: 999_999_999, caplen: 0x11, len: 0x2233 };
    const put = (nanosecond: boolean, littleEndian: boolean): string => {
      const bytes = new Uint8Array(3 + 16 + 3).fill(0xa5);
      assert.equal(
        format.putRecordHeader(viewOf(bytes), 3, format.pcapFormat(1, { nanosecond, littleEndian }), record),
        16,
      );
      return toHex(bytes);
    };
    assert.equal(put(true, false), 'a5a5a5' + '010203043b9ac9ff0000001100002233' + 'a5a5a5');
    assert.equal(put(true, true), 'a5a5a5' + '04030201ffc99a3b1100000033220000' + 'a5a5a5');
    assert.equal(put(false, false), 'a5a5a5' + '01020304000f423f0000001100002233' + 'a5a5a5');
  });

  it('is known again where a record is to be: magic, version 2.0 to 2.4, and eight zeroes', () => {
    const isHeader = (octets: Uint8Array): boolean[] => {
      const view = viewOf(Uint8Array.from([0xff, 0xff, 0xff, ...octets]));
      return [format.beginsFile(view, 3), format.isFileHeader(view, 3)];
    };
    const rest = (minor: string): string => `0002 ${minor} 00000000 00000000 00040000 00000065`;
    for (const magic of [MICRO, NANO]) {
      for (const minor of ['0000', '0004']) assert.deepEqual(isHeader(header(magic, rest(minor))), [true, true]);
      assert.deepEqual(isHeader(header(magic, rest('0005'))), [false, false]);
      assert.deepEqual(isHeader(header(magic, '0001 0004 00000000 00000000')), [false, false]);
      assert.deepEqual(isHeader(header(magic, '0003 0004 00000000 00000000')), [false, false]);
      assert.deepEqual(isHeader(header(swapped(magic), '0200 0400 00000000 00000000')), [true, true]);
      assert.deepEqual(isHeader(header(swapped(magic), '0002 0004 00000000 00000000')), [false, false]);
      for (const zeroes of ['00000001 00000000', '01000000 00000000', '00000000 00000001', '00000000 80000000'])
        assert.deepEqual(isHeader(header(magic, `0002 0004 ${zeroes}`)), [true, false]);
    }
    for (const other of ['a1b2cd34', '0a0d0d0a', 'a1b2c3d5', 'a1b23c4c', '00000000'])
      assert.deepEqual(isHeader(header(other)), [false, false], other);
  });

  it('may begin with either magic number, in either order', () => {
    const may = (text: string): boolean => format.mayBePcap(hex(text));
    assert.deepEqual([MICRO, NANO, swapped(MICRO), swapped(NANO)].map(may), [true, true, true, true]);
    assert.deepEqual(['a1b2cd34', '34cdb2a1', '0a0d0d0a', '00000000'].map(may), [false, false, false, false]);
  });
});

describe('a pcap file of an old version', () => {
  it('has its lengths the other way round before 2.3, and either way in 2.3', () => {
    for (const [minor, lengths] of [
      [0, 'swapped'],
      [2, 'swapped'],
      [3, 'either'],
      [4, undefined],
      [5, undefined],
    ] as const) {
      for (const littleEndian of [true, false]) {
        const view = new DataView(new ArrayBuffer(24));
        format.putFileHeader(view, 0, format.pcapFormat(1, { littleEndian, nanosecond: false }));
        view.setUint16(6, minor, littleEndian);
        assert.equal(format.parseFileHeader(new Uint8Array(view.buffer)).lengths, lengths, `2.${minor}`);
      }
    }
  });
});

describe('pcap files joined by cat', () => {
  it('are read on, one remark each, of which twenty are kept', () => {
    const reader = new PcapReader();
    const one = header(NANO);
    for (let i = 0; i < 30; i++) assert.deepEqual(reader.push(one), []);
    assert.equal(reader.end().octets, 30 * 24);
    assert.equal(reader.remarks.length, 20);
    assert.match(reader.remarks[19]!, /^another pcap file begins at octet 480, /);
  });

  it('are longer than their header before they are begun', () => {
    const reader = new PcapReader();
    for (const octet of header(MICRO)) {
      assert.deepEqual([reader.begun, reader.format], [false, undefined]);
      reader.push(Uint8Array.of(octet));
    }
    assert.deepEqual([reader.begun, reader.format?.linktype, reader.lost], [true, 101, null]);
    assert.throws(() => new PcapReader().end(), { code: 'ERR_UFO_NOT_A_PCAP', message: /an empty file/ });
  });
});
