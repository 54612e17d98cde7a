import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { delivered, FAULTS, RULES } from '../../src/faults/rules.js';

describe('what the RFCs ask of a receiver', () => {
  it('is told of every fault in either family, with where it stands', () => {
    for (const fault of FAULTS) {
      for (const family of [4, 6] as const) {
        const { delivered: one, does, section } = RULES[fault][family];
        assert.match(section, /^RFC \d+/, `${fault}, IPv${family}`);
        assert.ok(does.length > 0);
        assert.equal(delivered([fault], family), one);
      }
    }
  });

  it('is not to deliver what one of several faults forbids, whichever comes first', () => {
    assert.equal(delivered([], 4), 'yes');
    assert.equal(delivered(['df', 'reserved'], 4), 'either');
    assert.equal(delivered(['df', 'reserved'], 6), 'yes');
    for (const faults of [
      ['df', 'reserved', 'missing'],
      ['missing', 'reserved', 'df'],
    ] as const)
      assert.equal(delivered(faults, 4), 'no');
    assert.deepEqual([delivered(['overlap'], 4), delivered(['overlap'], 6)], ['either', 'no']);
  });
});
