import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createOutput } from '../../../src/app/common/output.js';
import { reassemble } from '../../../src/app/reassemble/reassemble.js';
import { type VerifyFileOptions, verifyFile } from '../../../src/app/verify/file.js';
import { makePayload } from '../../../src/payload/generated.js';
import { encodeFrames, encodePcap } from '../../../src/wire/capture-encoder.js';
import { captureFormat } from '../../../src/wire/capture-format.js';
import { CaptureReader } from '../../../src/wire/capture-reader.js';
import type { Frame } from '../../../src/wire/frame.js';
import { pcapFormat } from '../../../src/wire/pcap-format.js';
import { flow4, flow6, fragments, frame, udpPacket, whole } from '../../verify/build.js';
import { TextSink } from '../common/text-sink.js';

const signal = new AbortController().signal;
const payload = makePayload(5000, 7, 1);
const packets = [...fragments(flow4, udpPacket(flow4, payload)), ...fragments(flow6, udpPacket(flow6, payload))];
const good = packets.map((packet, i) => frame(packet, 1000 + i / 10));
const encode = (frames: readonly Frame[]): Uint8Array => encodePcap(frames, pcapFormat(101));

describe('a capture file', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ufo-verify-file-'));
  });
  after(() => rm(directory, { recursive: true }));
  const put = async (name: string, octets: Uint8Array): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, octets);
    return path;
  };
  const verify = async (
    octets: Uint8Array,
    options: Omit<VerifyFileOptions, 'file'> = { json: true },
  ): Promise<[number, string, string]> => {
    const [out, err] = [new TextSink(), new TextSink()];
    const file = await put('in.pcap', octets);
    const code = await verifyFile({ file, ...options }, createOutput(out, err), signal);
    return [code, out.text, err.text];
  };
  const summaryOf = (text: string): Record<string, unknown> => JSON.parse(text.trim().split('\n').pop()!);

  it('of good datagrams exits 0, one object per line', async () => {
    const [code, out, err] = await verify(encode(good));
    assert.equal(code, 0);
    assert.equal(err, '');
    assert.deepEqual(
      out.split('\n').map((line) => (line ? JSON.parse(line).type : '')),
      ['datagram', 'datagram', 'summary', ''],
    );
    assert.equal(summaryOf(out)['good'], 2);
  });

  it('longer than one read is judged as a whole', async () => {
    const many = Array.from({ length: 300 }, (_, i) =>
      fragments({ ...flow4, ident: i + 1 }, udpPacket(flow4, payload)),
    );
    const [code, out] = await verify(encode(many.flat().map((packet) => frame(packet))));
    assert.equal(code, 0);
    assert.equal(summaryOf(out)['datagrams'], 300);
  });

  it('with comments of others puts nothing on the terminal but text', async () => {
    const evil = 'one\n\u001b]0;title\u0007two';
    const format = captureFormat('pcapng', { linktype: 101 });
    const octets = Buffer.concat([format.header([evil]), encodeFrames(good, format)]);
    const [, , err] = await verify(octets);
    assert.match(err, /comment: one\\u000a\\u001b\]0;title\\u0007two\n$/);
    assert.equal(err.split('\n').length, 2);
  });

  it('is hashed only where the hashes are asked for', async () => {
    const [datagram] = (await verify(encode(good)))[1].split('\n');
    assert.equal(JSON.parse(datagram!).payloadSha256, null);
    const [hashed] = (await verify(encode(good), { json: true, hash: true }))[1].split('\n');
    assert.equal(JSON.parse(hashed!).payloadSha256, createHash('sha256').update(payload).digest('hex'));
  });

  it('quietly told of holds only what is not good, and the same summary', async () => {
    const bad = good.map(({ bytes, ...rest }) => ({ ...rest, bytes: bytes.slice() }));
    bad[1]!.bytes[500]! ^= 1;
    const [code, all] = await verify(encode(bad));
    const [quietCode, quiet] = await verify(encode(bad), { json: true, quiet: true });
    assert.deepEqual([code, quietCode], [1, 1]);
    assert.deepEqual(summaryOf(quiet), summaryOf(all));
    assert.deepEqual(
      quiet
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).verdict),
      ['bad', 'bad'],
    );
  });

  it('with something bad exits 1', async () => {
    const bad = good.map(({ bytes, ...rest }) => ({ ...rest, bytes: bytes.slice() }));
    bad[1]!.bytes[500]! ^= 1;
    const [code, out] = await verify(encode(bad));
    assert.equal(code, 1);
    assert.equal(summaryOf(out)['verdict'], 'bad');
  });

  it('cut in mid-record exits 4 and says so on stderr', async () => {
    const [code, out, err] = await verify(encode([...good, good[0]!]).slice(0, -3));
    assert.equal(code, 4);
    assert.match(err, /in\.pcap: cut within record/);
    assert.deepEqual([summaryOf(out)['good'], summaryOf(out)['verdict']], [2, 'inconclusive']);
  });

  it('that is not read to its end exits 4 and says so', async () => {
    const many = Array.from({ length: 3000 }, (_, i) =>
      fragments({ ...flow4, ident: i + 1 }, udpPacket(flow4, payload)),
    );
    const file = await put('long.pcap', encode(many.flatMap((one, i) => one.map((packet) => frame(packet, i)))));
    const [out, err] = [new TextSink(), new TextSink()];
    const stop = new AbortController();
    out._write = (chunk: Buffer, _encoding: string, done: () => void) => {
      out.text += chunk.toString();
      stop.abort(new Error('enough'));
      done();
    };
    const code = await verifyFile({ file, json: true }, createOutput(out, err), stop.signal);
    assert.equal(code, 4);
    assert.match(err.text, /long\.pcap: stopped before its end; judged is what came before\n$/);
    const { datagrams, good, bad, verdict } = summaryOf(out.text);
    assert.ok(Number(good) < 3000, `${good} were judged`);
    assert.deepEqual([bad, verdict], [0, 'inconclusive']);
    assert.equal(out.text.trim().split('\n').length, Number(datagrams) + 1, 'each is told, and the summary last');
  });

  it('of a link that nobody knows exits 4 and says which', async () => {
    const octets = encodePcap(
      good.map((one) => ({ ...one, linktype: 147 })),
      pcapFormat(147),
    );
    const [code, , err] = await verify(octets);
    assert.equal(code, 4);
    assert.match(err, /in\.pcap: frames of link type 147, which udp-ufo cannot read\n/);
    assert.doesNotMatch((await verify(encode(good)))[2], /link type/);
  });

  it('without frames exits 4', async () => {
    assert.equal((await verify(encode([])))[0], 4);
  });

  it('with snaplen 96 exits 4', async () => {
    const [code, out] = await verify(encode(packets.map((packet) => frame(packet, 0, 96))));
    assert.equal(code, 4);
    assert.deepEqual([summaryOf(out)['bad'], summaryOf(out)['incomplete']], [0, 2]);
  });

  it('is told to people line by line', async () => {
    const [, out] = await verify(encode(good.slice(1)), { json: false });
    assert.match(out, /incomplete +192\.0\.2\.1 > 192\.0\.2\.2 .* missing \[0, 1480\)/);
    assert.match(out, /good +\[2001:db8::1\]:1111 > \[2001:db8::2\]:9999/);
    assert.match(out, /\ninconclusive: 2 datagrams \(1 good, 0 bad, 1 incomplete\)/);
  });

  it('gives its payloads and its packets back', async () => {
    const file = await put('fragments.pcap', encode(good));
    const output = createOutput(new TextSink(), new TextSink());
    const into = join(directory, 'payloads');
    assert.equal(await reassemble({ file, output: into, json: false }, output, signal), 0);
    for (const name of ['datagram-000001.bin', 'datagram-000002.bin']) {
      assert.ok((await readFile(join(into, name))).equals(payload));
    }
    const one = join(directory, 'one.bin');
    assert.equal(await reassemble({ file, output: one, datagram: 2, json: false }, output, signal), 0);
    assert.ok((await readFile(one)).equals(payload));
    const write = join(directory, 'whole.pcap');
    assert.equal(await reassemble({ file, write, json: false }, output, signal), 0);
    const want = [flow4, flow6].map((flow) => whole(flow, udpPacket(flow, payload)));
    want[1]!.set([0x60, 1, 0x23, 0x45]); // the fragments' flow label
    const at = [want[0]!.length, want[1]!.length];
    const octets = await readFile(write);
    assert.ok(octets.subarray(40, 40 + at[0]!).equals(want[0]!));
    assert.ok(octets.subarray(56 + at[0]!).equals(want[1]!));
  });

  it('is put together with the comments and interfaces of its frames', async () => {
    const captured = good.map((one, i) => ({
      ...one,
      interface: i < 4 ? 'near0' : 'far0',
      ...(i % 3 === 0 && { comment: `frame ${i + 1}` }),
    }));
    const format = captureFormat('pcapng', { linktype: 101 });
    const records = encodeFrames(captured, format);
    const file = await put('told.pcapng', Buffer.concat([format.header(['on the file']), records]));
    const write = join(directory, 'whole.pcapng');
    assert.equal(
      await reassemble({ file, write, json: false }, createOutput(new TextSink(), new TextSink()), signal),
      0,
    );
    const reader = new CaptureReader();
    const found = reader.push(await readFile(write)).map(({ interface: name, comment }) => [name, comment]);
    assert.deepEqual(found, [
      ['near0', 'frame 1\nframe 4'],
      ['far0', 'frame 7'],
    ]);
    assert.deepEqual(reader.comments, ['on the file']);
  });
});
