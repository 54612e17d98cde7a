import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { install, noteSites, type Site } from '../live/failing/calls.js';
import type { Scenario } from '../live/failing/scenarios.js';
import { assertMostStruck, ERRNOS, faultsAt, PASSING, strike } from '../live/failing/strike.js';
import { lineOf, unmetSites } from '../live/failing/unmet.js';
import { setFarGro } from './far-gro.js';
import { describeInRootLab } from './in-root-lab.js';

install(); // before anything native is bound, so what binds is loaded behind it
const { runHere } = await import('../live/failing/command.js');

const SEND = ['send', `${LAB.far.ipv4}:9`, '--size', '4000', '--count', '3', '--json'];

describeInRootLab('a system call of xdp-live that fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ufo-failing-root-'));
  const met = new Set<Site>();
  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
  });
  after(async () => {
    await setFarGro(false);
    rmSync(folder, { recursive: true });
  });

  for (const way of ['redirected', 'by the stack'] as const) {
    it(`${way}: is told or made up for, whichever fails, and the counts stay true`, async () => {
      await setFarGro(way === 'redirected');
      const scenario: Scenario = {
        name: way,
        words: [...SEND, '--driver', 'xdp-live', '-i', LAB.near.interface],
        asked: 3,
      };
      const sites = new Set<Site>();
      noteSites(sites);
      const sound = await runHere(scenario.words);
      assert.equal(sound.code, 0, `without any fault: ${sound.stderr}`);
      const hits: boolean[] = [];
      noteSites(met); // what is called only after a failure, too
      for (const [index, site] of [...sites].entries()) {
        if (!/^(tx\/xdp-live|host\/(bpf|netdev-genl))/.test(site)) continue; // the others are tried in test/live
        for (const fault of faultsAt(site, index)) hits.push(await strike(runHere, scenario, fault, folder));
      }
      // The first run of the program is a trial, the next one sends.
      const runs = [...sites].find((site) => /BPF_PROG_TEST_RUN/.test(lineOf(site)))!;
      for (const errno of ERRNOS) {
        const times = PASSING.includes(errno) ? { times: 2 } : {};
        assert.ok(await strike(runHere, scenario, { site: runs, errno, after: 1, ...times }, folder), errno);
      }
      noteSites(null);
      assertMostStruck(hits);
    });
  }

  it('every place that makes one was met', () => {
    assert.deepEqual(unmetSites(met, true), []);
  });
});
