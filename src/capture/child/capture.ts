import type { Frame } from '../../wire/frame.js';
import { PcapReader } from '../../wire/pcap-reader.js';
import type { Capture, CaptureStats } from '../capture.js';
import type { Direction } from '../record-sink.js';
import { CaptureChild, type CaptureChildOptions } from './process.js';
import type { Engine } from './protocol.js';

/** Octets of the kernel's ring asked for: 40,000 full-size frames by libpcap, 1,024 by cap (native-notes/libpcap-and-cap.md). */
export const DEFAULT_BUFFER_SIZE = 64 * 1024 * 1024;
/** Octets held for a slow reader before the child is made to wait (and the kernel to count drops). */
const QUEUE_LIMIT = 256 * 1024 * 1024;

/** A capture on an interface. */
export interface LiveCapture extends Capture {
  readonly engine: Engine;
  /** Of all its frames; LINKTYPE_… of libpcap. */
  readonly linktype: number;
}

export interface CaptureOptions extends CaptureChildOptions {
  readonly interface: string;
  /** BPF; default everything. */
  readonly filter?: string;
  /** Octets of the kernel's ring; default 64 MiB. */
  readonly bufferSize?: number;
  /** Only what comes in, or goes out; default both. */
  readonly direction?: Direction;
  /** Default `auto`: libpcap, and npm cap where that cannot be loaded. */
  readonly engine?: Engine | 'auto';
}

/** Captures in a child process. Resolves once frames are really being captured. */
export async function openChildCapture(options: CaptureOptions): Promise<LiveCapture> {
  const { interface: name, filter = '', bufferSize = DEFAULT_BUFFER_SIZE, engine = 'auto', direction } = options;
  const told = {
    interface: name,
    filter,
    bufferSize,
    engine,
    mode: 'frames' as const,
    ...(direction && { direction }),
  };
  return new ChildCapture(name, await CaptureChild.start(told, options));
}

class ChildCapture implements LiveCapture {
  readonly source: string;
  readonly #child: CaptureChild;
  readonly #queue: Frame[][] = [];
  readonly #reader = new PcapReader();
  readonly #done: Promise<void>;
  #pending = 0;
  #received = 0;
  #closing = false;
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(source: string, child: CaptureChild) {
    this.source = source;
    this.#child = child;
    this.#done = this.#pump();
  }

  get engine(): Engine {
    return this.#child.engine;
  }

  get linktype(): number {
    return this.#child.linktype;
  }

  async stats(): Promise<CaptureStats> {
    // After a failure nobody knows what the kernel dropped.
    return { received: this.#received, lost: this.#error ? null : this.#child.stats.lost };
  }

  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#child.stop();
      this.#child.frames.resume();
    }
    await this.#done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Frame[]> {
    for (;;) {
      const batch = this.#queue.shift();
      if (batch) {
        this.#taken(batch);
        yield batch;
      } else if (this.#ended) {
        if (this.#error) throw this.#error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #taken(batch: readonly Frame[]): void {
    for (const frame of batch) this.#pending -= frame.caplen;
    if (this.#pending < QUEUE_LIMIT / 2) this.#child.frames.resume();
  }

  async #pump(): Promise<void> {
    try {
      const { frames } = this.#child;
      frames.on('data', (chunk: Buffer) => this.#push(chunk));
      frames.on('error', () => {}); // its end follows, and the child tells why
      for await (const message of this.#child.messages()) void message; // mode `frames` has none of its own
    } catch (error) {
      this.#error = error as Error;
      this.#child.kill();
    }
    this.#closing = true; // nothing may hold back what is still in the pipe
    this.#child.frames.resume();
    await this.#child.closed();
    this.#ended = true;
    this.#wakeUp();
  }

  #push(chunk: Buffer): void {
    const batch = this.#reader.push(chunk);
    if (batch.length === 0) return;
    for (const frame of batch) this.#pending += frame.caplen;
    this.#received += batch.length;
    this.#queue.push(batch);
    if (this.#pending > QUEUE_LIMIT && !this.#closing) this.#child.frames.pause();
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
