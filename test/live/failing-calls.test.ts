import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { LAB } from '../../src/host/lab-info.js';
import { fail, heal, install, noteSites, type Site } from './failing/calls.js';
import { scenarios } from './failing/scenarios.js';
import { ALL, assertMostStruck, ERRNOS, faultsAt, PASSING, SENDS, strike } from './failing/strike.js';
import { unmetSites } from './failing/unmet.js';
import { describeLive, liveIt } from './in-lab.js';

install(); // before anything native is bound, so what binds is loaded behind it
const { createSocket } = await import('../../src/socket/socket.js');
const { runHere } = await import('./failing/command.js');
const { pinNeighbours } = await import('../../src/host/lab-network.js');

/** Of a pool in which not even one datagram's pages may stay behind, or what is asked for at the end is not there. */
const POOL_PAGES = 24;
const LAST_PAGES = 16;

describeLive('a system call that fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ufo-failing-'));
  const met = new Set<Site>();
  const struck = new Set<Site>();
  before(() => {
    writeFileSync(join(folder, 'in.bin'), Buffer.alloc(9000, 7));
    return pinNeighbours();
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const scenario of scenarios(folder)) {
    liveIt(`${scenario.name}: is told or made up for, whichever fails, and the counts stay true`, async () => {
      const sites = new Set<Site>();
      noteSites(sites);
      const sound = await runHere(scenario.words);
      assert.ok([0, 1, 4].includes(sound.code), `without any fault: exit ${sound.code}, ${sound.stderr}`);
      const hits: boolean[] = [];
      noteSites(met); // what is called only after a failure, too
      for (const [index, site] of [...sites].entries()) {
        const known = struck.has(site) && !ALL && !SENDS.test(site); // in another command line before
        const faults = faultsAt(site, index).slice(0, scenario.slow && !ALL ? 1 : undefined);
        for (const fault of known ? [] : faults) hits.push(await strike(runHere, scenario, fault, folder));
        struck.add(site);
      }
      noteSites(null);
      assertMostStruck(hits);
    });
  }

  for (const driver of ['raw-socket', 'packet-socket', 'virtio-ufo', 'af-xdp', 'kernel-udp'] as const) {
    liveIt(`${driver}: pages come back, and their completion is told once, whatever the send fails of`, async () => {
      await using socket = createSocket({ type: 'udp4', driver, poolPages: POOL_PAGES });
      await socket.connect(9, LAB.far.ipv4);
      for (const [index, errno] of ERRNOS.entries()) {
        const pages = await socket.allocPages(30_000);
        const times = PASSING.includes(errno) ? { times: 2 } : {};
        fail({ site: driver === 'af-xdp' ? '* send' : '* sendmmsg', errno, midway: index % 2 === 0, ...times });
        const { sent, completed } = socket.sendPages(pages);
        await sent.catch(() => {}); // some come too late to be told: those frames wait in the ring of af-xdp
        heal();
        await completed;
        pages[Symbol.dispose]();
      }
      const all = await socket.allocPages(LAST_PAGES * 4096, { signal: AbortSignal.timeout(5000) });
      all[Symbol.dispose]();
    });
  }

  liveIt('every place that makes a system call was met by one of these, or says why not', () => {
    assert.deepEqual(unmetSites(met), []);
  });
});
