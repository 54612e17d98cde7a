import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PcapRecords } from '../../src/wire/pcap-records.js';
import { PacketBlocks } from '../../src/wire/pcapng-records.js';
import { framesOf, RecordRuns } from '../../src/wire/record-run.js';
import { noise } from './helpers.js';

const PCAP = { linktype: 1, littleEndian: true, nanosecond: true };
const ETHERNET = {
  linktype: 1,
  snaplen: 0,
  name: 'eth0',
  resolution: { units: 1e6, offset: 0 },
  stated: null,
  counted: null,
};

describe('runs of records', () => {
  const [bytes, others] = [noise(100, 1), noise(100, 2)];
  const [format, other] = [new PcapRecords(PCAP), new PcapRecords(PCAP)];
  const plain = (runs: RecordRuns) => runs.list.map(({ at, end, frames }) => [at, end, frames]);

  it('go on where one is of the same format, in the same buffer, right behind', () => {
    const runs = new RecordRuns();
    runs.add(format, bytes, 10, 20, 1);
    runs.add(format, bytes, 20, 50, 2);
    assert.deepEqual(plain(runs), [[10, 50, 3]]);
    runs.add(format, bytes, 51, 60, 1); // octets between them
    runs.add(other, bytes, 60, 70, 1);
    runs.add(other, others, 70, 80, 1);
    runs.add(other, others, 80, 90, 4);
    runs.add(other, others, 70, 80, 1);
    assert.deepEqual(plain(runs), [
      [10, 50, 3],
      [51, 60, 1],
      [60, 70, 1],
      [70, 90, 5],
      [70, 80, 1],
    ]);
    assert.equal(runs.frames, 11);
    assert.deepEqual([runs.list[2]!.format, runs.list[3]!.bytes], [other, others]);
  });

  it('are none without frames', () => {
    const runs = new RecordRuns();
    runs.add(format, bytes, 10, 10, 0);
    assert.deepEqual([runs.list, runs.frames], [[], 0]);
  });

  it('are frames one by one, in the order of their octets', () => {
    const file = new Uint8Array(2 + 3 * 16 + 6);
    const view = new DataView(file.buffer);
    let at = 2;
    for (const len of [1, 2, 3]) {
      for (const [i, value] of [len, len * 10, len, len + 100].entries()) view.setUint32(at + 4 * i, value, true);
      at += 16 + len;
    }
    const frames = framesOf([{ format, bytes: file.subarray(1), at: 1, end: at - 1, frames: 3 }]);
    assert.deepEqual(
      frames.map(({ offset, caplen, len, seconds, nanoseconds }) => [offset, caplen, len, seconds, nanoseconds]),
      [
        [17, 1, 101, 1, 10],
        [34, 2, 102, 2, 20],
        [52, 3, 103, 3, 30],
      ],
    );
  });
});

describe('a record', () => {
  it('of pcap has seconds, fraction, caplen and len in front of its frame, as little-endian words', () => {
    const fields = { data: 16, caplen: 8, time: 0, timeMost: 999_999_999, block: false };
    assert.deepEqual(new PcapRecords(PCAP).fields, fields);
    assert.deepEqual(new PcapRecords({ ...PCAP, nanosecond: false }).fields, { ...fields, timeMost: 999_999 });
    assert.equal(new PcapRecords({ ...PCAP, littleEndian: false }).fields, null);
    for (const lengths of ['swapped', 'either'] as const)
      assert.equal(new PcapRecords({ ...PCAP, lengths }).fields, null);
  });

  it('of pcapng has interface, time, caplen and len behind type and length, in enhanced packets', () => {
    const fields = { data: 28, caplen: 20, time: 12, timeMost: 0xffff_ffff, block: true };
    assert.deepEqual(new PacketBlocks(ETHERNET, 6, true).fields, fields);
    assert.equal(new PacketBlocks(ETHERNET, 6, false).fields, null);
    for (const type of [2, 3]) assert.equal(new PacketBlocks(ETHERNET, type, true).fields, null);
  });

  it('has a time in the units of its file', () => {
    const time = { seconds: 0, nanoseconds: 0 };
    new PcapRecords(PCAP).setTime(7, 8, time);
    assert.deepEqual(time, { seconds: 7, nanoseconds: 8 });
    new PcapRecords({ ...PCAP, nanosecond: false }).setTime(7, 8, time);
    assert.deepEqual(time, { seconds: 7, nanoseconds: 8000 });
    new PacketBlocks(ETHERNET, 6, true).setTime(0, 7_000_008, time);
    assert.deepEqual(time, { seconds: 7, nanoseconds: 8000 });
  });
});
