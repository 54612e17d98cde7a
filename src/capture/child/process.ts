import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ERRNO, systemError, UfoError } from '../../errors.js';
import { programPath } from '../../host/programs.js';
import {
  type CaptureChildArguments,
  type ChildMessage,
  type Engine,
  errorOf,
  FRAMES_FD,
  type PayloadMessage,
  readMessages,
  STOP,
  type StatsMessage,
} from './protocol.js';

/** How the child is started, beside what it is told. */
export interface CaptureChildOptions {
  /** Words put before the command, to run it elsewhere: `nsenter --net=…`. */
  readonly spawnPrefix?: readonly string[];
  /** Aborting kills the child; what waits for it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The compiled program to run; for tests. */
  readonly entry?: string;
  /** Descriptor that becomes the child's `FILE_FD`. */
  readonly fileFd?: number;
  /** Hears the figures as they come, the last ones too. */
  readonly onStats?: (stats: StatsMessage) => void;
}

const READY_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 3_000;
const STDERR_KEPT = 4_096;

/** A running capture child, as its parent sees it. */
export class CaptureChild implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #messages: AsyncGenerator<ChildMessage>;
  readonly #interface: string;
  readonly #closed: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #onAbort: () => void;
  readonly #signal: AbortSignal | undefined;
  #stderr = '';
  readonly #onStats: ((stats: StatsMessage) => void) | undefined;
  #linktype = 0;
  #engine: Engine = 'libpcap';
  #stats: StatsMessage = { type: 'stats', received: 0, lost: 0 };

  private constructor(told: CaptureChildArguments, options: CaptureChildOptions) {
    const [command, ...words] = [
      ...(options.spawnPrefix ?? []),
      process.execPath,
      options.entry ?? programPath('capture-child'),
      JSON.stringify(told),
    ];
    this.#interface = told.interface;
    this.#child = spawn(command!, words, { stdio: ['pipe', 'pipe', 'pipe', 'pipe', options.fileFd ?? 'ignore'] });
    this.#closed = new Promise((resolve, reject) => {
      this.#child.once('error', (error: NodeJS.ErrnoException) => reject(spawnError(error, command!)));
      this.#child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.#closed.catch(() => {}); // seen by whoever waits for messages
    this.#child.stdin!.on('error', () => {}); // EPIPE of a child that is gone: its end tells more
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    this.#messages = readMessages(this.#child.stdout!);
    this.#signal = options.signal;
    this.#onStats = options.onStats;
    this.#onAbort = () => this.kill();
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Resolves once the child really captures; rejects with what kept it from that. */
  static async start(told: CaptureChildArguments, options: CaptureChildOptions = {}): Promise<CaptureChild> {
    options.signal?.throwIfAborted();
    const child = new CaptureChild(told, options);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill();
    }, READY_LIMIT_MS);
    try {
      await child.#ready();
      return child;
    } catch (error) {
      child.kill();
      await child.#closed.catch(() => {});
      throw late ? lateError(told.interface) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  get linktype(): number {
    return this.#linktype;
  }

  get engine(): Engine {
    return this.#engine;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The pcap stream of mode `frames`. */
  get frames(): Readable {
    return this.#child.stdio[FRAMES_FD] as Readable;
  }

  /** The latest figures: at most 200 ms old, final after the messages have ended. */
  get stats(): StatsMessage {
    return this.#stats;
  }

  /**
   * The messages of the layer above, in order. Ends when the child has ended as it should; throws what it failed of, or
   * what ended it. To be read once, and must be: the child waits for its reader.
   */
  async *messages(): AsyncGenerator<PayloadMessage> {
    for await (const message of this.#messages) {
      if (message.type === 'failed') throw errorOf(message);
      if (message.type === 'ready') continue;
      if (message.type === 'datagram' || message.type === 'summary') {
        yield message;
        continue;
      }
      this.#stats = message;
      this.#onStats?.(message);
      if (message.type === 'end') return this.#leave();
    }
    throw await this.#deathError();
  }

  /** Asks the child to hand over what it has and to end; kills it if it has not ended 3 s later. */
  stop(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.stdin!.write(Buffer.of(STOP));
    const timer = setTimeout(() => this.kill(), STOP_LIMIT_MS);
    void this.#closed.catch(() => {}).then(() => clearTimeout(timer));
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Resolves when the child and its descriptors are gone. */
  async closed(): Promise<void> {
    await this.#closed.catch(() => {});
  }

  /** For whoever has not read the messages to their end: a pipe that nobody reads is never closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    try {
      for await (const message of this.#messages) void message;
    } catch {
      // whoever read them is told
    }
    await this.closed();
  }

  async #ready(): Promise<void> {
    for (;;) {
      const { value, done } = await this.#messages.next();
      if (done) throw await this.#deathError();
      if (value.type === 'failed') throw errorOf(value);
      if (value.type !== 'ready') continue;
      this.#linktype = value.linktype;
      this.#engine = value.engine;
      return;
    }
  }

  #leave(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Why the messages ended without an `end`. */
  async #deathError(): Promise<Error> {
    this.#leave();
    try {
      const { code, signal } = await this.#closed;
      if (this.#signal?.aborted) return this.#signal.reason as Error;
      // uv_poll reports POLLERR of the packet socket, and cap asserts that this never happens.
      if (signal === 'SIGABRT' && this.#stderr.includes('status == 0'))
        return systemError(ERRNO.ENETDOWN, 'capture', {
          path: this.#interface,
          reason: 'the interface went down or away while capturing',
        });
      return diedError(this.#interface, code, signal, this.#stderr);
    } catch (error) {
      return error as Error;
    }
  }
}

function lateError(name: string): UfoError {
  const text = `the capture process on ${name} was not capturing after ${READY_LIMIT_MS / 1000} s`;
  return new UfoError('ERR_UFO_CAPTURE', text, 'is the machine overloaded, or stopped in a debugger?');
}

function diedError(name: string, code: number | null, signal: string | null, stderr: string): UfoError {
  const how = signal ? `was killed by ${signal}` : `ended with code ${code}`;
  const lines = stderr.trim().split('\n');
  const last = lines.findLast((line) => /error|assert|fatal/i.test(line)) ?? lines.at(-1) ?? '';
  const text = `the capture process on ${name} ${how}${last ? `: ${last}` : ''}`;
  return new UfoError('ERR_UFO_CAPTURE_DIED', text, 'frames captured since its last batch are lost; start again');
}

function spawnError(error: NodeJS.ErrnoException, command: string): Error {
  return systemError(-(error.errno ?? -ERRNO.ENOENT), 'spawn', { path: command, hint: 'starting the capture process' });
}
