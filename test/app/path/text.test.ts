import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { farEndLines, farEndOf } from '../../../src/app/path/far-end.js';
import { FRAGMENT_COUNTS, ofFragments, ofWait, WAITS_S } from '../../../src/app/path/probes.js';
import { pathText } from '../../../src/app/path/text.js';
import { cut } from '../../faults/cut.js';

describe('the far end of a path', () => {
  it('is asked for as many fragments as the question says', () => {
    for (const count of FRAGMENT_COUNTS) {
      const { size, plan } = ofFragments(count);
      for (const family of [4, 6] as const) assert.equal(cut(plan!, family, size).frames.length, count);
    }
  });

  it('is told by the most that it put together, and the first that it did not', () => {
    const outcomes = FRAGMENT_COUNTS.map((count, i) => ({
      probe: ofFragments(count),
      ...{ sent: 2, arrived: i < 2 ? 2 : 0, extra: 0, damaged: 0, overtaken: 0, arrivals: [], tooBig: [] },
      ...{ timeExceededMs: null, failed: null, source: { address: '192.0.2.1', port: 1 } },
    }));
    const nothing = { largestPacket: null, largestDatagram: null, farEnd: farEndOf(outcomes), findings: [] };
    const report = { type: 'path', family: 4, address: '192.0.2.2', answers: 'report', mtu: 1500, outcomes } as const;
    const text = pathText({ ...report, ...nothing });
    assert.match(text, /puts together 256 fragments of 8 octets\n {2}it does not put together 1,000 fragments/);
  });

  const waited = (...arrived: readonly number[]) =>
    arrived.map((count, i) => ({
      probe: ofWait(WAITS_S[i]!),
      ...{ sent: 2, arrived: count, extra: 0, damaged: 0, overtaken: 0, arrivals: [], tooBig: [] },
      ...{ timeExceededMs: i === 4 ? 30_720 : null, failed: null, source: { address: '192.0.2.1', port: 1 } },
    }));
  const waits: readonly (readonly [string, readonly number[], RegExp])[] = [
    [
      'between the last time that passed and the first that did not',
      [2, 2, 1, 2, 0],
      /waits between 28 and 33 s .*30.7 s/,
    ],
    ['more than the longest', [2, 2, 2, 2, 2, 2, 2, 2], /waits more than 63 s/],
    ['less than the shortest', [0], /waits less than 4 s .*no Time Exceeded/],
  ];
  for (const [what, arrived, text] of waits) {
    it(`waits ${what}`, () => assert.match(farEndLines(farEndOf(waited(...arrived))).join(), text));
  }

  it('is not told of where it was not asked', () => assert.deepEqual(farEndLines(farEndOf([])), []));
});
