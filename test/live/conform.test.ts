import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findAnswerKind } from '../../src/app/conform/ask.js';
import { askOverlaps } from '../../src/app/conform/ask-overlaps.js';
import { askRules } from '../../src/app/conform/ask-rules.js';
import { AROUND, pairCases, winnerOf } from '../../src/app/conform/overlap.js';
import { Prober } from '../../src/app/conform/prober.js';
import { Receiver } from '../../src/app/conform/receiver.js';
import { RULES } from '../../src/app/conform/rules/quick.js';
import { settle } from '../../src/app/conform/settle.js';
import { farCommand, LAB, setLabMtu } from '../../src/host/lab.js';
import { Cli, MAIN } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

const ECHO = 7777;
/** Nobody listens there. */
const CLOSED = 7778;
const REPORT = 7779;
/** What Linux does with overlaps (inet_frag_queue_insert), the table of native-notes/receivers.md. */
const LINUX: Readonly<Record<string, readonly [string, string]>> = {
  before: ['whole', 'whole'],
  meets: ['whole', 'whole'],
  overlaps: ['none', 'none'],
  starts: ['none', 'old'],
  during: ['none', 'old'],
  finishes: ['none', 'old'],
  equals: ['old', 'old'],
  'finished-by': ['old', 'none'],
  contains: ['old', 'none'],
  'started-by': ['old', 'none'],
  'overlapped-by': ['none', 'none'],
  'met-by': ['whole', 'whole'],
  after: ['whole', 'whole'],
};
/** RFC 5722 wants what lies inside another fragment discarded as well; Linux takes it for a copy. */
const LINUX_BREAKS = ['overlap inside a fragment: all discarded in silence'];

interface Facts {
  readonly type: string;
  readonly demand: string;
  readonly section: string;
  readonly ready: string | null;
  readonly outcome: string;
  readonly frames: readonly number[] | null;
  readonly back: string;
  readonly delivered: number;
  readonly names: readonly string[];
  readonly cells: Readonly<Record<string, string>>;
  readonly triples?: Readonly<Record<string, string>>;
}

/** The table of a document: demand → what it says of IPv4 and of IPv6. */
function tableIn(file: string): ReadonlyMap<string, readonly [four: string, six: string]> {
  const text = readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8');
  const [, rows = ''] = text.split('| demand | IPv4 | IPv6 |\n| --- | --- | --- |\n');
  const lines = rows.slice(0, rows.search(/^(?!\|)/m)).matchAll(/^\| (.+?) \| (.+?) \| (.+?) \|$/gm);
  return new Map([...lines].map(([, demand, four, six]) => [demand!, [four!, six!]]));
}

/** As the documents write it. */
function outcomeOf({ outcome, delivered }: Facts): string {
  if (outcome === 'allowed') return delivered === 0 ? 'allowed: not delivered' : 'allowed: delivered';
  return outcome === 'broken' ? '**broken**' : outcome === 'differs' ? 'differs, allowed' : outcome;
}

describeLive('udp-ufo conform against Linux', () => {
  /** Demand → what came of it, as the documents write it. */
  const found = { 4: new Map<string, string>(), 6: new Map<string, string>() };
  let echo: ChildProcess;
  let folder: string;
  before(async () => {
    await setLabMtu(1500);
    folder = await mkdtemp(join(tmpdir(), 'udp-ufo-conform-'));
    const [command, args] = farCommand(process.execPath, [MAIN, 'receive', String(ECHO), '--echo']);
    echo = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    await once(echo.stderr!, 'data');
  });
  after(async () => {
    echo.kill();
    await rm(folder, { recursive: true });
  });

  for (const family of [4, 6] as const) {
    const address = family === 4 ? LAB.far.ipv4 : `[${LAB.far.ipv6}]`;

    liveIt(`IPv${family}, by echo: keeps the rules, and its policy is known by name`, async () => {
      const policy = join(folder, `linux${family}.json`);
      const pcap = join(folder, `linux${family}.pcap`);
      const words = ['conform', `${address}:${ECHO}`, '--fast', '--json', '--policy', policy, '--pcap', pcap];
      const { facts, code, stderr } = await run(words);
      const broken = facts.filter(({ outcome }) => outcome === 'broken').map(({ demand }) => demand);
      assert.deepEqual(broken, family === 6 ? LINUX_BREAKS : [], stderr);
      assert.equal(code, family === 6 ? 1 : 0);
      const rules = facts.filter(({ type }) => type === 'rule');
      for (const rule of rules) {
        const { demand, section, ready } = rule;
        found[family].set(demand, `${outcomeOf(rule)} (${[section, ...(ready === null ? [] : [ready])].join(', ')})`);
      }
      assert.ok(rules.length > 18);
      assert.deepEqual(
        rules.filter(({ frames }) => frames === null),
        [],
      );
      const policyFacts = facts.find(({ type }) => type === 'policy')!;
      assert.deepEqual(policyFacts.names, ['linux-new']);
      assert.equal(Object.keys(policyFacts.cells).length, 104);
      for (const [cell, winner] of Object.entries(policyFacts.cells)) {
        const [relation, sent] = cell.split(', ') as [string, string];
        assert.equal(winner, LINUX[relation]![sent === 'A first' ? 0 : 1], cell);
      }
      const same = await run(['conform', `${address}:${ECHO}`, '--fast', '--json', '--compare', policy]);
      assert.deepEqual(Reflect.get(same.facts.at(-1)!, 'compared').differences, []);
      assert.ok((await readFile(pcap)).length > 10_000);
    });
  }

  liveIt('is as the tables of README and native-notes say, row by row', () => {
    const all = tableIn('native-notes/receivers.md');
    const demands = new Set([...found[4].keys(), ...found[6].keys()]);
    assert.deepEqual(new Set(all.keys()), demands);
    for (const [demand, cells] of all) {
      assert.deepEqual(cells, [found[4].get(demand) ?? '–', found[6].get(demand) ?? '–'], demand);
    }
    const readme = tableIn('README.md');
    assert.ok(readme.size >= 8);
    for (const [demand, cells] of readme) assert.deepEqual(cells, all.get(demand), demand);
  });

  liveIt('holds nothing against a receiver whose memory for fragments is full of an earlier question', async () => {
    const usual = await thresholds();
    await setThresholds(6_000, 9_000);
    try {
      const { signal } = new AbortController();
      const to = { family: 4, address: LAB.far.ipv4, port: ECHO, driver: 'packet-socket', signal } as const;
      await using prober = await Prober.open(to);
      assert.equal(await findAnswerKind(prober), 'echo');
      const rules = RULES.filter(({ demand }) => ['any order', 'an exact copy does no harm'].includes(demand));
      const results = await askRules(new Receiver(prober, 'echo', signal), rules, async () => undefined);
      assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ['unsure', 'kept'],
      );
    } finally {
      await setThresholds(...usual);
    }
  });

  liveIt('hears it from receive --report as from an echo', async () => {
    const [command, args] = farCommand(process.execPath, [MAIN, 'receive', String(REPORT), '--report', '--json']);
    const receiver = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(receiver.stdout!, 'data');
      await sleep(1000); // until its capture runs
      const { signal } = new AbortController();
      const to = { family: 6, address: LAB.far.ipv6, port: REPORT, driver: 'packet-socket', signal } as const;
      await using prober = await Prober.open(to);
      assert.equal(await findAnswerKind(prober), 'report');
      const asked = new Receiver(prober, 'report', signal);
      const cases = pairCases(AROUND.slice(0, 1));
      const first = await askOverlaps(asked, cases);
      const answers = await settle(asked, cases, first);
      const winners = cases.map((one, at) => winnerOf(one, answers[at]!));
      assert.deepEqual(
        winners,
        cases.map(({ relation, sent }) => LINUX[relation]![sent === 'A first' ? 0 : 1]),
      );
    } finally {
      receiver.kill();
    }
  });

  liveIt('refuses what would reach others, and names what does not answer', async () => {
    for (const [words, code, says] of [
      [['224.0.0.1:9'], 2, /DESTINATION: got "224\.0\.0\.1", want one host/],
      [['[ff02::1]:9'], 2, /DESTINATION/],
      [['192.0.2.77:9', '--deep'], 2, /--deep: .*not in a lab[\s\S]*--outside-lab/],
      [[`${LAB.far.ipv4}:${CLOSED}`, '--compare', join(folder, 'none')], 2, /ENOENT/],
    ] as const) {
      const end = await new Cli(['conform', ...words]).end;
      assert.equal(end.code, code, end.stderr);
      assert.match(end.stderr, says);
    }
  });
});

/** They wait for the rate limit of port unreachables, each for that of its family. */
describeLive('udp-ufo conform against Linux with nothing over there', closedPort, { concurrency: 2 });

function closedPort(): void {
  for (const family of [4, 6] as const) {
    liveIt(`IPv${family}: the port unreachables of a closed port tell the same`, async () => {
      const address = family === 4 ? LAB.far.ipv4 : LAB.far.ipv6;
      const { signal } = new AbortController();
      await using prober = await Prober.open({ family, address, port: CLOSED, driver: 'packet-socket', signal });
      assert.equal(await findAnswerKind(prober), 'port unreachable');
      const asked = new Receiver(prober, 'port unreachable', signal);
      await sleep(1100); // its rate limit
      const some = ['before', 'overlaps', 'equals', 'contains', 'during'];
      const cases = pairCases(AROUND.slice(0, 1)).filter(({ relation }) => some.includes(relation));
      const first = await askOverlaps(asked, cases);
      const answers = await settle(asked, cases, first);
      const winners = cases.map((one, at) => winnerOf(one, answers[at]!));
      assert.deepEqual(
        winners,
        some.toSorted(byRelation).flatMap((relation) => LINUX[relation]!),
      );
    });
  }
}

/** Octets of the far host's memory for IPv4 fragments: down to these, and at most. */
const LOW = '/proc/sys/net/ipv4/ipfrag_low_thresh';
const HIGH = '/proc/sys/net/ipv4/ipfrag_high_thresh';

async function thresholds(): Promise<readonly [low: number, high: number]> {
  const { stdout } = await promisify(execFile)(...farCommand('cat', [LOW, HIGH]));
  const [low, high] = stdout.trim().split('\n').map(Number);
  return [low!, high!];
}

/** The lower one never above the other. */
async function setThresholds(low: number, high: number): Promise<void> {
  const words = `echo 0 > ${LOW}; echo ${high} > ${HIGH}; echo ${low} > ${LOW}`;
  await promisify(execFile)(...farCommand('sh', ['-c', words]));
}

function byRelation(a: string, b: string): number {
  return Object.keys(LINUX).indexOf(a) - Object.keys(LINUX).indexOf(b);
}

async function run(
  words: readonly string[],
  withinMs = 60_000,
): Promise<{ facts: Facts[]; code: number | null; stderr: string }> {
  const { lines, code, stderr } = await new Cli(words, { withinMs }).end;
  return { facts: lines.map((line) => JSON.parse(line) as Facts), code, stderr };
}
