import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createOutput } from '../../../src/app/common/output.js';
import { segment } from '../../../src/app/segment/segment.js';
import { verifyFile } from '../../../src/app/verify/file.js';
import type { Selection } from '../../../src/app/verify/select.js';
import { encodePcap } from '../../../src/wire/capture-encoder.js';
import { type Frame, frameData } from '../../../src/wire/frame.js';
import { pcapFormat } from '../../../src/wire/pcap-format.js';
import { PcapReader } from '../../../src/wire/pcap-reader.js';
import { TextSink } from '../common/text-sink.js';

const folder = mkdtempSync(join(tmpdir(), 'verify-select-'));
after(() => rmSync(folder, { recursive: true }));

/** Three datagrams in fragments, of three flows: raw IP, or Ethernet behind a VLAN tag. */
async function capture(name: string, tagged = false): Promise<string> {
  const frames: Frame[] = [];
  for (const [i, host] of ['192.0.2.7', '192.0.2.8', '192.0.2.9'].entries()) {
    const pcap = join(folder, `part${i}.pcap`);
    const ends = { source: { host, port: 100 + i }, destination: { host: '192.0.2.1', port: 200 + i } };
    const output = createOutput(new TextSink(), new TextSink());
    await segment({ ...ends, mtu: 1500, size: 4000, pcap, json: false }, output, new AbortController().signal);
    frames.push(...new PcapReader().push(readFileSync(pcap)));
  }
  const path = join(folder, name);
  writeFileSync(path, encodePcap(tagged ? frames.map(behindTag) : frames, pcapFormat(tagged ? 1 : 101)));
  return path;
}

function behindTag(frame: Frame): Frame {
  const bytes = Buffer.concat([Buffer.from(`${'02'.repeat(12)}810000070800`, 'hex'), frameData(frame)]);
  return { ...frame, bytes, offset: 0, caplen: bytes.length, len: bytes.length, linktype: 1 };
}

async function sources(file: string, selection: Selection): Promise<{ code: number; sources: string[] }> {
  const out = new TextSink();
  const output = createOutput(out, new TextSink());
  const code = await verifyFile({ file, json: true, ...selection }, output, new AbortController().signal);
  const lines = out.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const summary = lines.pop()!;
  assert.equal(summary['datagrams'], lines.length, 'what was left out is not counted');
  return { code, sources: lines.map((line) => String(line['source'])) };
}

describe('verify of a part of a file', () => {
  it('numbers frames as the file does, whatever is left out', async () => {
    const file = await capture('numbers.pcap');
    const octets = readFileSync(file);
    octets[octets.length - 1]! ^= 1; // the last frame is of the third datagram
    writeFileSync(file, octets);
    for (const selection of [{}, { host: '192.0.2.9' }, { filter: 'src 192.0.2.9' }, { port: 102 }]) {
      const out = new TextSink();
      await verifyFile(
        { file, json: false, ...selection },
        createOutput(out, new TextSink()),
        new AbortController().signal,
      );
      assert.match(out.text, /^bad .*, frames 7 … 9$/m, JSON.stringify(selection));
      assert.match(out.text, /#3 +@9 \|/);
    }
  });

  it('goes by host, by port and by a filter of libpcap, whole datagrams in all cases', async () => {
    const file = await capture('flows.pcap');
    const table: readonly (readonly [Selection, readonly string[]])[] = [
      [{}, ['192.0.2.7', '192.0.2.8', '192.0.2.9']],
      [{ host: '192.0.2.8' }, ['192.0.2.8']],
      [{ host: '192.0.2.1' }, ['192.0.2.7', '192.0.2.8', '192.0.2.9']],
      [{ port: 102 }, ['192.0.2.9']],
      [{ port: 200 }, ['192.0.2.7']],
      [{ port: 200, host: '192.0.2.8' }, []],
      [{ filter: 'src host 192.0.2.7 or src host 192.0.2.9' }, ['192.0.2.7', '192.0.2.9']],
      [{ filter: 'src host 192.0.2.7 or src host 192.0.2.9', host: '192.0.2.9' }, ['192.0.2.9']],
      [{ filter: '' }, ['192.0.2.7', '192.0.2.8', '192.0.2.9']],
    ];
    for (const [selection, want] of table) {
      const { code, sources: got } = await sources(file, selection);
      assert.deepEqual(got, want, JSON.stringify(selection));
      assert.equal(code, want.length > 0 ? 0 : 4);
    }
  });

  it('finds hosts behind a VLAN tag', async () => {
    const file = await capture('tagged.pcap', true);
    assert.deepEqual((await sources(file, { host: '192.0.2.8' })).sources, ['192.0.2.8']);
    assert.deepEqual((await sources(file, { filter: 'vlan 7', host: '192.0.2.9' })).sources, ['192.0.2.9']);
    assert.deepEqual((await sources(file, { filter: 'vlan 8', host: '192.0.2.9' })).sources, []);
    assert.deepEqual((await sources(file, { filter: 'vlan 7 and src host 192.0.2.9' })).sources, ['192.0.2.9']);
  });

  it('keeps an incomplete datagram whose port nobody knows', async () => {
    const file = await capture('whole.pcap');
    const octets = readFileSync(file);
    const cut = join(folder, 'first-missing.pcap');
    writeFileSync(cut, Buffer.concat([octets.subarray(0, 24), octets.subarray(24 + 16 + 1500)]));
    assert.deepEqual(await sources(cut, { port: 201 }), { code: 4, sources: ['192.0.2.8', '192.0.2.7'] });
  });

  it('refuses a filter that libpcap cannot compile, with its reason', async () => {
    const file = await capture('refused.pcap');
    await assert.rejects(sources(file, { filter: 'udp porto 9' }), {
      code: 'ERR_UFO_INVALID_ARGUMENT',
      message: /^filter: got ".*udp porto 9.*", want a filter that libpcap can compile \(.*syntax error/,
    });
  });
});
