import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coverageMap, hexDump, timeLine } from '../../../src/report/html/figures.js';
import type { Markup } from '../../../src/report/html/markup.js';
import type { DatagramVerdict, FragmentVerdict } from '../../../src/verify/verdict.js';
import { datagram } from './build.js';

const piece = (offset: number, length: number, more = true, time = 1_700_000_000): FragmentVerdict =>
  ({ number: pieces++, frame: 1 + offset, time, offset, length, more, ttl: 64, tos: 0 }) as FragmentVerdict;
let pieces = 1;

/** Everything that a drawing has, with its numbers by name. */
function shapes({ text }: Markup): { width: number; height: number; drawn: Record<string, string>[] } {
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(text)!;
  const drawn = [...text.matchAll(/<(rect|text|circle|line) ([^>]*?)\/?>/g)].map(([, kind, attributes]) => ({
    kind: kind!,
    ...Object.fromEntries([...attributes!.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!])),
  }));
  return { width: Number(width), height: Number(height), drawn };
}

describe('the map of fragments', () => {
  const map = (holes: readonly (readonly [number, number | null])[], ...fragmentList: FragmentVerdict[]) =>
    shapes(coverageMap(datagram({ fragmentList, holes }))!);

  it('has a bar for each fragment and hole, to scale, in a row of its own', () => {
    const { width, height, drawn } = map([[1480, 2960]], piece(0, 1480), piece(2960, 1480, false));
    assert.deepEqual([width, height], [800, 3 * 12 + 4]);
    const bars = drawn.filter(({ kind }) => kind === 'rect');
    assert.deepEqual(
      bars.map((bar) => [bar['class'], Number(bar['x']), Number(bar['width']), Number(bar['y'])]),
      [
        ['piece', 120, 227, 1],
        ['piece', 573, 227, 13],
        ['hole', 347, 226, 25],
      ],
    );
    // Each label stands in the row of its bar.
    const labels = drawn.filter(({ kind }) => kind === 'text').map(({ y }) => Number(y));
    assert.deepEqual(labels, [9, 21, 33]);
  });

  it('draws nothing outside the picture, and nothing too thin to be seen', () => {
    const many = Array.from({ length: 300 }, (_, i) => piece(8 * i, 8));
    for (const { width, height, drawn } of [
      map([], piece(0, 8, false)),
      map([[65_520, null]], piece(0, 1), piece(65_520, 8)),
      map([[2400, 60_000]], ...many),
      map([], piece(0, 0, false)),
    ]) {
      for (const shape of drawn) {
        const [x, y] = [Number(shape['x']), Number(shape['y'])];
        const [w, h] = shape['kind'] === 'rect' ? [Number(shape['width']), Number(shape['height'])] : [0, 0];
        assert.ok(x >= 0 && x + w <= width + 2 && y >= 0 && y + h <= height, JSON.stringify(shape));
        if (shape['kind'] === 'rect') assert.ok(w >= 1 && h > 4, JSON.stringify(shape));
      }
    }
  });

  it('says how many it leaves out, and none where all are drawn', () => {
    const text = (count: number): string =>
      coverageMap(datagram({ fragmentList: Array.from({ length: count }, (_, i) => piece(8 * i, 8)) }))!.text;
    assert.doesNotMatch(text(120), /not drawn/);
    assert.match(text(121), /; 1 more fragments not drawn/);
    assert.match(text(121), /coverage of 968 octets by 121 fragments, 0 holes/);
    assert.equal(coverageMap(datagram({ fragmentList: [] })), null);
    assert.equal(coverageMap(datagram()), null);
  });

  it('marks the octets that came more than once, in each fragment that has them', () => {
    const over = (...list: FragmentVerdict[]): (readonly [string, number, number, number])[] =>
      map([], ...list).drawn.flatMap((shape) =>
        shape['kind'] === 'rect' && shape['class'] !== 'piece'
          ? [[shape['class']!, Number(shape['x']), Number(shape['width']), Number(shape['y'])] as const]
          : [],
      );
    assert.deepEqual(over(piece(0, 16), piece(16, 8), piece(24, 8)), [], 'those that adjoin do not');
    assert.deepEqual(over(piece(0, 16), piece(8, 16), piece(24, 8)), [
      ['overlap', 290, 170, 1],
      ['overlap', 290, 170, 13],
    ]);
  });

  it('marks them once, however many fragments have them, those that are not drawn too', () => {
    const rects = (list: FragmentVerdict[]) =>
      map([], ...list).drawn.filter(({ kind, class: name }) => kind === 'rect' && name === 'overlap');
    const many = Array.from({ length: 100 }, (_, i) => piece(8 * i, 800));
    assert.deepEqual(
      rects(many).map(({ y }) => Number(y)),
      many.map((_, row) => 12 * row + 1),
    );
    const behind = [...Array.from({ length: 120 }, (_, i) => piece(8 * i, 8)), piece(16, 16)];
    assert.deepEqual(
      rects(behind).map(({ y }) => Number(y)),
      [12 * 2 + 1, 12 * 3 + 1],
    );
  });

  it('says whose octets are the same, are others, or are not known to be either', () => {
    const list = [piece(0, 16), piece(8, 16), piece(40, 16), piece(48, 16)];
    const signs = (fields: Partial<DatagramVerdict>): string[] =>
      [...coverageMap(datagram({ fragmentList: list, ...fields }))!.text.matchAll(/frame \d+( .)?<\/text>/g)].map(
        ([, sign = '']) => sign.trim(),
      );
    const conflict = { code: 'fragment-conflict', level: 'mismatch', fragment: list[3]!.number, text: '' } as const;
    assert.deepEqual(signs({}), ['=', '=', '=', '=']);
    assert.deepEqual(signs({ conflicts: 1, findings: [conflict] }), ['=', '=', '≠', '≠']);
    assert.deepEqual(signs({ conflicts: 2, findings: [conflict] }), ['?', '?', '≠', '≠'], 'one finding was left out');
    assert.deepEqual(signs({ cut: true }), ['?', '?', '?', '?']);
    assert.deepEqual(signs({ fragmentList: [list[0]!, list[2]!], cut: true }), ['', '']);
    const repeated = { ...list[0]!, number: 99, repeated: true as const };
    assert.deepEqual(
      signs({ fragmentList: [list[0]!, list[2]!, repeated] }),
      ['', '', ''],
      'a repeated one overlaps nothing',
    );
  });
});

describe('the line of arrivals', () => {
  it('has a point for each, from the first to the last', () => {
    const fragmentList = [piece(0, 8, true, 5), piece(8, 8, true, 5.5), piece(16, 8, false, 6)];
    const line = timeLine(datagram({ fragmentList }));
    const { width, drawn } = shapes(line!);
    const points = drawn.filter(({ kind }) => kind === 'circle').map(({ cx }) => Number(cx));
    assert.deepEqual(points, [124, 460, 796]);
    assert.ok(width === 800 && points.every((x) => x + 3 <= width));
    assert.match(line!.text, /Arrival over 1\.000 s/);
    assert.ok(line!.text.includes(`#${fragmentList[1]!.number}, offset 8: +500.000 ms`));
  });

  it('is left out where there is nothing to be seen', () => {
    for (const fragmentList of [null, [piece(0, 8)], [piece(0, 8), piece(8, 8)]])
      assert.equal(timeLine(datagram({ fragmentList })), null);
  });
});

describe('a dump in hex', () => {
  it('has sixteen octets a line behind their offset, the marked ones marked', () => {
    const { text } = hexDump('00112233445566778899aabbccddeeff0102', [14, 17]);
    assert.equal(
      text.replaceAll(/<mark>(..)<\/mark>/g, '[$1]'),
      '<pre class="hex">0000  00 11 22 33 44 55 66 77 88 99 aa bb cc dd [ee] [ff] \n0010  [01] 02 \n</pre>',
    );
    assert.doesNotMatch(hexDump('0011', undefined).text, /mark/);
    assert.equal(hexDump('', undefined).text, '<pre class="hex"></pre>');
  });
});
