import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import ownZlib, * as zlib from 'node:zlib';
import { decompressed } from '../../../src/capture/file/decompress.js';
import { openFileCapture } from '../../../src/capture/file/engine.js';
import { encodePcap } from '../../../src/wire/capture-encoder.js';
import type { Frame } from '../../../src/wire/frame.js';
import { pcapFormat } from '../../../src/wire/pcap-format.js';
import { PcapngBuilder } from '../../wire/pcapng-build.js';

const frames: Frame[] = Array.from({ length: 100 }, (_, i) => ({
  bytes: new Uint8Array(60 + i).fill(i),
  offset: 0,
  caplen: 60 + i,
  len: 60 + i,
  linktype: 1,
  seconds: i,
  nanoseconds: 0,
}));
const file = encodePcap(frames, pcapFormat(1));

describe('a pcap file as a capture', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ufo-file-engine-'));
  });
  after(() => rm(directory, { recursive: true }));
  const put = async (name: string, octets: Uint8Array): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, octets);
    return path;
  };

  for (const options of [{}, { reuse: true }, { chunkLen: 33 }, { reuse: true, chunkLen: 200 }]) {
    it(`delivers every frame with ${JSON.stringify(options)}`, async () => {
      await using capture = await openFileCapture(await put('all.pcap', file), options);
      const seen: number[][] = [];
      for await (const batch of capture) {
        for (const { bytes, offset, caplen } of batch) {
          const octets = bytes.subarray(offset, offset + caplen);
          assert.ok(octets.every((octet) => octet === octets[0]));
          seen.push([octets[0]!, caplen]);
        }
      }
      assert.deepEqual(
        seen,
        frames.map(({ caplen }, i) => [i, caplen]),
      );
      assert.equal(capture.fault, '');
      assert.deepEqual(await capture.stats(), { received: 100, lost: null });
    });
  }

  it('keeps the frames of earlier batches unless told to reuse', async () => {
    await using capture = await openFileCapture(await put('kept.pcap', file), { chunkLen: 500 });
    const kept: Frame[] = [];
    for await (const batch of capture) kept.push(...batch);
    assert.deepEqual(
      kept.map(({ bytes, offset }) => bytes[offset]),
      frames.map((_, i) => i),
    );
  });

  it('delivers what is before a cut and tells of the cut', async () => {
    await using capture = await openFileCapture(await put('cut.pcap', file.subarray(0, file.length - 5)));
    let count = 0;
    for await (const batch of capture) count += batch.length;
    assert.equal(count, 99);
    assert.match(capture.fault, /cut within record 100/);
  });

  it('reads gzip, several members as one file', async () => {
    const parts = [file.subarray(0, 1000), file.subarray(1000)].map((part) => zlib.gzipSync(part));
    for (const options of [{}, { reuse: true }, { chunkLen: 1 }, { reuse: true, chunkLen: 3 }]) {
      await using capture = await openFileCapture(await put('all.pcap.gz', Buffer.concat(parts)), options);
      let count = 0;
      for await (const batch of capture) count += batch.length;
      assert.deepEqual([count, capture.fault], [100, '']);
    }
  });

  it('reads gzip inside of gzip, and does not go on for ever', async () => {
    let octets = file;
    for (let depth = 1; depth <= 4; depth++) {
      octets = zlib.gzipSync(octets);
      await using capture = await openFileCapture(await put('deep.gz', octets));
      let count = 0;
      for await (const batch of capture) count += batch.length;
      assert.deepEqual([count, capture.fault], [100, ''], `${depth} deep`);
    }
    await assert.rejects(
      async () => {
        await using capture = await openFileCapture(await put('deep.gz', zlib.gzipSync(octets)));
        for await (const _ of capture);
      },
      { code: 'ERR_UFO_NOT_A_PCAP' },
    );
  });

  it('delivers every octet in front of damage, if the file is not large', async () => {
    const members = [file.subarray(0, 5000), file.subarray(5000)].map((part) => zlib.gzipSync(part));
    const sum = Buffer.concat(members);
    sum[sum.length - 8]! ^= 1; // of the checksum
    for (const [name, octets] of [
      ['garbage.gz', Buffer.concat([...members, Buffer.from('garbage')])],
      ['sum.gz', sum],
    ] as const) {
      for (const chunkLen of [100, 1 << 19]) {
        await using capture = await openFileCapture(await put(name, octets), { reuse: true, chunkLen });
        let count = 0;
        for await (const batch of capture) count += batch.length;
        assert.equal(count, 100, `${name} by ${chunkLen}`);
        assert.match(capture.fault, /^the compressed data is damaged: /);
      }
    }
  });

  it('delivers what comes before the cut or damage of compressed data, and tells of it', async () => {
    const whole = zlib.gzipSync(Buffer.concat([file, randomBytes(200_000)]));
    for (const [name, octets, fault] of [
      ['cut.gz', whole.subarray(0, whole.length - 100_000), /^the compressed data is cut; /],
      ['damaged.gz', whole.fill(0x55, 150_000, 150_100), /^the compressed data is damaged: /],
    ] as const) {
      await using capture = await openFileCapture(await put(name, octets), { chunkLen: 20_000 });
      let count = 0;
      for await (const batch of capture) count += batch.length;
      assert.ok(count >= 100, `${count} frames before the fault`);
      assert.match(capture.fault, fault);
    }
  });

  it('delivers all that is in front of a cut, and feeds nothing twice for it', async (t) => {
    const createGunzip = t.mock.method(ownZlib, 'createGunzip');
    syncBuiltinESMExports();
    t.after(() => {
      createGunzip.mock.restore();
      syncBuiltinESMExports();
    });
    const whole = zlib.gzipSync(randomBytes(60_000));
    for (const len of [whole.length - 4, 40_000, 16_384, 100]) {
      const cut = whole.subarray(0, len);
      const octets = [];
      const chunks = [cut, null];
      const source = { next: async () => chunks.shift() ?? null, close: async () => {}, fault: '' };
      const plain = await decompressed(source);
      for (let one = await plain.next(); one !== null; one = await plain.next()) octets.push(one);
      const want = zlib.gunzipSync(cut, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
      assert.ok(Buffer.concat(octets).equals(want), `${len} octets`);
      assert.equal(plain.fault, 'the compressed data is cut');
    }
    assert.equal(createGunzip.mock.callCount(), 4);
  });

  it('tells what is wrong with the outer of two compressions', async () => {
    const inner = zlib.gzipSync(Buffer.concat([file, randomBytes(100_000)]));
    const outer = zlib.gzipSync(inner);
    outer[outer.length - 8]! ^= 1; // of the checksum: all octets are there
    await using wrong = await openFileCapture(await put('outer-sum.gz', outer));
    for await (const _ of wrong);
    assert.match(wrong.fault, /^the compressed data is damaged: incorrect data check/);
    const hurt = zlib.gzipSync(inner).fill(0x55, 60_000, 60_100);
    await using damaged = await openFileCapture(await put('outer-damaged.gz', hurt));
    for await (const _ of damaged);
    assert.match(damaged.fault, /^the compressed data is damaged: /);
  });

  it('reads zstd where this Node has it, and says what to do where it has not', async () => {
    const { zstdCompressSync } = zlib as { zstdCompressSync?: (octets: Uint8Array) => Buffer };
    const path = await put('all.pcap.zst', zstdCompressSync?.(file) ?? Buffer.from('28b52ffd2400', 'hex'));
    if (zstdCompressSync === undefined) {
      await assert.rejects(openFileCapture(path), { code: 'ERR_UFO_UNREADABLE', hint: /zstd -dc/ });
      return;
    }
    await using capture = await openFileCapture(path);
    let count = 0;
    for await (const batch of capture) count += batch.length;
    assert.deepEqual([count, capture.fault], [100, '']);
  });

  it('reads pcapng, with what it says of losses and of itself', async () => {
    const builder = new PcapngBuilder(false).section([[1, 'why']]).interface(1);
    const pcapng = builder
      .enhanced(0, 1n, file.subarray(40, 100))
      .statistics(0, [[7, builder.u64(5n)]])
      .octets();
    await using capture = await openFileCapture(await put('one.pcapng.gz', zlib.gzipSync(pcapng)));
    let count = 0;
    for await (const batch of capture) count += batch.length;
    assert.deepEqual([count, capture.fault, capture.comments], [1, '', ['why']]);
    assert.deepEqual(await capture.stats(), { received: 1, lost: 5 });
  });

  it('remarks on files joined by cat', async () => {
    await using capture = await openFileCapture(await put('joined.pcap', Buffer.concat([file, file])));
    let count = 0;
    for await (const batch of capture) count += batch.length;
    assert.deepEqual([count, capture.fault, capture.remarks.length], [200, '', 1]);
  });

  it('tells of files of two formats joined by cat, after what comes before', async () => {
    for (const little of [true, false]) {
      const blocks = new PcapngBuilder(little).section().interface(1).enhanced(0, 0n, new Uint8Array(60)).octets();
      for (const littleEndian of [true, false]) {
        const plain = encodePcap(frames.slice(0, 1), pcapFormat(1, { littleEndian }));
        for (const [parts, kind] of [
          [[blocks, plain], 'pcap'],
          [[plain, blocks], 'pcapng'],
        ] as const) {
          await using capture = await openFileCapture(await put('both', Buffer.concat(parts)));
          let count = 0;
          for await (const batch of capture) count += batch.length;
          assert.equal(count, 1);
          assert.match(capture.fault, new RegExp(`is the beginning of a ${kind} file, joined by cat$`));
        }
      }
    }
  });

  it('ends when closed', async () => {
    const capture = await openFileCapture(await put('closed.pcap', file), { chunkLen: 500 });
    let batches = 0;
    for await (const batch of capture) {
      batches += batch.length > 0 ? 1 : 0;
      await capture.close();
    }
    assert.equal(batches, 1);
  });

  it('refuses what is no capture', async () => {
    await assert.rejects(openFileCapture(join(directory, 'missing')), { code: 'ENOENT', syscall: 'open' });
    await assert.rejects(openFileCapture(directory), { code: 'EISDIR', syscall: 'read' });
    await assert.rejects(openFileCapture(await put('text', Buffer.from('no capture at all'))), {
      code: 'ERR_UFO_NOT_A_PCAP',
    });
    await assert.rejects(openFileCapture(await put('empty', new Uint8Array(0))), { code: 'ERR_UFO_NOT_A_PCAP' });
  });

  it('takes a header without frames', async () => {
    await using capture = await openFileCapture(await put('none.pcap', file.subarray(0, 24)));
    for await (const batch of capture) assert.equal(batch.length, 0);
    assert.equal(capture.fault, '');
  });
});
