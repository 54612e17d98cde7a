import { ERRNO } from '../../errors.js';
import { wallClock } from '../../host/clock.js';
import {
  diffKernelCounters,
  explainLosses,
  type KernelCounters,
  readKernelCounters,
} from '../../host/kernel-counters.js';
import { lastError, pollWritable } from '../../host/socket-calls.js';
import { sha256 } from '../../payload/sha256.js';
import { counted } from '../common/figures.js';
import type { Output } from '../common/output.js';
import { DatagramBatch } from './batch.js';
import type { ReceiveOptions } from './options.js';
import { DatagramPump } from './pump.js';
import type { Reporter } from './reporter.js';
import { type Sender, Senders } from './senders.js';
import type { ReceiveSocket } from './socket.js';
import type { DatagramStore } from './store.js';
import type { ReceiveSummary } from './summary.js';
import { type JudgedPayload, ReceiveTally } from './tally.js';

/** Where a run takes from, and gives to. */
interface RunParts {
  readonly socket: ReceiveSocket;
  readonly output: Output;
  readonly store: DatagramStore | null;
  readonly reporter: Reporter | null;
}

/** How long an echo waits for room at a time, milliseconds. */
const ROOM_MS = 100;

/** From the first datagram to the end: judges, answers and keeps what comes. */
export class ReceiveRun {
  readonly #options: ReceiveOptions;
  readonly #parts: RunParts;
  readonly #batch = new DatagramBatch();
  readonly #pump: DatagramPump;
  readonly #senders = new Senders();
  readonly #tally = new ReceiveTally();
  #datagrams = 0;
  /** Milliseconds since the epoch. */
  #firstAt = 0;
  #lastAt = 0;
  #idle: NodeJS.Timeout | undefined;
  /** The last echo. */
  #echoing: Promise<void> | undefined;
  #ended = false;
  #fail: (error: unknown) => void = () => {};

  constructor(options: ReceiveOptions, parts: RunParts) {
    this.#options = options;
    this.#parts = parts;
    const { count = Number.POSITIVE_INFINITY, echo, report } = options;
    this.#pump = new DatagramPump(parts.socket, this.#batch, {
      prompt: echo || report,
      wanted: () => count - this.#datagrams,
      take: (taken) => this.#take(taken),
    });
  }

  get received(): boolean {
    return this.#datagrams > 0;
  }

  /** Rejects with what failed; what was received until then is counted. */
  async untilEnd(signal: AbortSignal): Promise<void> {
    const { intervalMs, timeoutMs } = this.#options;
    const ticker = intervalMs === undefined ? undefined : setInterval(() => this.#report(), intervalMs);
    let finish = (): void => {};
    const ended = new Promise<void>((resolve, reject) => {
      finish = resolve;
      this.#fail = reject;
    });
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
    if (timeoutMs !== undefined) this.#idle = setTimeout(finish, timeoutMs);
    try {
      await Promise.race([this.#pump.run(), ended]); // a writer that is stuck holds up the pump, not the end
    } finally {
      clearInterval(ticker);
      clearTimeout(this.#idle);
      signal.removeEventListener('abort', finish);
      this.#ended = true;
      await Promise.all([this.#pump.stop(), this.#echoing?.catch(() => undefined)]); // whose failure the pump had
    }
  }

  summary(before: KernelCounters): ReceiveSummary {
    const { recvBufferSize, drops } = this.#parts.socket;
    const figures = this.#tally.figures;
    const seconds = Math.max(0, this.#lastAt - this.#firstAt) / 1000;
    // The first datagram starts the clock, so it is not part of the rate.
    const rate = (sum: number) => (seconds > 0 ? Math.round(sum / seconds) : null);
    return {
      type: 'summary',
      ...figures,
      seconds,
      datagramsPerSecond: rate(figures.datagrams - 1),
      bitsPerSecond: rate(figures.octets * 8 * (1 - 1 / Math.max(1, figures.datagrams))),
      recvBufferSize,
      dropped: drops,
      losses: explainLosses(diffKernelCounters(before, readKernelCounters())),
    };
  }

  /** Gives what has to be waited for before the batch is used again. */
  #take(count: number): Promise<unknown> | undefined {
    const waits: Promise<unknown>[] = [];
    for (let i = 0; i < count; i++) this.#datagram(i, waits);
    if (this.#options.echo) {
      this.#echoing = this.#echo(count);
      waits.push(this.#echoing);
    }
    this.#idle?.refresh();
    return waits.length > 0 ? Promise.all(waits) : undefined;
  }

  #datagram(i: number, waits: Promise<unknown>[]): void {
    const { output, store, reporter } = this.#parts;
    const batch = this.#batch;
    const cameAt = batch.cameAt(i) ?? wallClock();
    this.#lastAt = cameAt;
    if (this.#datagrams++ === 0) this.#firstAt = cameAt;
    const sender = this.#senders.of(batch, i);
    const judged = this.#tally.add(batch.inspect(i), batch.lengthOf(i), sender.key, cameAt, batch.isCut(i));
    reporter?.answer(batch.payload(i), sender, judged).catch(this.#fail);
    if (store !== null) waits.push(store.put(batch.payload(i)));
    const { json, quiet } = this.#options;
    if (!json && judged.payload === 'bad') output.note(`${sender.source}:${sender.sourcePort}: ${judged.mismatch}`);
    if (!json || (quiet && judged.payload === 'good')) return;
    const written = output.json(this.#line(batch.payload(i), sender, judged));
    if (written !== undefined) waits.push(written);
  }

  #line(bytes: Uint8Array, { source, sourcePort }: Sender, judged: JudgedPayload): object {
    const hash = this.#options.hash ? { sha256: sha256(bytes) } : {};
    return { type: 'datagram', source, sourcePort, length: bytes.length, ...hash, ...judged };
  }

  /** Waits for room until the end; what cannot be sent (the way back is gone, or forbidden) is told, and no reason to stop. */
  async #echo(count: number): Promise<void> {
    const { fd } = this.#parts.socket;
    for (let at = 0; at < count && !this.#ended; ) {
      const sent = this.#batch.sendBack(fd, at, count);
      if (sent > 0) {
        at += sent;
        continue;
      }
      const error = lastError('sendmmsg');
      if (error.errno === -ERRNO.EAGAIN) await pollWritable(fd, ROOM_MS);
      else {
        this.#parts.output.note(`receive: ${error.message}`);
        at += 1;
      }
    }
  }

  #report(): void {
    const { datagrams, octets, bad, missing } = this.#tally.figures;
    const text = `${counted(datagrams, 'datagram')}, ${counted(octets, 'octet')}, ${bad} bad, ${missing} missing`;
    this.#parts.output.note(text);
  }
}
