import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createOutput, type Output } from '../../../src/app/common/output.js';
import { compare } from '../../../src/app/compare/compare.js';
import type { CompareSummary } from '../../../src/app/compare/report.js';
import { verifyFile } from '../../../src/app/verify/file.js';
import type { VerifySummary } from '../../../src/verify/verdict.js';
import { verify } from '../../../src/verify/verify.js';
import { encodeFrames } from '../../../src/wire/capture-encoder.js';
import { captureFormat } from '../../../src/wire/capture-format.js';
import { LINKTYPE_RAW } from '../../../src/wire/link-layer.js';
import { flow4, fragments, frame, pattern, udpPacket } from '../../verify/build.js';
import { TextSink } from '../common/text-sink.js';

const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-told-'));
after(() => rmSync(folder, { recursive: true }));
const [FILE, PAGE] = [join(folder, 'capture'), join(folder, 'page.html')];

const frames = fragments(flow4, udpPacket(flow4, pattern(4000))).map((octets) => frame(octets, 1000));
const format = captureFormat('pcap', { linktype: LINKTYPE_RAW });
const whole = Buffer.concat([format.header(), encodeFrames(frames, format)]);
const ng = captureFormat('pcapng', { linktype: LINKTYPE_RAW });
const commented = Buffer.concat([ng.header(['from <the> rack']), encodeFrames(frames, ng)]);
const lossy = Buffer.concat([ng.header(), encodeFrames(frames, ng), ng.trailer({ received: 3, lost: 5 })]);
const odd = captureFormat('pcap', { linktype: 147 });
const unread = encodeFrames(
  frames.map((one) => ({ ...one, linktype: 147 })),
  odd,
);
const zipped = gzipSync(whole);

/** A file, what is told of it beside its datagrams, and whether it is all right. */
const FILES: readonly [what: string, octets: Uint8Array, told: string | null, verdict: VerifySummary['verdict']][] = [
  ['whole', whole, null, 'good'],
  ['cut within a record', Buffer.concat([whole, whole.subarray(24, 60)]), 'record 4', 'inconclusive'],
  ['cut within a record header', Buffer.concat([whole, whole.subarray(24, 31)]), 'record 4', 'inconclusive'],
  ['damaged', Buffer.concat([whole, Buffer.alloc(16, 0xff)]), 'record 4', 'inconclusive'],
  ['a pcapng file that is cut', commented.subarray(0, -9), 'cut', 'inconclusive'],
  ['a compressed file that is cut', zipped.subarray(0, -6), 'compressed', 'inconclusive'],
  ['a comment', commented, 'comment: from <the> rack', 'good'],
  ['lost by the capture', lossy, '5', 'inconclusive'],
  ['a link type that is not read', Buffer.concat([odd.header(), unread]), 'link type 147', 'inconclusive'],
];
const never = new AbortController().signal;
const AGAINST = {
  ...{ host: undefined, family: undefined, sizes: undefined, interface: undefined, mtu: undefined, pcap: undefined },
  ...{ headers: {}, deep: false, outsideLab: false, fields: false, json: true, against: { file: FILE } },
};

async function run(
  work: (output: Output) => Promise<number>,
): Promise<{ code: number; lines: string[]; stderr: string }> {
  const [out, err] = [new TextSink(), new TextSink()];
  const code = await work(createOutput(out, err));
  return { code, lines: out.text.trimEnd().split('\n'), stderr: err.text };
}
/** As a page has it. */
const escaped = (text: string): string => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');

describe('what is told of a file', () => {
  for (const [what, octets, told, verdict] of FILES) {
    it(`${what}: on standard error and in the text, in --json, on the page and by the library`, async () => {
      writeFileSync(FILE, octets);
      const text = await run((output) => verifyFile({ file: FILE, json: false, html: PAGE }, output, never));
      const json = await run((output) => verifyFile({ file: FILE, json: true }, output, never));
      const compared = await run((output) => compare({ ...AGAINST, html: `${PAGE}.compare` }, output, never));
      const code = verdict === 'good' ? 0 : 4;
      assert.deepEqual([text.code, json.code, compared.code], [code, code, code]);
      const summary: VerifySummary = JSON.parse(json.lines.at(-1)!);
      const generator = verify(FILE, { hash: false });
      let last = await generator.next();
      while (!last.done) last = await generator.next();
      assert.deepEqual(last.value, summary, 'the library');
      const html = readFileSync(PAGE, 'utf8');
      const other: CompareSummary = JSON.parse(compared.lines.at(-1)!);
      assert.deepEqual([other.fault, other.captureLost], [summary.fault, summary.captureLost]);
      assert.deepEqual(other.notes, summary.notes);
      assert.equal(summary.verdict, verdict);
      for (const note of [...summary.notes, ...(summary.fault === null ? [] : [summary.fault])]) {
        assert.ok(text.stderr.includes(note) && json.stderr.includes(note) && compared.stderr.includes(note), note);
        assert.ok(html.includes(escaped(note)), `${note} on the page`);
        assert.ok(readFileSync(`${PAGE}.compare`, 'utf8').includes(escaped(note)), `${note} on the page of compare`);
      }
      if (told === null) {
        assert.deepEqual([summary.fault, summary.notes, text.stderr], [null, [], '']);
        return;
      }
      assert.ok(`${text.stderr}${text.lines.join('\n')}`.includes(told), told);
      assert.ok(html.includes(escaped(told)), told);
      // Nothing is said there that is not here.
      for (const line of text.stderr.split('\n').filter((one) => one.includes(FILE))) {
        const all = [...summary.notes, summary.fault ?? 'nothing'];
        assert.ok(
          all.some((note) => line.includes(note)),
          line,
        );
      }
    });
  }
});
