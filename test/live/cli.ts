import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../src/entry/main.js', import.meta.url));

/** How a command line ended. */
export interface CliEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Lines of stdout. */
  readonly lines: readonly string[];
  readonly stderr: string;
}

export interface CliOptions {
  readonly input?: Uint8Array | undefined;
  /** Words in front of the command: `setpriv …`. */
  readonly prefix?: readonly string[] | undefined;
  /** Killed after so long, milliseconds. */
  readonly withinMs?: number | undefined;
}

/** udp-ufo as a process of its own, as a user runs it. */
export class Cli {
  readonly child: ChildProcess;
  readonly end: Promise<CliEnd>;
  readonly #lines: string[] = [];
  #onLine: (() => void) | null = null;

  constructor(words: readonly string[], { input, prefix = [], withinMs = 40_000 }: CliOptions = {}) {
    const [command, ...args] = [...prefix, process.execPath, MAIN, ...words];
    this.child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: withinMs, killSignal: 'SIGKILL' });
    this.child.stdin!.on('error', () => {}).end(input ?? '');
    let stderr = '';
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    createInterface(this.child.stdout!).on('line', (line) => {
      this.#lines.push(line);
      this.#onLine?.();
    });
    this.end = once(this.child, 'close').then(([code, signal]) => ({ code, signal, lines: this.#lines, stderr }));
  }

  /** Resolves when stdout has had so many lines. */
  async lines(count: number): Promise<void> {
    while (this.#lines.length < count) {
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#onLine = resolve;
        }),
        this.end.then(({ stderr }) => Promise.reject(new Error(`it ended before: ${stderr}`))),
      ]);
    }
  }
}

/** Runs a command line to its end. */
export function runCli(words: readonly string[], options?: CliOptions): Promise<CliEnd> {
  return new Cli(words, options).end;
}

/** The summary among the JSON lines; where a command failed, its error follows as a line of its own. */
export function summaryOf<T>({ lines, stderr }: CliEnd): T {
  const line = lines.find((one) => one.startsWith('{"type":"summary"'));
  if (line === undefined) throw new Error(`no summary on stdout; stderr: ${stderr}`);
  return JSON.parse(line) as T;
}

/** The last object that `--json` printed. */
export function lastJson<T>({ lines, stderr }: CliEnd): T {
  const line = lines.at(-1);
  if (line === undefined) throw new Error(`nothing on stdout; stderr: ${stderr}`);
  return JSON.parse(line) as T;
}
