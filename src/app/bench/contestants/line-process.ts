import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { UfoError } from '../../../errors.js';
import type { Runner, Sent } from './contestant.js';

/** What a sender's process answers to every order; fields as in `Sent`. */
type Answer = Sent & { readonly error?: string };

/** What a sender may take to come up, and beyond the time it was told to send. */
const READY_WITHIN_MS = 20_000;
const ANSWER_WITHIN_MS = 5000;
const STOP_WITHIN_MS = 2000;

/**
 * A sender in a process of its own, so that its memory and processor time are its own too. Orders and answers are lines:
 *
 *     t 250        send for 250 milliseconds        { "datagrams": …, "packets": …, "seconds": … }
 *     n 3          send 3 datagrams
 *
 * It says `{}` when it is ready and ends with its standard input.
 */
export class LineProcess implements Runner {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #complaint = '';

  private constructor(name: string, command: string, args: readonly string[], signal: AbortSignal) {
    this.#name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
    this.#child.on('error', (error) => {
      this.#complaint ||= error.message;
    });
    this.#child.stdin!.on('error', () => undefined); // its end is told by the missing answer
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#complaint = `${this.#complaint}${chunk}`.slice(-1000);
    });
    this.#lines = createInterface(this.#child.stdout!)[Symbol.asyncIterator]();
  }

  /** Killed at once when `signal` aborts. @throws UfoError with what it said last, where it does not come up */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
    signal: AbortSignal,
  ): Promise<LineProcess> {
    const process = new LineProcess(name, command, args, signal);
    await process.#answer(READY_WITHIN_MS);
    return process;
  }

  forMs(ms: number): Promise<Sent> {
    return this.#order(`t ${Math.round(ms)}`, ms);
  }

  count(datagrams: number): Promise<Sent> {
    return this.#order(`n ${datagrams}`, 0);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    const closed = once(child, 'close');
    child.stdin!.end();
    await closed;
    clearTimeout(timer);
  }

  #order(line: string, ms: number): Promise<Sent> {
    this.#child.stdin!.write(`${line}\n`);
    return this.#answer(ms + ANSWER_WITHIN_MS);
  }

  async #answer(withinMs: number): Promise<Sent> {
    let silent = false;
    const timer = setTimeout(() => {
      silent = true;
      this.#child.kill('SIGKILL');
    }, withinMs);
    const { value, done } = await this.#lines.next();
    clearTimeout(timer);
    const answer = done === true ? null : (JSON.parse(value) as Answer);
    if (answer !== null && answer.error === undefined) return answer;
    await this.stop();
    const { exitCode, signalCode } = this.#child;
    const end = silent ? `no answer within ${withinMs / 1000} s: killed` : `it ended (${signalCode ?? exitCode})`;
    const why = answer?.error ?? (this.#complaint.trim() || end);
    throw new UfoError('ERR_UFO_BENCH', `${this.#name}: ${why}`);
  }
}
