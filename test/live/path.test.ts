import assert from 'node:assert/strict';
import { MIDDLEBOXES } from '../../src/host/lab.js';
import { describeLive, liveIt } from './in-lab.js';
import { assertDiagnosed, paths } from './path-lab.js';

/** Each has a lab of its own, and waits most of its time. */
describeLive('udp-ufo path', suite, { concurrency: 2 });

function suite(): void {
  for (const name of Object.keys(MIDDLEBOXES)) {
    if (name === 'rate-limit') continue; // of path-rate.test.ts
    liveIt(`diagnoses ${name} rightly, over IPv4 and IPv6`, async () => {
      const reports = await assertDiagnosed(name);
      if (name !== 'drop-large') return;
      for (const { largestPacket } of reports) assert.equal(largestPacket, 1000, 'the largest size that passes');
    });
  }

  liveIt('asks an echo', async () => {
    for (const { answers, findings } of await paths('none', '--echo', ':9999')) {
      assert.deepEqual([answers, findings], ['echo', []]);
    }
  });

  liveIt('asks a closed port, with nothing installed over there', async () => {
    for (const { answers, findings, outcomes } of await paths('none', '', '')) {
      assert.deepEqual([answers, findings], ['closed-port', []]);
      assert.ok(outcomes.some(({ probe, arrived }) => probe.size > 65_000 && arrived === 1));
    }
  });
}
