import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cli, type CliEnd } from './cli.js';
import type { Fault } from './failing/calls.js';
import { describeLive, liveIt } from './in-lab.js';

const PRELOAD = new URL('failing/preload.js', import.meta.url).href;

type Command = 'capture' | 'send --verify';

/**
 * Calls of the process that captures, with an error and a command each, and whether the capture goes on without them: with the
 * other engine where this C library's streams are of no use, without a count of what was lost, without a filter of its calls, or
 * asking again.
 */
const CALLS: readonly (readonly [call: string, errno: Fault['errno'], command: Command, goesOn?: 'goes on'])[] = [
  ['pcap_create', 'ENOMEM', 'capture'],
  ['pcap_activate', 'ENODEV', 'send --verify'],
  ['pcap_setnonblock', 'EIO', 'capture'],
  ['pcap_compile', 'ENOMEM', 'send --verify'],
  ['pcap_setfilter', 'ENOMEM', 'capture'],
  ['pcap_dispatch', 'ENETDOWN', 'send --verify'],
  ['pcap_dump_fopen', 'EIO', 'capture', 'goes on'],
  ['pcap_stats', 'EIO', 'send --verify', 'goes on'],
  ['fopen', 'EIO', 'capture', 'goes on'],
  ['setvbuf', 'ENOMEM', 'send --verify', 'goes on'],
  ['poll', 'EINTR', 'capture', 'goes on'],
  ['recv', 'EINTR', 'send --verify', 'goes on'],
  ['prctl', 'EPERM', 'capture', 'goes on'],
  ['seccomp_init', 'ENOMEM', 'capture', 'goes on'],
  ['seccomp_rule_add_array', 'ENOMEM', 'send --verify', 'goes on'],
  ['seccomp_load', 'EPERM', 'capture', 'goes on'],
  ['writeSync', 'ENOSPC', 'send --verify'],
];

const SEND = ['send', '192.0.2.2:9', '--size', '4000', '--count', '2', '--verify=near0', '--json'];

describeLive('a system call of the capture process that fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ufo-failing-'));
  const file = join(folder, 'seen.pcap');
  const capture = ['capture', '-i', 'near0', '-w', file, '--duration', '1s', '--filter', 'udp', '--json'];
  const struck = join(folder, 'struck');
  after(() => rmSync(folder, { recursive: true }));

  for (const [call, errno, command, goesOn] of CALLS) {
    liveIt(
      `${command}, ${call} ${errno}: ${goesOn ?? 'ends with an error of its own, and tells what went'}`,
      async () => {
        const end = await strike(command === 'capture' ? capture : SEND, faultOf(call, errno), struck);
        const codes = goesOn === undefined ? refusals(call) : command === 'capture' ? [0] : [0, 4];
        assert.ok(codes.includes(end.code!), told(end));
        assert.doesNotMatch(end.stderr, /\n\s+at |a bug of/);
        const left = readdirSync(folder).filter((name) => name.endsWith('.part'));
        assert.deepEqual(left, []);
        assert.equal(readFileSync(struck, 'utf8'), 'struck', `${call} was never made`);
      },
    );
  }
});

/** What does not compile is taken for a mistake in the filter. */
function refusals(call: string): readonly number[] {
  return call === 'pcap_compile' ? [2] : [3, 4];
}

/** A signal interrupts now and then, not for ever. */
function faultOf(call: string, errno: Fault['errno']): Fault {
  const site = `* ${call}`;
  return errno === 'EINTR' ? { site, errno, times: 2 } : { site, errno };
}

/** Runs a command whose capture process has this fault, and writes into the file `struck` once it has struck. */
async function strike(words: readonly string[], fault: Fault, struck: string): Promise<CliEnd> {
  rmSync(struck, { force: true });
  const env = [
    `NODE_OPTIONS=--import ${PRELOAD}`,
    'FAILING_PROCESS=capture-child',
    `FAILING_CALL=${JSON.stringify(fault)}`,
    `FAILING_STRUCK=${struck}`,
  ];
  const cli = new Cli(words, { prefix: ['env', ...env] });
  const end = await Promise.race([cli.end, sleep(40_000, null, { ref: false })]);
  if (end !== null) return end;
  cli.child.kill('SIGKILL');
  throw new Error(`${words[0]} hangs: ${(await cli.end).stderr}`);
}

function told({ code, signal, stderr, lines }: CliEnd): string {
  return `exit ${code ?? signal}: ${stderr}\n${lines.join('\n')}`;
}
