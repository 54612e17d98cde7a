import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LAB } from '../../src/host/lab-info.js';
import { type Fault, fail, heal, install, noteSites, type Site } from './failing/calls.js';
import { GOES_ON } from './failing/goes-on.js';
import { type Scenario, scenarios } from './failing/scenarios.js';
import { lineOf, unmetSites } from './failing/unmet.js';
import { describeLive, liveIt } from './in-lab.js';

install(); // before anything native is bound, so what binds is loaded behind it
const { createSocket } = await import('../../src/socket/socket.js');
const { runHere } = await import('./failing/command.js');
const { pinNeighbours } = await import('../../src/host/lab-network.js');

const ERRNOS = [
  ...(['EAGAIN', 'ENOBUFS', 'EINTR', 'EMSGSIZE', 'ENETDOWN', 'ENODEV'] as const),
  ...(['ENXIO', 'EPERM', 'ENOMEM', 'EIO', 'ENOSPC'] as const),
];
/** All errors at all sites, which takes some minutes; else every site with two of them, in turn. */
const ALL = process.env['UFO_LONG'] === '1';
/** Those after which a send is worth trying again: they strike twice, then it goes on. */
const PASSING = ['EAGAIN', 'ENOBUFS', 'EINTR'];
const SENDS = / (sendmmsg|send|wrap\.send)$/;
/** Giving a ring's place back cannot be repeated: where it fails, the socket lives as long as this process. */
const FINAL = /MAP_ANONYMOUS/;
const LIMIT_MS = 20_000;
/** Packets of the kernel's own (router solicitations, group reports) that may go out meanwhile. */
const NOISE = 4;
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
      noteSites(met); // what is called only after a failure, too
      for (const [index, site] of [...sites].entries()) {
        const known = struck.has(site) && !ALL && !SENDS.test(site); // in another command line before
        const faults = faultsAt(site, index).slice(0, scenario.slow && !ALL ? 1 : undefined);
        for (const fault of known ? [] : faults) await strike(scenario, fault);
        struck.add(site);
      }
      noteSites(null);
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

  async function strike(scenario: Scenario, fault: Fault): Promise<void> {
    const what = `${fault.site} ${fault.errno}${fault.midway === true ? ' midway' : ''}: `;
    const before = { descriptors: descriptors(), packets: txPackets() };
    fail(fault);
    const end = await Promise.race([runHere(scenario.words), sleep(LIMIT_MS, null, { ref: false })]);
    const struck = heal();
    assert.ok(end !== null, `${what}it hangs`);
    if (struck === 0) return;
    const told = `${what}exit ${end.code}, ${end.stderr}`;
    assert.ok([0, 2, 3, 4].includes(end.code), told);
    assert.doesNotMatch(end.stderr, /\n\s+at |a bug of/, told);
    if (end.code === 0) assert.ok(mayGoOn(fault), `${told} it went on, and nobody has said why it may`);
    else if (end.code !== 4) assert.match(end.stderr, namesOf(fault), told);
    const summary = end.objects.find(({ type }) => type === 'summary');
    if (scenario.asked !== undefined)
      checkCounts(scenario.asked, end.code, summary, txPackets() - before.packets, told);
    assert.equal(descriptors(), before.descriptors, `${told} descriptors stayed open`);
    const left = readdirSync(folder).filter((name) => name.endsWith('.part'));
    assert.deepEqual(left, [], told);
  }
});

function checkCounts(
  asked: number,
  code: number,
  summary: Record<string, unknown> | undefined,
  wentOut: number,
  told: string,
): void {
  const { datagrams = 0, failed = 0, fragments = 0 } = (summary ?? {}) as Record<string, number>;
  if (code === 0) assert.equal(datagrams, asked, told);
  assert.ok(datagrams + failed <= asked, told);
  assert.ok(wentOut >= fragments && wentOut <= fragments + NOISE, `${told}: ${wentOut} went out, ${fragments} said`);
}

function faultsAt(site: Site, index: number): Fault[] {
  if (FINAL.test(lineOf(site))) return [];
  const sends = SENDS.test(site);
  const some = ALL || sends ? ERRNOS : [ERRNOS[index % 11]!, ERRNOS[(index + 5) % 11]!];
  const times = (errno: string): { times?: number } => (sends && PASSING.includes(errno) ? { times: 2 } : {});
  const atOnce = some.map((errno) => ({ site, errno, ...times(errno) }));
  if (!site.endsWith(' sendmmsg')) return atOnce;
  return [...atOnce, ...some.map((errno) => ({ site, errno, midway: true, ...times(errno) }))];
}

/** `tx/af-packet.js bind`: a site without its line. */
function placeOf(site: Site): string {
  return site.replace(/:\d+ /, ' ');
}

function mayGoOn({ site, errno }: Fault): boolean {
  if (SENDS.test(site) && PASSING.includes(errno)) return true;
  return placeOf(site) in GOES_ON;
}

/** What the user reads: the error's own name, or what it means there. */
function namesOf({ site, errno }: Fault): RegExp {
  const names: string[] = [errno];
  if (site.endsWith('if_nametoindex') || errno === 'ENXIO') names.push('ENODEV');
  if (errno === 'ENOBUFS' && site.startsWith('tx/af-xdp/')) names.push('EBUSY'); // its own tries hold the queue
  return new RegExp(`\\b(${names.join('|')})\\b`);
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function txPackets(): number {
  const line = readFileSync('/proc/thread-self/net/dev', 'utf8').split('\n');
  return Number(
    line
      .find((one) => one.includes(`${LAB.near.interface}:`))!
      .trim()
      .split(/\s+/)[10],
  );
}
