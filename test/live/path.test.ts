import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { farEndOf } from '../../src/app/path/far-end.js';
import { Prober } from '../../src/app/path/prober.js';
import { LAB, MIDDLEBOXES } from '../../src/host/lab.js';
import { ip } from './capture-tools.js';
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

  liveIt('searches by a closed port for what passes, however seldom it answers', async () => {
    for (const { answers, largestPacket } of await paths('mtu-blackhole', '', '', ['--pmtu'])) {
      assert.deepEqual([answers, largestPacket], ['closed-port', 1400]);
    }
  });

  liveIt('a last fragment that this host does not let go is an outcome', async () => {
    const { near, far } = LAB;
    const address = '192.0.2.99'; // of nobody
    await ip('neigh', 'replace', address, 'lladdr', far.mac, 'dev', near.interface, 'nud', 'permanent');
    try {
      await using prober = new Prober({ family: 4, address, port: 9, driver: 'raw-socket' });
      const { signal } = new AbortController();
      await prober.mtu(signal);
      const asked = prober.askWaits([1, 2], signal);
      await sleep(500);
      await ip('route', 'add', 'prohibit', address);
      const outcomes = await asked;
      assert.deepEqual([outcomes.length, outcomes[0]!.sent], [1, 0]);
      assert.match(outcomes[0]!.failed!, /EACCES/);
      assert.equal(farEndOf(outcomes).waitsNoLonger, null, 'which says nothing of the far end');
    } finally {
      await ip('route', 'del', 'prohibit', address);
      await ip('neigh', 'del', address, 'dev', near.interface);
    }
  });
}
