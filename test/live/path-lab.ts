import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { PathReport } from '../../src/app/path/report.js';
import { MAIN } from './cli.js';

/** In a lab with a router: the far end, then `path` to it over both families, a JSON line each. */
const script = (far: string, to: string, more: readonly string[]) => `
const { execFile, spawn } = require('node:child_process');
const { promisify } = require('node:util');
const lab = JSON.parse(process.env.UDP_UFO_LAB);
const main = ${JSON.stringify(MAIN)};
const ask = async () => {
  const runs = [lab.far.ipv4, '[' + lab.far.ipv6 + ']'].map((address) => {
    const words = [main, 'path', address + '${to}', '--fast', '--json', ...${JSON.stringify(more)}];
    return promisify(execFile)(process.execPath, words, { timeout: 60000, maxBuffer: 1 << 26 }).catch((error) => error);
  });
  for (const { stdout, stderr } of await Promise.all(runs)) process.stdout.write(stdout + stderr);
  receiver?.kill();
};
let receiver;
if (${JSON.stringify(far)} === '') ask();
else {
  const words = ['--net=' + lab.far.netns, '--', process.execPath, main, 'receive', '9999', '--json', ${JSON.stringify(far)}];
  receiver = spawn('nsenter', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  receiver.stdout.once('data', () => setTimeout(ask, 100));
  receiver.stdout.resume();
}`;

/** What `path` says in a lab with that router: of IPv4, then of IPv6. */
export async function paths(
  router: string,
  far: string,
  to: string,
  more: readonly string[] = [],
): Promise<PathReport[]> {
  const words = [MAIN, 'lab', '--router', router, '--', process.execPath, '-e', script(far, to, more)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { timeout: 55_000 });
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, 2, `${stdout}${stderr}`);
  return lines.map((line) => JSON.parse(line) as PathReport);
}

/** What is to be found of each middlebox, gravest first: over IPv4, and over IPv6 where that differs. */
const WANT: Readonly<Record<string, readonly (readonly string[])[]>> = {
  none: [[]],
  'drop-later': [['later-dropped']],
  'drop-first': [['first-dropped']],
  'drop-fragments': [['fragments-dropped']],
  'drop-tiny': [['tiny-dropped']],
  'drop-large': [['size-limited']],
  mtu: [['path-mtu']],
  'mtu-blackhole': [['black-hole'], ['size-limited']],
  conntrack: [['reassembled']],
  nat: [['translated', 'reassembled']],
  starved: [['datagrams-limited', 'reassembled']],
  reorder: [['reordered']],
  duplicate: [['duplicated']],
  'rate-limit': [['rate-limited']],
  ttl: [['ttl-rewritten']],
  'drop-options': [['options-dropped']],
};

/** Its findings are those of `WANT`, and the far end has answered. */
export async function assertDiagnosed(name: string): Promise<PathReport[]> {
  const reports = await paths(name, '--report', ':9999');
  const want = WANT[name]!;
  for (const [i, { findings, answers }] of reports.entries()) {
    assert.equal(answers, 'report');
    assert.deepEqual(
      findings.map(({ code }) => code),
      want[i] ?? want[0],
    );
  }
  return reports;
}
