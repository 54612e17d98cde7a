import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { createOutput } from '../../../src/app/common/output.js';
import { pathDocument } from '../../../src/app/path/document.js';
import { verifyFile } from '../../../src/app/verify/file.js';
import { htmlPage } from '../../../src/report/html/page.js';
import { encodePcap } from '../../../src/wire/capture-encoder.js';
import { pcapFormat } from '../../../src/wire/pcap-format.js';
import { MAIN } from '../../live/cli.js';
import { flow4, fragments, frame, pattern, udpPacket } from '../../verify/build.js';

const signal = new AbortController().signal;
const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
const packets = fragments(flow4, udpPacket(flow4, pattern(3000)), 1480);

describe('verify --html', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'udp-ufo-page-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function page(frames: readonly Uint8Array[], html = join(folder, 'page.html')): Promise<string> {
    const file = join(folder, 'frames.pcap');
    await writeFile(
      file,
      encodePcap(
        frames.map((octets, i) => frame(octets, 1000 + i / 1000)),
        pcapFormat(101),
      ),
    );
    const output = createOutput(nowhere, nowhere);
    await verifyFile({ file, json: false, html }, output, signal);
    return readFile(html, 'utf8');
  }

  it('shows what is good in a row', async () => {
    const text = await page(packets);
    assert.match(text, /good: 1 datagram/);
    assert.match(text, /<span aria-hidden="true">●<\/span> good/);
  });

  it('shows what is missing of a datagram, and the octets of what is wrong', async () => {
    const broken = packets.map((octets) => octets.slice());
    broken[0]![1]! ^= 4; // TOS: the header checksum is wrong then
    const text = await page([broken[0]!, broken[2]!]);
    assert.match(text, /missing: octets 1480 … 2960/);
    assert.match(text, /<mark>/);
  });

  it('says what of that which was sent did not come', async () => {
    const [saved, capture, html] = ['saved', 'one.pcap', 'held.html'].map((name) => join(folder, name));
    const words = '--source 192.0.2.1:1 --destination 192.0.2.2:2 --size 100 --ident 7'.split(' ');
    const cut = (...more: string[]) => execFileSync(process.execPath, [MAIN, 'segment', ...words, ...more]);
    cut('--count', '3', '--pcap', '/dev/null', '--save', saved!);
    cut('--pcap', capture!);
    const options = { file: capture!, json: false, html, expectFile: saved };
    assert.equal(await verifyFile(options, createOutput(nowhere, nowhere), signal), 4);
    const text = (await readFile(html!, 'utf8')).replaceAll(/<[^>]*>/g, ' ');
    assert.match(text, /did not come\s+2\s/);
  });

  it('leaves the file that stands there where the capture cannot be read', async () => {
    const html = join(folder, 'keep.html');
    await writeFile(html, 'kept');
    const output = createOutput(nowhere, nowhere);
    await assert.rejects(verifyFile({ file: join(folder, 'none'), json: false, html }, output, signal), {
      code: 'ENOENT',
    });
    assert.equal(await readFile(html, 'utf8'), 'kept');
  });
});

describe('path --html', () => {
  it('shows findings, size × outcome and every question', () => {
    const probe = { name: 'small', title: 'a small packet', size: 64, count: 2, gapMs: 0 } as const;
    const outcome = {
      probe,
      sent: 2,
      arrived: 1,
      extra: 0,
      damaged: 0,
      overtaken: 0,
      arrivals: [],
      tooBig: [{ mtu: 1400, by: '192.0.2.254' }],
      timeExceededMs: null,
      failed: null,
      source: { address: '192.0.2.1', port: 1 },
    };
    const finding = { code: 'path-mtu', says: 'the path carries 1400', next: 'nothing' } as const;
    const report = { type: 'path', family: 4, address: '192.0.2.2', answers: 'echo', mtu: 1500 } as const;
    const more = { outcomes: [outcome], largestPacket: null, farEnd: null, largestDatagram: null, findings: [finding] };
    const body = pathDocument([{ ...report, ...more }]);
    const text = htmlPage({ circumstances: [], ...body, command: 'udp-ufo path 192.0.2.2', at: new Date() });
    for (const wanted of [
      /the path carries 1400/,
      /◐<\/span> 1\/2/,
      /too big: 1400 \(192\.0\.2\.254\)/,
      /answered by echo/,
    ]) {
      assert.match(text, wanted);
    }
  });
});
