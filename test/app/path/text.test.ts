import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FRAGMENT_COUNTS, ofFragments } from '../../../src/app/path/probes.js';
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
    const nothing = { largestPacket: null, largestDatagram: null, findings: [] };
    const report = { type: 'path', family: 4, address: '192.0.2.2', answers: 'report', mtu: 1500, outcomes } as const;
    const text = pathText({ ...report, ...nothing });
    assert.match(text, /puts together 256 fragments of 8 octets\n {2}it does not put together 1,000 fragments/);
  });
});
