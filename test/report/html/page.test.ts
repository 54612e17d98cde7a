import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coverageMap, hexDump, timeLine } from '../../../src/report/html/figures.js';
import { html } from '../../../src/report/html/markup.js';
import { htmlPage } from '../../../src/report/html/page.js';
import { DatagramSample } from '../../../src/report/html/sample.js';
import type { DatagramVerdict } from '../../../src/verify/verdict.js';
import { badDatagram, datagram, reportDocument } from './build.js';

describe('html', () => {
  it('escapes what is put into it, and nothing that is markup already', () => {
    assert.equal(html`<b>${'<&>"\''}</b>${null}${[1, html`<i/>`]}`.text, '<b>&lt;&amp;&gt;&quot;&#39;</b>1<i/>');
  });
});

describe('htmlPage', () => {
  const page = htmlPage(reportDocument());

  it('loads nothing and lets nothing be loaded', () => {
    assert.doesNotMatch(page, /(src|href)=|url\(|@import|https?:/);
    assert.match(page, /Content-Security-Policy" content="default-src &#39;none&#39;/);
  });

  it('shows what a capture says as text', () => {
    assert.doesNotMatch(page, /<script>alert/);
    assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  });

  it('says what was run, when, and how to run it again', () => {
    assert.match(page, /udp-ufo verify -r &#39;a &amp; b\.pcap&#39;/);
    assert.match(page, /2026-11-25 12:00:00 UTC/);
    assert.match(page, /<dt>kernel<\/dt><dd>6\.18<\/dd>/);
  });

  it('shows tables, matrices, bars and notes', () => {
    const more = htmlPage(
      reportDocument({
        sections: [
          {
            kind: 'table',
            title: 'Rules',
            columns: ['rule', 'n'],
            rows: [{ mark: 'bad', cells: ['broken', 2], details: ['<why>'] }],
          },
          {
            kind: 'matrix',
            title: 'Policy',
            columns: ['old first'],
            rows: [{ name: 'before', cells: [{ mark: 'good', text: 'none' }] }],
          },
          { kind: 'bars', title: 'Speed', unit: 'fragments/s', bars: [{ name: 'af-xdp', value: 2, text: '2' }] },
          { kind: 'notes', title: 'Notes', lines: ['one'] },
        ],
      }),
    );
    for (const wanted of [/✗<\/span> broken/, /&lt;why&gt;/, /●<\/span> none/, /width="400\.0"/, /<li>one<\/li>/]) {
      assert.match(more, wanted);
    }
  });
});

describe('a table of datagrams', () => {
  const pageOf = (datagrams: readonly DatagramVerdict[], sampled: string | null = null): string =>
    htmlPage(reportDocument({ sections: [{ kind: 'datagrams', title: 'Datagrams', datagrams, sampled }] }));

  it('names the ends of each, with a port where there is one', () => {
    const six = { family: 6, source: '2001:db8::1', destination: '2001:db8::2' } as const;
    const page = pageOf([
      datagram(),
      datagram({ udp: null }),
      datagram(six),
      datagram({ ...six, udp: null, via: 'vlan 5' }),
    ]);
    const { source, destination } = datagram();
    const { sourcePort, destinationPort } = datagram().udp!;
    const ends = [...page.matchAll(/<td data-sort="([\d.a-f:[\]]+(?: \(.*?\))?)">/g)].map(([, end]) => end);
    assert.deepEqual(ends, [
      ...[`${source}:${sourcePort}`, `${destination}:${destinationPort}`],
      ...[source, destination],
      ...[`[2001:db8::1]:${sourcePort}`, `[2001:db8::2]:${destinationPort}`],
      ...['2001:db8::1', '2001:db8::2 (vlan 5)'],
    ]);
  });

  it('opens to what was found of each, with its octets, and to its figures; a good one to nothing', () => {
    assert.doesNotMatch(pageOf([datagram()]), /class="details"/);
    const [finding] = badDatagram().findings;
    const bare = { ...badDatagram(), fragmentList: null, holes: [] };
    const shown = pageOf([{ ...bare, findings: [{ ...finding!, octets: '4500001400', mark: [2, 4] }] }]);
    assert.match(shown, /<tr class="details" hidden>.*<pre class="hex">0000 {2}45 00 <mark>00/s);
    const { octets: _, mark: __, ...silent } = finding!;
    assert.doesNotMatch(pageOf([{ ...bare, findings: [silent] }]), /<pre class="hex">/);
    assert.match(pageOf([{ ...badDatagram(), findings: [] }]), /<tr class="details" hidden>.*<svg/s);
  });

  it('says above it what is not shown', () => {
    assert.match(pageOf([datagram()], 'every 4th'), /<h2>Datagrams<\/h2><p>every 4th<\/p>/);
    assert.doesNotMatch(pageOf([datagram()]), /<h2>Datagrams<\/h2><p>/);
  });
});

describe('figures', () => {
  it('draw a bar for each fragment in its place, overlapping ones and holes otherwise', () => {
    const map = coverageMap(badDatagram())!.text;
    assert.deepEqual(
      [...map.matchAll(/<rect class="(\w+)"/g)].map(([, name]) => name),
      ['piece', 'overlap', 'piece', 'overlap', 'piece', 'hole'],
    );
    assert.match(map, /frame 2: octets 520 … 2000, MF, overlaps with the same data/);
    assert.match(map, /#2 frame 2 =</);
    assert.match(map, /missing: octets 2000 … 2960/);
  });

  it('fill what came again with other data, in both fragments', () => {
    const [finding] = badDatagram().findings;
    const map = coverageMap(badDatagram({ findings: [{ ...finding!, code: 'fragment-conflict' }] }))!.text;
    assert.deepEqual(
      [...map.matchAll(/<rect class="(\w+)"/g)].map(([, name]) => name),
      ['piece', 'overlap', 'conflict', 'piece', 'overlap', 'conflict', 'piece', 'hole'],
    );
    assert.match(map, /#1 frame 1 ≠.*#2 frame 2 ≠.*#3 frame 3</s);
  });

  it('draw no more rows than can be told apart, and say so', () => {
    const one = badDatagram().fragmentList![0]!;
    const fragmentList = Array.from({ length: 8190 }, (_, i) => ({ ...one, offset: 8 * i, length: 8 }));
    const map = coverageMap(badDatagram({ fragmentList, holes: [] }))!.text;
    assert.equal(map.match(/<rect/g)!.length, 120);
    assert.match(map, /8070 more fragments not drawn/);
  });

  it('draw nothing for what has no fragments', () => {
    assert.equal(coverageMap(datagram()), null);
    assert.equal(timeLine(datagram()), null);
  });

  it('show arrivals over time', () => {
    assert.match(timeLine(badDatagram())!.text, /Arrival over 2\.000 ms/);
  });

  it('mark the octets of a field', () => {
    assert.equal(
      hexDump('4500001400', [2, 4]).text,
      '<pre class="hex">0000  45 00 <mark>00</mark> <mark>14</mark> 00 \n</pre>',
    );
  });
});

describe('DatagramSample', () => {
  it('keeps all of few', () => {
    const sample = new DatagramSample();
    for (let i = 0; i < 500; i++) sample.add(datagram());
    assert.deepEqual([sample.section().datagrams.length, sample.section().sampled], [500, null]);
  });

  it('keeps all that is not good of many, spreads over the good ones, and says so', () => {
    const sample = new DatagramSample();
    for (let i = 0; i < 100_000; i++) sample.add(i % 1000 === 7 ? badDatagram({ ident: i }) : datagram({ ident: i }));
    const { datagrams, sampled } = sample.section();
    assert.equal(datagrams.filter(({ verdict }) => verdict === 'bad').length, 100);
    assert.ok(datagrams.length <= 601 && datagrams.length > 300);
    assert.ok(datagrams.at(-1)!.ident! > 99_000);
    assert.match(sampled!, /of 100000 are shown: 100 of the 100 that are not good/);
  });

  it('keeps every n-th of the good ones, from the first on', () => {
    const sample = new DatagramSample();
    for (let i = 0; i < 1999; i++) sample.add(datagram({ ident: i }));
    const { datagrams, sampled } = sample.section();
    assert.deepEqual(
      datagrams.map(({ ident }) => ident),
      Array.from({ length: 500 }, (_, i) => 4 * i),
    );
    assert.match(sampled!, /^500 of 1999 are shown: 0 of the 0 that are not good, and every 4th of the 1999 good ones/);
  });

  it('says how many of the good ones it has as people do', () => {
    for (const [good, text] of [
      [0, 'all 0 good ones'],
      [500, 'all 500 good ones'],
      [501, 'every 2nd of the 501 good ones'],
      [16_000, 'every 32nd of the 16000 good ones'],
      [256_000, 'every 512th of the 256000 good ones'],
    ] as const) {
      const sample = new DatagramSample();
      const [one, bad] = [datagram(), badDatagram()];
      for (let i = 0; i < 1001; i++) sample.add(bad);
      for (let i = 0; i < good; i++) sample.add(one);
      const { sampled } = sample.section();
      assert.ok(sampled!.includes(`1000 of the 1001 that are not good, and ${text}, in the order`), sampled!);
    }
  });

  it('makes a page of bounded size of any number', () => {
    const sample = new DatagramSample();
    for (let i = 0; i < 20_000; i++) sample.add(badDatagram({ ident: i }));
    const page = htmlPage(reportDocument({ sections: [sample.section()] }));
    assert.ok(page.length < 8_000_000, `${page.length} characters`);
  });
});
