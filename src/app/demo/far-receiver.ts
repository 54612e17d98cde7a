import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { UfoError } from '../../errors.js';
import { farCommand } from '../../host/lab.js';
import { programPath } from '../../host/programs.js';

/** A datagram as the far host's kernel put it together and gave it to an ordinary UDP socket. */
export interface FarReceived {
  /** Where it came from. */
  readonly port: number;
  readonly length: number;
  readonly sha256: string;
}

/** The process with that socket, on the far host of the lab. */
export class FarReceiver implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #received: FarReceived[] = [];
  #wake: (() => void) | null = null;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, lines: Interface, port: number) {
    this.#child = child;
    this.port = port;
    lines.on('line', (line) => {
      this.#received.push(JSON.parse(line) as FarReceived);
      this.#wake?.();
    });
  }

  /**
   * Starts it; `program` and its arguments may be another one that says the same of what it is given.
   * @throws UfoError ERR_UFO_LAB where the process can't be started or does not get its socket.
   */
  static async start(
    program: readonly [string, ...string[]] = [process.execPath, programPath('far-receiver')],
  ): Promise<FarReceiver> {
    const [command, args] = farCommand(program[0], program.slice(1));
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.on('error', () => {}); // its end tells more
    const lines = createInterface(child.stdout);
    const ended = once(child, 'close').then(() => Promise.reject(new Error('it ended')));
    ended.catch(() => {});
    try {
      const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
      return new FarReceiver(child, lines, (JSON.parse(line) as { bound: number }).bound);
    } catch (error) {
      throw new UfoError('ERR_UFO_LAB', `the receiver on the far host did not start: ${(error as Error).message}`);
    }
  }

  /** The datagram of `length` octets from `port`, once it has come; null where it has not after `withinMs`. */
  take(port: number, length: number, withinMs: number): Promise<FarReceived | null> {
    return this.#take((one) => one.port === port && one.length === length, withinMs);
  }

  /** The next datagram, whatever it is; null where none has come after `withinMs`. */
  next(withinMs: number): Promise<FarReceived | null> {
    return this.#take(() => true, withinMs);
  }

  async #take(wanted: (one: FarReceived) => boolean, withinMs: number): Promise<FarReceived | null> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const index = this.#received.findIndex(wanted);
      if (index >= 0) return this.#received.splice(index, 1)[0]!;
      const left = deadline - performance.now();
      if (left <= 0) return null;
      await this.#more(left);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }

  #more(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
