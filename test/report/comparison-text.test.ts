import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Comparison } from '../../src/compare/comparison.js';
import { comparisonText } from '../../src/report/comparison-text.js';

const NOTHING: Comparison = {
  expected: null,
  good: 0,
  planned: 0,
  bad: 0,
  incomplete: 0,
  missing: 0,
  stopped: 0,
  doubled: 0,
  late: 0,
  lateBy: 0,
  ...{ unexpected: 0, uncompared: 0, packets: 0, changed: [], differences: [], captureLost: 0, verdict: 'good' },
  ...{ mismatches: [], plans: [] },
};
const text = (more: Partial<Comparison>, noun?: 'frame'): string[] => comparisonText({ ...NOTHING, ...more }, noun);

describe('a comparison in words', () => {
  it('says how many of how many are right, and of how many nobody knows', () => {
    assert.deepEqual(text({ expected: 10, good: 9, packets: 450, missing: 1 }), [
      '9 of 10 datagrams proven right in 450 packets, 1 missing, the capture lost 0',
    ]);
    assert.deepEqual(text({ good: 1, packets: 1, captureLost: null }), ['1 datagram proven right in 1 packet']);
    assert.deepEqual(text({ expected: 1, good: 0, packets: 2, captureLost: 7 }, 'frame'), [
      '0 of 1 frame proven right in 2 packets, the capture lost 7',
    ]);
  });

  it('names every count that is not 0, and none that is', () => {
    const [line] = text({
      expected: 99,
      good: 1,
      planned: 2,
      bad: 3,
      incomplete: 4,
      missing: 5,
      stopped: 6,
      doubled: 7,
      unexpected: 8,
      ...{ uncompared: 9, late: 10, lateBy: 11, packets: 12 },
    });
    assert.equal(
      line,
      '1 of 99 datagrams proven right in 12 packets, 2 as planned, 3 bad, 4 incomplete, 5 missing, 6 stopped midway, ' +
        '7 doubled, 8 unexpected, 9 not compared, 10 late (by 11 at most), the capture lost 0',
    );
    for (const name of [
      'planned',
      'bad',
      'incomplete',
      'missing',
      'stopped',
      'doubled',
      'unexpected',
      'uncompared',
      'late',
    ])
      assert.notDeepEqual(text({ [name]: 1 }), text({}), name);
  });

  it('tells beneath what changed, what differs, plans, and what else is wrong', () => {
    const count = (field: string, datagrams: number) => ({ field, from: '64', to: '9', datagrams, onTheWay: true });
    assert.deepEqual(
      text({
        ...{ changed: [count('ttl', 3)], differences: [count('ident', 1)], plans: ['as planned by drop(2)'] },
        mismatches: ['udp checksum got 0x1234, want 0xabcd'],
      }).slice(1),
      [
        '  changed on the way: ttl from 64 to 9 (3 datagrams)',
        '  differs: ident from 64 to 9 (1 datagram)',
        '  as planned by drop(2)',
        '  udp checksum got 0x1234, want 0xabcd',
      ],
    );
    assert.equal(text({ changed: [count('ttl', 2)] }, 'frame')[1], '  changed on the way: ttl from 64 to 9 (2 frames)');
  });
});
