import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makePayload } from '../../src/payload/generated.js';
import { FakeDevice, fakeSocket } from './fake-device.js';

let folder: string;
let file: string;
const content = Buffer.concat([0, 1, 2].map((i) => makePayload(40_007, 5, i)));

describe('sendFile', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'udp-ufo-'));
    file = join(folder, 'content');
    writeFileSync(file, content);
  });
  after(() => rmSync(folder, { recursive: true }));

  const cases: [name: string, options: { datagramSize: number; offset?: number; length?: number }][] = [
    ['odd sizes', { datagramSize: 7_777 }],
    ['one octet each', { datagramSize: 1, offset: 120_000 }],
    ['offset and length', { datagramSize: 4_096, offset: 4_095, length: 50_001 }],
    ['a length beyond the end', { datagramSize: 60_000, offset: 100_000, length: 1_000_000 }],
    ['the largest datagram', { datagramSize: 65_507 }],
    ['an offset beyond the end', { datagramSize: 100, offset: 200_000 }],
    ['no octet', { datagramSize: 100, length: 0 }],
  ];
  for (const [name, options] of cases) {
    for (const [handle, zerocopy] of [
      [false, true],
      [true, true],
      [false, false],
      [true, false],
    ] as const) {
      const how = `${handle ? ', from a FileHandle' : ''}${zerocopy ? '' : ', by windows'}`;
      it(`sends the octets asked for: ${name}${how}`, async () => {
        const { offset = 0, length = content.length } = options;
        const want = content.subarray(offset, offset + length);
        // One row per datagram, so that what was sent is easily put together again.
        const device = new FakeDevice({ mtu: 65_535, features: 1, zerocopy });
        await using socket = await fakeSocket(device);
        const progress: number[] = [];
        await using opened = await open(file);
        const onProgress = (octets: number, total: number): void => {
          assert.equal(total, want.length);
          progress.push(octets);
        };
        const summary = await socket.sendFile(handle ? opened : file, { ...options, onProgress });
        assert.equal(summary.octets, want.length);
        assert.equal(summary.datagrams, Math.ceil(want.length / options.datagramSize));
        const sent = Buffer.concat(device.seen.map(({ frame }) => frame.subarray(28)));
        assert.ok(sent.equals(want));
        assert.ok(device.seen.every(({ zcopy }) => zcopy === zerocopy));
        assert.equal(progress.at(-1) ?? 0, want.length);
        assert.equal(progress.length, summary.datagrams);
        if (handle) assert.equal((await opened.stat()).size, content.length, 'a handle of the caller stays open');
      });
    }
  }

  for (const features of [0, 1]) {
    for (const poolPages of [7, 60, 512]) {
      it(`reads a file larger than its windows, with features ${features} and ${poolPages} pages`, async () => {
        const large = join(folder, 'large');
        const octets = Buffer.concat(Array.from({ length: 40 }, (_, i) => makePayload(65_000, 9, i)));
        writeFileSync(large, octets);
        const device = new FakeDevice({ mtu: 65_535, features, zerocopy: false, atOnce: 3 });
        await using socket = await fakeSocket(device, { poolPages });
        const summary = await socket.sendFile(large, { datagramSize: 6001 });
        assert.equal(summary.datagrams, Math.ceil(octets.length / 6001));
        assert.ok(Buffer.concat(device.seen.map(({ frame }) => frame.subarray(28))).equals(octets));
        const { pool } = device.seen[0]!.skb;
        assert.equal(pool.freePages, pool.pages);
      });
    }
  }

  it('reads until the file ends, whatever its size was said to be', async () => {
    for (const zerocopy of [false, true]) {
      const device = new FakeDevice({ zerocopy });
      await using socket = await fakeSocket(device);
      const { octets } = await socket.sendFile('/proc/self/status', { datagramSize: 500 });
      assert.ok(octets > 500, `${octets} octets`);
      const text = Buffer.concat(device.seen.map(({ frame }) => frame.subarray(28))).toString();
      assert.match(text, /^Name:/);
      assert.equal(text.length, octets);
    }
  });

  it('by windows, says how far it came where the file becomes shorter meanwhile', async () => {
    const shrinking = join(folder, 'shrinking by windows');
    writeFileSync(shrinking, Buffer.alloc(4 << 20));
    const device = new FakeDevice({ zerocopy: false });
    await using socket = await fakeSocket(device);
    let cut = false;
    const onDatagram = (): void => {
      if (!cut) truncateSync(shrinking, 3_000_500);
      cut = true;
    };
    const sending = socket.sendFile(shrinking, { datagramSize: 1000, onDatagram });
    await assert.rejects(sending, (error: Error & { summary: { octets: number; failed: number } }) => {
      assert.match(error.message, /an end at octet 3000500/);
      assert.deepEqual([error.summary.octets, error.summary.failed], [3_000_000, 0]);
      return true;
    });
    const { pool } = device.seen[0]!.skb;
    assert.equal(pool.freePages, pool.pages);
  });

  it('by windows, stops when aborted in the middle of a read, and leaves nothing behind', async () => {
    const device = new FakeDevice({ zerocopy: false });
    await using socket = await fakeSocket(device);
    const abort = new AbortController();
    const large = join(folder, 'large to abort');
    writeFileSync(large, Buffer.alloc(4 << 20));
    const sending = socket.sendFile(large, {
      datagramSize: 4000,
      signal: abort.signal,
      onDatagram: () => abort.abort(new Error('enough')),
    });
    await assert.rejects(sending, /enough/);
    await socket.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { pool } = device.seen[0]!.skb;
    assert.equal(pool.freePages, pool.pages);
  });

  it('refuses what it cannot read or send', async () => {
    await using socket = await fakeSocket(new FakeDevice());
    const bad = [
      { datagramSize: 0 },
      { datagramSize: 65_528 },
      { datagramSize: 1.5 },
      { datagramSize: Number.NaN },
      { datagramSize: 10, offset: -1 },
      { datagramSize: 10, length: -1 },
    ];
    for (const options of bad) {
      await assert.rejects(socket.sendFile(file, options), { code: 'ERR_UFO_INVALID_ARGUMENT' });
    }
    const misspelt: object = { ofset: 5 };
    const near = { message: /ofset.*sendFile has none/, hint: /did you mean `offset`/ };
    await assert.rejects(socket.sendFile(file, { datagramSize: 10, ...misspelt }), near);
    await assert.rejects(socket.sendFile(`${file}.no`, { datagramSize: 10 }), { code: 'ENOENT' });
    await assert.rejects(socket.sendFile(folder, { datagramSize: 10 }), /regular file/);
    execFileSync('mkfifo', [`${file}.fifo`]);
    await assert.rejects(socket.sendFile(`${file}.fifo`, { datagramSize: 10 }), /regular file/);
    await assert.rejects(socket.sendFile(file, { datagramSize: 65_508 }), { code: 'EMSGSIZE' });
  });

  it('reads files to their end whose size is not what stat says', async () => {
    for (const [path, datagramSize] of [
      ['/proc/self/maps', 1000],
      ['/proc/cpuinfo', 40_000],
      ['/sys/kernel/mm/transparent_hugepage/enabled', 7],
      ['/sys/kernel/notes', 100],
    ] as const) {
      const want = await readFile(path).catch(() => null);
      if (want === null) continue; // not on every kernel
      const device = new FakeDevice({ mtu: 65_535, features: 1 });
      await using socket = await fakeSocket(device);
      const { octets } = await socket.sendFile(path, { datagramSize });
      const sent = Buffer.concat(device.seen.map(({ frame }) => frame.subarray(28)));
      assert.equal(sent.length, octets);
      if (path === '/proc/self/maps') assert.ok(octets > 1000, 'maps change while they are read');
      else assert.deepEqual(sent, want, path);
    }
  });

  it('sends what a file grows by meanwhile', async () => {
    const growing = join(folder, 'growing');
    writeFileSync(growing, content);
    const device = new FakeDevice({ mtu: 65_535, features: 1 });
    await using socket = await fakeSocket(device, { sendBufferSize: 1 });
    const onProgress = (octets: number): void => {
      if (octets === 5000) appendFileSync(growing, content);
    };
    const { octets } = await socket.sendFile(growing, { datagramSize: 1000, onProgress });
    assert.equal(octets, 2 * content.length);
    const sent = Buffer.concat(device.seen.map(({ frame }) => frame.subarray(28)));
    assert.ok(sent.equals(Buffer.concat([content, content])));
  });

  it('says how far it came where the file becomes shorter meanwhile', async () => {
    const shrinking = join(folder, 'shrinking');
    writeFileSync(shrinking, content);
    await using socket = await fakeSocket(new FakeDevice(), { sendBufferSize: 1 });
    const sending = socket.sendFile(shrinking, {
      datagramSize: 1000,
      onProgress: (octets) => {
        if (octets === 5000) truncateSync(shrinking, 20_500);
      },
    });
    await assert.rejects(sending, (error: Error & { summary: { octets: number; failed: number } }) => {
      assert.match(error.message, /an end at octet 20500/);
      assert.deepEqual([error.summary.octets, error.summary.failed], [20_000, 0]);
      return true;
    });
    await socket.send(new Uint8Array(10));
  });

  it('stops when aborted, with what went before, and leaves nothing behind', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device, { sendBufferSize: 1, poolPages: 60 });
    const abort = new AbortController();
    const onProgress = (octets: number): void => {
      if (octets >= 8000) abort.abort(new Error('enough'));
    };
    const sending = socket.sendFile(file, { datagramSize: 4000, signal: abort.signal, onProgress });
    await assert.rejects(sending, (error: Error & { summary: { octets: number } }) => {
      assert.equal(error.message, 'enough');
      assert.ok(error.summary.octets >= 8000 && error.summary.octets < 100_000, String(error.summary.octets));
      return true;
    });
    const pages = await Promise.all(Array.from({ length: 60 }, () => socket.allocPages(1)));
    for (const one of pages) one[Symbol.dispose]();
  });
});
