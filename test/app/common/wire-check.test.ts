import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wireVerdict } from '../../../src/app/common/wire-check.js';

describe('the verdict on a wire where nothing bad was seen', () => {
  for (const [what, complete, captureLost, verdict] of [
    ['all seen', true, 0, 'good'],
    ['all seen, by a capture that can not count', true, null, 'good'],
    ['not all seen, and the capture lost nothing', false, 0, 'bad'],
    ['not all seen, by a capture that can not count', false, null, 'inconclusive'],
    ['all seen, though the capture lost frames', true, 3, 'inconclusive'],
    ['not all seen, and the capture lost frames', false, 3, 'inconclusive'],
  ] as const) {
    it(`${what}: ${verdict}`, () => assert.equal(wireVerdict(complete, captureLost), verdict));
  }
});
