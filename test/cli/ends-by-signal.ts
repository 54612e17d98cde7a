import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAIN } from '../live/cli.js';

/** More than a command takes to come to where it waits, on a busy machine more than once that to end. */
const BEGUN_MS = 1500;
/** Without work for so long, it waits. */
const IDLE_MS = 500;
const WITHIN_MS = 20_000;

/** Holds that a command line waits, and that a signal ends that. */
export async function endsBySignal(words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [MAIN, ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'exit');
  const early = await Promise.race([ended, sleep(BEGUN_MS, null)]);
  assert.equal(early, null, `${words.join(' ')} did not wait: ${said}`);
  for (let before = -1; busyTicks(child.pid!) - before > 1; await sleep(IDLE_MS)) before = busyTicks(child.pid!);
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), WITHIN_MS);
  const [, signal] = await ended;
  clearTimeout(limit);
  assert.equal(signal, 'SIGTERM', `${words.join(' ')}: ${said}`);
}

/** Of processor time, 10 ms each: on a busy machine a command still starts when others wait. */
function busyTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
