import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecordBatch } from '../../../src/capture/cap/record-batch.js';
import { PlainFormat } from '../../../src/wire/capture-format.js';
import { frameData } from '../../../src/wire/frame.js';
import { pcapFormat } from '../../../src/wire/pcap-format.js';
import { PcapReader } from '../../../src/wire/pcap-reader.js';

describe('record batch', () => {
  it('hands over records that a reader takes in, in batches, and says when the sink has enough', () => {
    const caplens = [60, 0, 1514, 1, 65_535, 15, 16, 17, 9014, ...new Array<number>(900).fill(1514)];
    const reader = new PcapReader();
    reader.push(new PlainFormat(pcapFormat(1)).header());
    const frames: { fill: number; facts: number[] }[] = [];
    let batches = 0;
    const batch = new RecordBatch({
      start() {},
      records(octets, count) {
        const read = reader.push(octets);
        assert.equal(read.length, count);
        for (const frame of read) {
          const { caplen, len, linktype, seconds, nanoseconds } = frame;
          const data = frameData(frame);
          assert.ok(data.every((octet) => octet === data[0]));
          frames.push({ fill: data[0] ?? -1, facts: [caplen, len, linktype, seconds, nanoseconds] });
        }
        return ++batches < 3;
      },
      tick: () => true,
      finish() {},
    });
    let more = true;
    for (const [i, caplen] of caplens.entries())
      more = batch.push(Buffer.alloc(caplen + 1, i), caplen, caplen + i, 1000 + i, i);
    assert.equal(more, true, 'only the flush of the third batch is told');
    assert.equal(batch.flush(), false);
    assert.equal(batch.flush(), true);
    assert.equal(reader.end().status, 'ok');
    assert.deepEqual(
      frames.map(({ facts }) => facts),
      caplens.map((caplen, i) => [caplen, caplen + i, 1, 1000 + i, i]),
    );
    for (const [i, { fill }] of frames.entries()) assert.equal(fill, caplens[i] === 0 ? -1 : i & 0xff);
  });
});
