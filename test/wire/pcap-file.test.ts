import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Frame, frameData } from '../../src/wire/frame.js';
import { readPcapFile } from '../../src/wire/pcap-file.js';
import { pcapFormat } from '../../src/wire/pcap-format.js';
import { encodePcap } from '../../src/wire/pcap-writer.js';
import { noise, toHex } from './helpers.js';

const FRAMES = Array.from({ length: 50 }, (_, i): Frame => {
  const bytes = noise(i * 3, i + 1);
  return { bytes, offset: 0, caplen: bytes.length, len: bytes.length, linktype: 1, seconds: i, nanoseconds: i };
});
const WANT = FRAMES.map((frame) => toHex(frame.bytes));
const openFiles = (): number => readdirSync('/proc/self/fd').length;

describe('readPcapFile', () => {
  let dir = '';
  let path = '';
  const file = encodePcap(FRAMES, pcapFormat(1));
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'udp-ufo-pcap-'));
    path = join(dir, 'frames.pcap');
    writeFileSync(path, file);
  });
  after(() => rmSync(dir, { recursive: true }));

  for (const recycle of [false, true]) {
    for (const chunkLen of [1, 7, 100, 4096, undefined]) {
      it(`reads every frame, ${recycle ? 'recycled' : 'fresh'} chunks of ${chunkLen ?? 'default'} octets`, async () => {
        const got: string[] = [];
        const source = readPcapFile(path, chunkLen === undefined ? { recycle } : { recycle, chunkLen });
        let step = await source.next();
        for (; !step.done; step = await source.next()) got.push(...step.value.map((one) => toHex(frameData(one))));
        assert.deepEqual(got, WANT);
        assert.deepEqual(step.value, { status: 'ok', detail: '', frames: FRAMES.length, octets: file.length });
      });
    }
  }

  it('keeps the frames of fresh chunks valid', async () => {
    const got: Frame[] = [];
    for await (const batch of readPcapFile(path, { chunkLen: 100 })) got.push(...batch);
    assert.deepEqual(
      got.map((one) => toHex(frameData(one))),
      WANT,
    );
  });

  it('closes the file when the reader leaves early', async () => {
    const files = openFiles();
    for await (const batch of readPcapFile(path, { chunkLen: 200 })) {
      assert.ok(batch.length > 0);
      break;
    }
    assert.equal(openFiles(), files);
  });

  it('fails in the shape of a system error', async () => {
    const missing = join(dir, 'missing.pcap');
    await assert.rejects(readPcapFile(missing).next(), {
      name: 'UfoError',
      code: 'ENOENT',
      syscall: 'open',
      path: missing,
    });
    await assert.rejects(readPcapFile(dir).next(), { name: 'UfoError', code: 'EISDIR', path: dir });
    const files = openFiles();
    const text = join(dir, 'text');
    writeFileSync(text, 'not a capture');
    await assert.rejects(readPcapFile(text).next(), { code: 'ERR_UFO_NOT_A_PCAP' });
    assert.equal(openFiles(), files);
  });
});
