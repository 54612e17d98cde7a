import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LAB } from '../../../src/host/lab-info.js';
import { type Fault, fail, heal, type Site } from './calls.js';
import type { CommandEnd } from './command.js';
import { GOES_ON } from './goes-on.js';
import type { Scenario } from './scenarios.js';
import { lineOf } from './unmet.js';

export const ERRNOS = [
  ...(['EAGAIN', 'ENOBUFS', 'EINTR', 'EMSGSIZE', 'ENETDOWN', 'ENODEV'] as const),
  ...(['ENXIO', 'EPERM', 'ENOMEM', 'EIO', 'ENOSPC'] as const),
];
/** All errors at all sites, which takes some minutes; else every site with two of them, in turn. */
export const ALL = process.env['UFO_LONG'] === '1';
/** Those after which a send is worth trying again: they strike twice, then it goes on. */
export const PASSING: readonly string[] = ['EAGAIN', 'ENOBUFS', 'EINTR'];
export const SENDS = / (sendmmsg|send|wrap\.send)$/;
/** Giving a ring's place back cannot be repeated: where it fails, the socket lives as long as this process. */
const FINAL = /MAP_ANONYMOUS/;
const LIMIT_MS = 20_000;
/** Packets of the kernel's own (router solicitations, group reports) that may go out meanwhile. */
const NOISE = 4;

/**
 * Runs a command line with one call of it failing: it ends in time, tells it by its name, or may go on as `GOES_ON` says; its
 * counts are true, and it leaves neither descriptors nor files in `folder`. Says whether the fault has struck: what is asked for
 * once in a process is not asked for again.
 */
export async function strike(
  run: (words: readonly string[]) => Promise<CommandEnd>,
  { words, asked }: Scenario,
  fault: Fault,
  folder: string,
): Promise<boolean> {
  const what = `${fault.site} ${fault.errno}${fault.midway === true ? ' midway' : ''}: `;
  const before = { descriptors: descriptors(), packets: txPackets() };
  fail(fault);
  const end = await Promise.race([run(words), sleep(LIMIT_MS, null, { ref: false })]);
  const struck = heal();
  assert.ok(end !== null, `${what}it hangs`);
  if (struck === 0) return false;
  const told = `${what}exit ${end.code}, ${end.stderr}`;
  assert.ok([0, 2, 3, 4].includes(end.code), told);
  assert.doesNotMatch(end.stderr, /\n\s+at |a bug of/, told);
  if (end.code === 0) assert.ok(mayGoOn(fault), `${told} it went on, and nobody has said why it may`);
  else if (end.code !== 4) assert.match(end.stderr, namesOf(fault), told);
  const summary = end.objects.find(({ type }) => type === 'summary');
  if (asked !== undefined) checkCounts(asked, end.code, summary, txPackets() - before.packets, told);
  assert.equal(descriptors(), before.descriptors, `${told} descriptors stayed open`);
  const left = readdirSync(folder).filter((name) => name.endsWith('.part'));
  assert.deepEqual(left, [], told);
  return true;
}

/** Of what `strike` said of each: a test whose faults never strike tries nothing. */
export function assertMostStruck(hits: readonly boolean[]): void {
  const struck = hits.filter((one) => one).length;
  assert.ok(struck * 4 >= hits.length * 3, `only ${struck} of ${hits.length} faults struck`);
}

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

/** The faults that a site is tried with; `index` counts the sites. */
export function faultsAt(site: Site, index: number): Fault[] {
  if (FINAL.test(lineOf(site))) return [];
  const sends = SENDS.test(site);
  const some = ALL || sends ? ERRNOS : [ERRNOS[index % ERRNOS.length]!, ERRNOS[(index + 5) % ERRNOS.length]!];
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
