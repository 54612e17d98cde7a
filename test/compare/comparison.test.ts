import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { comparisonVerdict } from '../../src/compare/comparison.js';

const NOTHING = {
  ...{
    expected: 3,
    good: 0,
    planned: 0,
    bad: 0,
    incomplete: 0,
    missing: 0,
    stopped: 0,
    doubled: 0,
    late: 0,
    lateBy: 0,
  },
  ...{ unexpected: 0, uncompared: 0, packets: 9, changed: [], captureLost: 0 },
};
const TTL = { field: 'ttl', from: '64', to: '9', onTheWay: true, datagrams: 1 };

describe('the verdict on what was sent and seen', () => {
  for (const [what, counts, verdict, strict] of [
    ['all seen', { good: 3 }, 'good', 'good'],
    ['all seen, by a capture that can not count', { good: 3, captureLost: null }, 'good', 'good'],
    ['some missing, and the capture lost nothing', { good: 2, missing: 1 }, 'inconclusive', 'inconclusive'],
    ['some incomplete', { good: 2, incomplete: 1 }, 'inconclusive', 'inconclusive'],
    ['all seen, though the capture lost frames', { good: 3, captureLost: 3 }, 'inconclusive', 'inconclusive'],
    ['all seen, and one twice', { good: 3, doubled: 1 }, 'bad', 'bad'],
    ['all seen, and one that nobody sent', { good: 3, unexpected: 1 }, 'bad', 'bad'],
    ['one bad, and some missing', { good: 1, bad: 1, missing: 1 }, 'bad', 'bad'],
    ['all seen, in another order', { good: 3, late: 1 }, 'good', 'bad'],
    ['all seen, with another TTL', { good: 3, changed: [TTL] }, 'good', 'bad'],
    ['not all could be compared', { good: 2, uncompared: 1 }, 'inconclusive', 'inconclusive'],
    ['nothing sent', { expected: 0 }, 'inconclusive', 'inconclusive'],
    ['nothing said of how many, and some seen', { expected: null, good: 2 }, 'good', 'good'],
  ] as const) {
    it(`${what}: ${verdict}, and ${strict} where nothing may change`, () => {
      assert.equal(comparisonVerdict({ ...NOTHING, ...counts }, false), verdict);
      assert.equal(comparisonVerdict({ ...NOTHING, ...counts }, true), strict);
    });
  }
});
