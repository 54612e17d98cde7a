import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { ERRNO } from '../../../src/errors.js';
import { rowOctets } from '../../../src/memory/gather-row.js';
import { NETIF_F_SG, NETIF_F_UFO } from '../../../src/skb/features.js';
import type { NetDevice, TxBatch } from '../../../src/tx/net-device.js';
import { openPcapFile } from '../../../src/tx/pcap-file/pcap-file.js';
import { emptyBatch, pattern, pushRow } from '../rows.js';

const NOW = 1_700_000_000_123_456_789n;

/** Records of a little-endian nanosecond pcap, as their octets after the header. */
function parsePcap(file: Buffer): { linktype: number; records: { time: bigint; frame: Buffer }[] } {
  assert.equal(file.readUInt32LE(0), 0xa1b23c4d);
  const records = [];
  for (let at = 24; at < file.length; ) {
    const caplen = file.readUInt32LE(at + 8);
    assert.equal(file.readUInt32LE(at + 12), caplen);
    const time = BigInt(file.readUInt32LE(at)) * 1_000_000_000n + BigInt(file.readUInt32LE(at + 4));
    records.push({ time, frame: file.subarray(at + 16, at + 16 + caplen) });
    at += 16 + caplen;
  }
  return { linktype: file.readUInt32LE(20), records };
}

function fill(batch: TxBatch, rows: number): void {
  batch.table.reset();
  const page = batch.pool.allocRun(2);
  const foreign = batch.pool.adoptForeign(new Uint8Array(4096));
  for (let row = 0; row < rows; row++) {
    pushRow(batch, pattern(20 + (row % 3) * 8, row), [
      { page: row % 5 === 0 ? foreign : page, offset: row % 2, len: 1480 },
      ...(row % 4 === 0 ? [{ page, offset: 5000, len: 13 }] : []),
    ]);
  }
}

async function sendAll(device: NetDevice, batch: TxBatch): Promise<number> {
  let waits = 0;
  for (let row = 0; row < batch.table.rows; ) {
    const taken = device.xmit(batch, row);
    if (taken > 0) row += taken;
    else {
      assert.equal(taken, -ERRNO.EAGAIN);
      waits += 1;
      await device.writable();
    }
  }
  return waits;
}

describe('pcap-file', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'udp-ufo-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('writes every row of a batch, whatever it is made of', async () => {
    const target = join(folder, 'rows.pcap');
    const device = await openPcapFile({ target, mtu: 1500, now: () => NOW });
    assert.equal(device.features, NETIF_F_SG);
    assert.equal((await device.linkHeader({ family: 4, source: pattern(4), destination: pattern(4) })).length, 0);
    const batch = emptyBatch();
    pushRow(batch, pattern(28), []);
    await sendAll(device, batch);
    fill(batch, 1);
    await sendAll(device, batch);
    const want = [Buffer.from(pattern(28)), Buffer.from(rowOctets(batch.table, batch.pool, 0))];
    await device.close();
    await device.close();
    const { linktype, records } = parsePcap(await readFile(target));
    assert.equal(linktype, 101);
    assert.deepEqual(
      records,
      want.map((frame) => ({ time: NOW, frame })),
    );
    assert.equal(records[1]!.frame.length, 20 + 1480 + 13);
    assert.ok(Object.values(device.lost()).every((count) => count === 0));
  });

  it('waits for a slow stream, loses nothing and keeps the order', async () => {
    const chunks: Buffer[] = [];
    const target = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        setTimeout(() => {
          chunks.push(Buffer.from(chunk));
          done();
        }, 2);
      },
    });
    const device = await openPcapFile({ target, mtu: 1500 });
    const batch = emptyBatch();
    const want: Uint8Array[] = [];
    let waits = 0;
    for (let round = 0; round < 3; round++) {
      fill(batch, 300);
      waits += await sendAll(device, batch);
      want.push(...Array.from({ length: 300 }, (_, row) => Buffer.from(rowOctets(batch.table, batch.pool, row))));
    }
    await device.close();
    assert.ok(waits > 0);
    assert.equal(target.writableFinished, true);
    const { records } = parsePcap(Buffer.concat(chunks));
    assert.deepEqual(
      records.map(({ frame }) => frame),
      want,
    );
  });

  it('refuses a row that no chunk holds, takes the longest that one does, and leaves the file alone till then', async () => {
    const target = join(folder, 'long.pcap');
    const device = await openPcapFile({ target, mtu: 1500 });
    const batch = emptyBatch();
    const page = (len: number) => ({ page: batch.pool.adoptForeign(new Uint8Array(len)), offset: 0, len });
    for (const len of [262_144 - 1024 - 20, 262_144 - 1024 - 19, 300_000]) pushRow(batch, pattern(20), [page(len)]);
    assert.equal(device.xmit(batch, 2), -ERRNO.EMSGSIZE);
    assert.equal(device.xmit(batch, 1), -ERRNO.EMSGSIZE);
    assert.equal(device.xmit(batch, 0), 1);
    await device.close();
    const { records } = parsePcap(await readFile(target));
    assert.deepEqual(
      records.map(({ frame }) => frame.length),
      [262_144 - 1024],
    );
  });

  it('puts the configured Ethernet header in front and has the features asked for', async () => {
    const target = join(folder, 'ethernet.pcap');
    const addresses = { source: pattern(6), destination: pattern(6, 9), vlans: [{ tpid: 0x8100, tci: 7 }] };
    const device = await openPcapFile({ target, mtu: 1500, ethernet: addresses, features: NETIF_F_UFO });
    assert.equal(device.features, NETIF_F_UFO);
    const header = await device.linkHeader({ family: 6, source: pattern(16), destination: pattern(16) });
    assert.deepEqual([...header], [...pattern(6, 9), ...pattern(6), 0x81, 0, 0, 7, 0x86, 0xdd]);
    await device.close();
    const file = await readFile(target);
    assert.deepEqual([file.length, file.readUInt32LE(20)], [24, 1]);
  });

  it('tells where a file cannot be opened, is full, or its reader is gone', async () => {
    const missing = join(folder, 'no', 'such');
    for (const mtu of [0, -1, 1.5, 65_576]) await assert.rejects(openPcapFile({ target: missing, mtu }), /mtu: got/);
    for (const mtu of [1, 65_575]) await assert.rejects(openPcapFile({ target: missing, mtu }), { code: 'ENOENT' });
    await assert.rejects(openPcapFile({ target: missing, mtu: 1500 }), { code: 'ENOENT', path: missing });
    const full = await openPcapFile({ target: '/dev/full', mtu: 1500 });
    await assert.rejects(full.close(), { code: 'ENOSPC', path: '/dev/full', syscall: 'write' });
    const stream = new PassThrough();
    const gone = await openPcapFile({ target: stream, mtu: 1500 });
    stream.destroy();
    await gone.writable();
    await new Promise(setImmediate);
    const batch = emptyBatch();
    fill(batch, 1);
    assert.equal(gone.xmit(batch, 0), -ERRNO.EPIPE);
    await assert.rejects(gone.close(), { code: 'EPIPE' });
  });

  it('fails the rows that come after a failure with its errno', async () => {
    const device = await openPcapFile({ target: '/dev/full', mtu: 1500 });
    const batch = emptyBatch();
    fill(batch, 900);
    let result = 0;
    for (let row = 0; row < batch.table.rows; row += result) {
      result = device.xmit(batch, row);
      if (result === -ERRNO.EAGAIN) {
        await device.writable();
        result = 0;
      } else if (result < 0) break;
    }
    assert.equal(result, -ERRNO.ENOSPC);
    await assert.rejects(device.close(), { code: 'ENOSPC' });
  });
});
