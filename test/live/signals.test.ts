import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../fuzz/random.js';
import { MAIN, runCli } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const;
type Signal = (typeof SIGNALS)[number];
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGKILL: 137 } as const;
/** Fifty moments for each signal with UFO_LONG=1 (an hour and a half), else one, another one each for the next command. */
const MOMENTS = process.env['UFO_LONG'] === '1' ? 50 : 1;
const SEED = Number(process.env['UFO_SEED'] ?? 1);
const ENDS_WITHIN_MS = 15_000;
/** What stood in the file that a command was told to write. */
const PRECIOUS = 'the only copy';

interface Victim {
  readonly name: string;
  readonly words: (folder: string) => readonly string[];
  /** How long it runs, milliseconds: moments lie within. */
  readonly lasts: number;
  /** It ends in order when told to stop, and its exit code is about what it saw until then. */
  readonly reports?: true;
}

/** When a signal strikes. */
interface Moment {
  readonly when: string;
  /** `mark` stands in the environment of all that the victim starts. */
  readonly comes: (mark: string) => Promise<unknown>;
}

const SEND = ['send', '192.0.2.2:9', '--size', '6000', '--count', '500', '--rate', '200/s'];
const VICTIMS: readonly Victim[] = [
  { name: 'lab', words: () => ['lab', '--', 'sleep', '30'], lasts: 1500 },
  { name: 'demo', words: () => ['demo'], lasts: 4000 },
  { name: 'send', words: (folder) => [...SEND, '--save', join(folder, 'out')], lasts: 1500 },
  { name: 'send --verify', words: (folder) => [...SEND, '--verify=near0', '--pcap', join(folder, 'out')], lasts: 2500 },
  { name: 'receive', words: (folder) => ['receive', '9000', '-o', join(folder, 'out')], lasts: 800, reports: true },
  {
    name: 'capture',
    words: (folder) => ['capture', '-i', 'near0', '-w', join(folder, 'out')],
    lasts: 1500,
    reports: true,
  },
  {
    name: 'verify -i',
    words: (folder) => ['verify', '-i', 'near0', '--html', join(folder, 'out')],
    lasts: 1500,
    reports: true,
  },
  { name: 'conform', words: () => ['conform', '192.0.2.2:9', '--fast'], lasts: 2500 },
  { name: 'path', words: (folder) => ['path', '192.0.2.2', '--html', join(folder, 'out')], lasts: 3000 },
  {
    name: 'replay',
    words: (folder) => ['replay', join(folder, 'in.pcap'), '-i', 'near0', '--rate', '10/s'],
    lasts: 1500,
  },
  // In a lab of its own, as it makes one where it is in none: its sink and its null device go with that.
  { name: 'bench', words: () => ['lab', '--', process.execPath, MAIN, 'bench', '--quick'], lasts: 2500 },
  // It ends by itself about then: what has done its work says so.
  { name: 'doctor', words: () => ['doctor'], lasts: 1200, reports: true },
];

describeLive('a signal', () => {
  const frames = join(mkdtempSync(join(tmpdir(), 'ufo-signals-')), 'in.pcap');
  before(async () => {
    const cut = [
      'segment',
      '--source',
      '192.0.2.1:1',
      '--destination',
      '192.0.2.2:9',
      '--size',
      '6000',
      '--count',
      '50',
    ];
    const macs = ['--source-mac', '02:00:00:00:00:01', '--destination-mac', '02:00:00:00:00:02'];
    assert.equal((await runCli([...cut, ...macs, '-w', frames])).code, 0);
  });
  after(() => rmSync(join(frames, '..'), { recursive: true }));

  for (const [index, victim] of VICTIMS.entries()) {
    const signals = MOMENTS > 1 ? SIGNALS : [SIGNALS[index % 4]!, SIGNALS[(index + 1) % 4]!, SIGNALS[(index + 2) % 4]!];
    const strikes = async (): Promise<void> => {
      const wrong: string[] = [];
      for (const [turn, signal] of signals.entries()) {
        for (let count = 0; count < MOMENTS; count++) {
          const random = new Random(SEED, (index * SIGNALS.length + turn) * MOMENTS + count);
          // Every third one in the first milliseconds of our code, a tenth before Node has even begun with it.
          const early = (count + turn) % 3 === 0;
          const afterMs = random.below(early ? 250 : victim.lasts);
          const moment = { when: `after ${afterMs} ms`, comes: () => sleep(afterMs) };
          await strike(victim, signal, moment).catch(({ message }: Error) => wrong.push(message));
        }
      }
      assert.deepEqual(wrong, []); // all that there is, for the long form takes its time
    };
    const timeout = MOMENTS * 60_000;
    liveIt(`at any moment ends ${victim.name}, and nothing is left of it`, strikes, { timeout });
  }

  liveIt('ends bench and its compiler, whose files go with it', async () => {
    const bench = VICTIMS.find(({ name }) => name === 'bench')!;
    await strike(bench, 'SIGKILL', { when: 'while it compiles', comes: (mark) => runs('/cc1 ', mark) }); // its output is a file in TMPDIR
  });

  liveIt('ends demo while its receiver on the far host starts, which dies of it first', async () => {
    const demo = VICTIMS.find(({ name }) => name === 'demo')!;
    await strike(demo, 'SIGINT', { when: 'while its receiver starts', comes: (mark) => runs('far-receiver', mark) });
  });

  async function strike(victim: Victim, signal: Signal, moment: Moment): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'ufo-signal-'));
    try {
      await strikeIn(folder, victim, signal, moment);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async function strikeIn(folder: string, victim: Victim, signal: Signal, { when, comes }: Moment): Promise<void> {
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    writeFileSync(join(folder, 'out'), PRECIOUS);
    writeFileSync(join(folder, 'in.pcap'), readFileSync(frames));
    const mark = `${process.pid}-${performance.now()}`;
    const env = { ...process.env, TMPDIR: temporary, UFO_SIGNALS_TEST: mark };
    const child = spawn(process.execPath, [MAIN, ...victim.words(folder)], { stdio: 'ignore', env, detached: true });
    const what = `${victim.name}, ${signal} ${when}`;
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    await Promise.race([comes(mark), ended]);
    const struck = child.exitCode === null && child.signalCode === null;
    hit(child, signal);
    const end = await Promise.race([ended, sleep(ENDS_WITHIN_MS, null, { ref: false })]);
    if (end === null) hit(child, 'SIGKILL');
    assert.ok(end !== null, `${what}: it goes on`);
    if (struck && victim.reports === undefined) {
      assert.ok(end[1] === signal || end[0] === STATUS[signal], `${what}: ended with ${end}`);
    } else assert.ok(end[1] === signal || [0, 1, 3, 4, STATUS[signal]].includes(end[0]!), `${what}: ended with ${end}`);
    await gone(mark, what);
    assert.deepEqual(readdirSync(temporary), [], `${what}: files for the time being are left`);
    const left = readdirSync(folder).filter((name) => !['out', 'in.pcap', 'tmp'].includes(name));
    assert.deepEqual(left, [], `${what}: files are left`);
    assert.notEqual(readFileSync(join(folder, 'out')).length, 0, `${what}: the user's file is empty`);
  }
});

/** SIGINT goes to the whole group, as from a terminal. */
function hit(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(signal === 'SIGINT' ? -child.pid! : child.pid!, signal);
  } catch {
    // it has ended
  }
}

/** No process is left that was started by that one, twenty seconds at most after it. Their namespaces go with them. */
async function gone(mark: string, what: string): Promise<void> {
  for (const deadline = performance.now() + 20_000; ; await sleep(20)) {
    const left = marked(mark);
    if (left.length === 0) return;
    assert.ok(performance.now() < deadline, `${what}: ${left.join(', ')} goes on`);
  }
}

/** Until something with that in its command line was started. */
async function runs(word: string, mark: string): Promise<void> {
  for (const deadline = performance.now() + ENDS_WITHIN_MS; ; await sleep(2)) {
    if (marked(mark).some((words) => words.includes(word))) return;
    assert.ok(performance.now() < deadline, `${word} was not met`);
  }
}

function marked(mark: string): string[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return numbers
    .filter((pid) => textOf(`/proc/${pid}/environ`).includes(mark))
    .map((pid) => textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' '));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
