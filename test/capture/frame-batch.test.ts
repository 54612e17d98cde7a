import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { FrameBatch } from '../../src/capture/frame-batch.js';
import { frameData } from '../../src/wire/frame.js';
import { pcapFormat } from '../../src/wire/pcap-format.js';
import { PcapReader } from '../../src/wire/pcap-reader.js';

const folder = mkdtempSync(join(tmpdir(), 'frame-batch-'));
after(() => rmSync(folder, { recursive: true }));

describe('frame batch', () => {
  it('writes a pcap stream that a reader takes in, over many batches', () => {
    const caplens = [60, 0, 1514, 1, 65_535, 15, 16, 17, 9014, ...new Array<number>(900).fill(1514)];
    const path = join(folder, 'stream');
    const fd = openSync(path, 'w');
    const batch = new FrameBatch(fd, pcapFormat(1, { snaplen: 65_535 }));
    for (const [i, caplen] of caplens.entries())
      batch.push(Buffer.alloc(caplen + 1, i), caplen, caplen + i, 1000 + i, i);
    batch.flush();
    batch.flush();
    closeSync(fd);

    const reader = new PcapReader();
    const frames = reader.push(readFileSync(path));
    assert.equal(reader.end().status, 'ok');
    assert.deepEqual(
      frames.map(({ caplen, len, linktype, seconds, nanoseconds }) => [caplen, len, linktype, seconds, nanoseconds]),
      caplens.map((caplen, i) => [caplen, caplen + i, 1, 1000 + i, i]),
    );
    for (const [i, frame] of frames.entries()) assert.ok(frameData(frame).every((octet) => octet === (i & 0xff)));
  });
});
