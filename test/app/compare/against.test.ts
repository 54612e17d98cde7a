import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { caseText } from '../../../src/app/compare/cases.js';
import type { CompareSummary, DatagramReport } from '../../../src/app/compare/report.js';
import { encodeFrames } from '../../../src/wire/capture-encoder.js';
import { captureFormat } from '../../../src/wire/capture-format.js';
import { LINKTYPE_RAW } from '../../../src/wire/link-layer.js';
import { runCli, summaryOf } from '../../live/cli.js';
import { hex } from '../../wire/helpers.js';
import { datagram, FILE, folder, judged, reports, write } from './held-file.js';

describe('compare --against: a file', () => {
  for (const family of [4, 6] as const) {
    const name = `IPv${family}`;
    it(`${name}: cut as we do, in every size and with every kind of header: equal`, async () => {
      const headers =
        family === 4
          ? [
              { options: hex('070b 04 0000000000000000 00') },
              { options: hex('8307 04 c6336407 01') },
              { ttl: 3, tos: 0xb8 },
            ]
          : [{ extensionHeaders: [{ type: 0, octets: hex('0000 0502 0000 0100') }] }, { flowLabel: 5, tos: 3 }];
      const frames = [{}, ...headers].flatMap((more, i) =>
        [0, 1000, 1473 + i, 3000 + i, 40_000 + i].flatMap((size) => datagram(family, size, '', more)),
      );
      assert.deepEqual([...new Set(await judged(frames))], ['equal']);
    });

    for (const [steps, want] of [
      ['set(3, ttl=9)', 'different; 3 ttl 9'],
      ['set(2, tos=4)', 'different; 2 tos 4'],
      ['set(2, ident=77)', 'different; 2 ident 77'],
      ['mf-on-last', 'different; 4 mf 1'],
      ['set(2, length=1402)', 'different; 2 length 1402'],
      ['set(4, length=100)', 'different; 4 length 100'],
      ['set(2, reserved=1)', 'different; 2 reserved 1'],
      ['reverse', 'explained; other-order'],
      ['drop(2)', 'lost'],
    ] as const) {
      it(`${name}: ${steps}: ${want}`, async () => {
        assert.deepEqual(await judged(datagram(family, 5000, steps)), [want]);
      });
    }

    it(`${name}: a wrong checksum and a wrong octet are named`, async () => {
      const [wrong] = await judged(datagram(family, 5000, 'corrupt(2, 100)'));
      assert.match(wrong!, /^different; 1 udp-checksum 0x[0-9a-f]{4}$/);
      const moved = await judged(datagram(family, 5000, 'set(2, offset=1600)'));
      assert.match(moved[0]!, /^different; 2 offset 1600; 2 data 0x/);
    });

    it(`${name}: wrong sizes are named, fragment by fragment`, async () => {
      const [found] = await judged(datagram(family, 5000, 'sizes(800, 1400)'), 1500);
      assert.match(found!, /^different; 0 packets \d; 1 length \d+; 2 length \d+; 2 offset 800;/);
    });

    it(`${name}: a smaller MTU beside a larger one is not proven, and with the MTU told different`, async () => {
      const frames = [...datagram(family, 3000, '', { mtu: 1400 }), ...datagram(family, 9000)];
      assert.deepEqual(await judged(frames), ['unsure; smaller-mtu', 'equal']);
      assert.match((await judged(frames, 1500))[0]!, /^different; /);
      assert.deepEqual(await judged(datagram(family, 3000, '', { mtu: 1400 }), 1400), ['equal']);
    });

    it(`${name}: a packet smaller than any MTU: equal`, async () => {
      for (const size of [0, 1, 7, 8]) assert.deepEqual(await judged(datagram(family, size)), ['equal'], `${size}`);
    });

    it(`${name}: what no device has cut yet is not proven`, async () => {
      const whole = datagram(family, 8000, '', { mtu: 9000 });
      assert.deepEqual(await judged([...datagram(family, 3000), ...whole]), ['equal', 'unsure; not-cut-yet']);
    });

    it(`${name}: frames that the capture cut are not proven, and nothing is said of them that nobody knows`, async () => {
      for (const [caplen, said] of [
        [60, `${name}, a frame that is not whole`],
        [19, `${name}, a frame that is not whole`], // within the IP header
        [0, 'a frame that is not whole'],
      ] as const) {
        const frames = datagram(family, 5000).map((one, i) => (i === 1 ? { ...one, caplen } : one));
        assert.deepEqual((await judged(frames)).toSorted(), ['lost', 'unsure']);
        const [cut] = await reports(frames);
        assert.equal(caseText(cut!.of), said);
        assert.deepEqual([cut!.of.mtu, cut!.of.size], [null, null]);
      }
      const [headless] = await reports(datagram(family, 5000).slice(1), 1500);
      assert.equal(caseText(headless!.of), `${name}, MTU 1500`);
    });

    it(`${name}: a lost fragment, and its ident once more when its time is over: lost, and equal`, async () => {
      const late = datagram(family, 4000).map((one) => ({ ...one, seconds: 100 }));
      assert.deepEqual(await judged([...datagram(family, 4000).slice(0, 2), ...late], 1500), ['equal', 'lost']);
    });
  }

  it('holds an IPv6 first fragment without all headers for wrong', async () => {
    const chain = [{ type: 60, octets: hex('0001 010c 000000000000000000000000') }];
    assert.deepEqual(await judged(datagram(6, 5000, 'split-chain', { extensionHeaders: chain })), ['different']);
  });

  it('gives no verdict on a datagram of more packets than can be one', async () => {
    const [, second] = datagram(4, 5000);
    const many = Array.from({ length: 8200 }, (_, i) => {
      const bytes = Uint8Array.from(second!.bytes.subarray(second!.offset, second!.offset + second!.caplen));
      bytes.set([i >> 8, i & 255], 40);
      return { ...second!, bytes, offset: 0 };
    });
    const [{ cuts }] = (await reports(many)) as [DatagramReport];
    assert.deepEqual(
      [cuts[0]!.outcome, cuts[0]!.why],
      ['unsure', '8 packets more have its ident, too many to be kept'],
    );
  });

  it('leaves other protocols alone', async () => {
    const icmp = datagram(6, 100).map((one) => {
      const bytes = one.bytes.slice();
      bytes[6] = 58;
      return { ...one, bytes };
    });
    assert.deepEqual(await reports(icmp), []);
  });
});

describe('compare --against on the command line', () => {
  const run = (...words: string[]) => runCli(['compare', '--against', FILE, ...words]);

  it('ends with 0 where all is equal, 1 where a field is wrong, 4 where something is missing', async () => {
    for (const [steps, code, verdict] of [
      ['', 0, 'good'],
      ['set(3, ttl=9)', 1, 'bad'],
      ['drop(2)', 4, 'inconclusive'],
      ['duplicate(2, 1)', 4, 'inconclusive'],
    ] as const) {
      write(datagram(4, 5000, steps));
      const end = await run('--json');
      assert.deepEqual([end.code, summaryOf<{ verdict: string }>(end).verdict], [code, verdict], end.stderr);
    }
  });

  it('ends with 4 where the capture lost frames, or the file is cut or broken, and says so', async () => {
    const octets = readFileSync(write(datagram(4, 5000)));
    const lost = captureFormat('pcapng', { linktype: LINKTYPE_RAW });
    const body = encodeFrames(datagram(4, 5000), lost);
    for (const [file, captureLost, truncated, said] of [
      [
        Buffer.concat([octets, octets.subarray(24, 31)]),
        null,
        true,
        /cut within the header of record 5.*compared is what/,
      ],
      [Buffer.concat([octets, Buffer.alloc(16, 0xff)]), null, true, /record 5/],
      [Buffer.concat([lost.header(), body, lost.trailer({ received: 4, lost: 5 })]), 5, false, /^$/],
      [Buffer.concat([lost.header(), body, lost.trailer({ received: 4, lost: 0 })]), 0, false, /^$/],
    ] as const) {
      writeFileSync(FILE, file);
      const end = await run('--json');
      const verdict = captureLost === 0 ? 'good' : 'inconclusive';
      const got = summaryOf<CompareSummary>(end);
      assert.deepEqual([got.verdict, got.captureLost, got.fault !== null], [verdict, captureLost, truncated]);
      if (got.fault !== null) assert.ok(end.stderr.includes(got.fault));
      assert.equal(end.code, captureLost === 0 ? 0 : 4);
      assert.match(end.stderr, said);
    }
  });

  it('tells what the file says of itself', async () => {
    const format = captureFormat('pcapng', { linktype: LINKTYPE_RAW });
    writeFileSync(FILE, Buffer.concat([format.header(['from the rack']), encodeFrames(datagram(4, 5000), format)]));
    assert.match((await run()).stderr, /comment: from the rack/);
    const other = captureFormat('pcap', { linktype: 147 });
    writeFileSync(
      FILE,
      Buffer.concat([
        other.header(),
        encodeFrames(
          datagram(4, 5000).map((one) => ({ ...one, linktype: 147 })),
          other,
        ),
      ]),
    );
    assert.match((await run()).stderr, /frames of link type 147, which udp-ufo cannot read/);
  });

  it('reads what can be read once where the MTU is told, and asks for it where it is not', async () => {
    write(datagram(4, 5000));
    for (const [words, code, text] of [
      ['--mtu 1500', 0, /^\/dev\/fd\/\d+: good; 1 datagram/m],
      ['', 2, /--against: \/dev\/fd\/\d+ can be read once.*--mtu/s],
    ] as const) {
      const prefix = ['bash', '-c', `exec "$@" --against <(cat ${FILE}) ${words}`, 'bash'];
      const end = await runCli(['compare'], { prefix });
      assert.equal(end.code, code, end.stderr);
      assert.match(`${end.lines.join('\n')}${end.stderr}`, text);
    }
  });

  it('names field, fragment, got and want, shows all fields, and writes a page', async () => {
    write(datagram(4, 5000, 'set(3, ttl=9)'));
    const page = join(folder, 'page.html');
    const { code, lines } = await run('--fields', '--html', page);
    assert.equal(code, 1);
    const text = lines.join('\n');
    assert.match(text, /fragment #3: ttl got 9, want 64/);
    assert.match(text, /│ ttl +│ 64 +│ 2 × 64, 9, 64 +│/);
    assert.match(text, /│ offset +│ 0, 1480 … 4440 +│ = +│/);
    const html = readFileSync(page, 'utf8');
    for (const part of ['Differences by cause', 'Side by side', 'fragment #3: ttl got 9, want 64'])
      assert.ok(html.includes(part));
  });

  it('refuses what does not go with a file, by name', async () => {
    write(datagram(4, 5000));
    for (const words of [['--deep'], ['--ttl', '9'], ['--size', '9'], ['-i', 'lo']]) {
      const { code, stderr } = await run(...words);
      assert.equal(code, 2);
      assert.match(stderr, /--against|--deep|--ttl|--size|-i/);
    }
    const { code, stderr } = await runCli(['compare', '--against', '-'], { input: Buffer.alloc(0) });
    assert.equal(code, 2);
    assert.match(stderr, /--mtu/);
    assert.equal((await runCli(['compare', '--against', join(folder, 'none.pcap')])).code, 2);
  });
});
