import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { UfoError } from '../../../errors.js';
import { childrenCpuSeconds } from '../../../host/processor-time.js';
import { programPath } from '../../../host/programs.js';

/** What is under way when the work has ended is through within this, ms. */
const SETTLE_MS = 300;
/** Characters of what a command says on stderr. */
const MOST_KEPT = 2000;

/** What a command said at its end, and took. */
interface Meanwhile<T, S> {
  /** What came of the work. */
  readonly done: T;
  /** The command's last line. */
  readonly summary: S;
  /** Of the command and its children, from the first instruction to the last. */
  readonly cpuSeconds: number;
}

/** Does `work` while `udp-ufo`, called with `words` (of which `--json` is one), runs: from its first output until SIGINT. */
export async function meanwhile<T, S>(
  words: readonly string[],
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<Meanwhile<T, S>> {
  const child = spawn(process.execPath, [programPath('main'), ...words], { stdio: ['ignore', 'pipe', 'pipe'], signal });
  child.on('error', () => undefined); // the abort; its end is told below
  let [text, notes] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    notes = `${notes}${chunk}`.slice(-MOST_KEPT);
  });
  const closed = once(child, 'close');
  try {
    await Promise.race([once(child.stderr, 'data'), once(child.stdout, 'data'), closed]);
    const done = await work();
    await sleep(SETTLE_MS);
    const before = childrenCpuSeconds();
    child.kill('SIGINT');
    await closed;
    const last = text.trim().split('\n').at(-1) ?? '';
    if (!last.startsWith('{') || !last.includes('"summary"')) throw noSummary(words[0]!, last, notes);
    return { done, summary: JSON.parse(last) as S, cpuSeconds: childrenCpuSeconds() - before };
  } finally {
    child.kill('SIGKILL');
  }
}

/** What it said itself tells why. */
function noSummary(name: string, last: string, notes: string): UfoError {
  const said = [last, notes.trim()].filter((text) => text !== '').join('\n');
  return new UfoError('ERR_UFO_BENCH', `udp-ufo ${name} ended without a summary: ${said || 'it said nothing'}`);
}
