import { ERRNO, systemError } from '../../errors.js';
import { POLLERR, POLLIN, SO_ERROR, SOL_SOCKET } from '../../host/constants.js';
import { libc } from '../../host/libc.js';
import { getSockOptInt } from '../../host/socket-calls.js';
import {
  type CaptureLoop,
  epochMs,
  type LoopOptions,
  type LoopStats,
  type RecordSink,
  TICK_MS,
} from '../record-sink.js';
import { BATCH_FRAMES } from './batch-buffer.js';
import { PcapHandle } from './handle.js';

/** A stop hands over what the kernel has; where its count is never reached (libpcap leaves frames out), silence ends it. */
const QUIET_MS = 100;
const DRAIN_LIMIT_MS = 2_500;
/**
 * While frames keep coming they are fetched after a pause of that many ms: the kernel would wake us for each block of 170 of its
 * ring, and our code and data would have left the processor's caches every time.
 */
const PAUSE_MS = 5;
/** A ring of that many octets holds what comes in a pause several times over. */
const AMPLE_RING = 8 * 1024 * 1024;
/** Descriptor of the parent's wishes: waiting for frames ends when one comes. */
const CONTROL_FD = 0;

/** The one capture of this process, by libpcap. Waits in poll(2): nothing else runs in this process. */
export class LibpcapLoop implements CaptureLoop {
  readonly engine = 'libpcap';
  readonly #sink: RecordSink;
  readonly #onTick: () => void;
  /** struct pollfd { int fd; short events, revents }, twice. */
  readonly #pollfds = new DataView(Buffer.alloc(4096).buffer, 0, 16);
  readonly #both = new Uint8Array(this.#pollfds.buffer, 0, 16);
  readonly #control = new Uint8Array(this.#pollfds.buffer, 8, 8);
  #handle: PcapHandle | null = null;
  #device = '';
  #ample = false;
  /** Frames since we last waited. */
  #came = 0;
  #left = Number.POSITIVE_INFINITY;
  #received = 0;
  #lost: number | null = 0;
  #nextTick = 0;
  #drain: { target: number; limit: number; quietSince: number } | null = null;
  #ended = false;
  #onEnd: (() => void) | undefined;

  /** `onTick` comes every `TICK_MS` at the latest and may call `stop`. */
  constructor(sink: RecordSink, onTick: () => void) {
    this.#sink = sink;
    this.#onTick = onTick;
  }

  async open(options: LoopOptions): Promise<number> {
    this.#handle = PcapHandle.open(options);
    this.#device = options.interface;
    this.#ample = options.bufferSize >= AMPLE_RING;
    this.#left = options.frames ?? Number.POSITIVE_INFINITY;
    const { linktype, fd } = this.#handle;
    this.#sink.start(linktype);
    for (const [i, one] of [fd, CONTROL_FD].entries()) {
      this.#pollfds.setInt32(i * 8, one, true);
      this.#pollfds.setInt16(i * 8 + 4, POLLIN, true);
    }
    setImmediate(() => this.#run());
    return linktype;
  }

  stats(): LoopStats {
    if (!this.#ended) this.#lost = this.#handle?.counters()?.drops ?? this.#lost;
    return { received: this.#received, lost: this.#lost };
  }

  stop(): void {
    if (this.#drain !== null || this.#ended) return;
    const now = epochMs();
    const counters = this.#handle?.counters();
    const target = counters ? counters.packets - counters.drops : Number.POSITIVE_INFINITY;
    this.#drain = { target, limit: now + DRAIN_LIMIT_MS, quietSince: now };
  }

  onEnd(callback: () => void): void {
    this.#onEnd = callback;
  }

  /** Works for a tick, then lets the event loop have a turn. */
  #run(): void {
    const end = epochMs() + TICK_MS;
    for (let now = 0; now < end && !this.#ended; now = epochMs()) {
      if (!this.#take()) this.#wait();
      this.#tick();
    }
    if (this.#ended) this.#onEnd?.();
    else setImmediate(() => this.#run());
  }

  /** Hands one batch to the sink; false where there was none. */
  #take(): boolean {
    const { frames, octets } = this.#handle!.take(this.#left);
    if (frames === 0) return false;
    this.#received += frames;
    this.#came += frames;
    this.#left -= frames;
    const drain = this.#drain;
    if (drain !== null) drain.quietSince = epochMs();
    const more = this.#sink.records(octets, frames);
    if (!more || this.#left === 0 || (drain !== null && this.#received >= drain.target)) this.#end();
    return true;
  }

  /** Returns when frames are there, the parent wants something, or it is time for a tick. */
  #wait(): void {
    if (this.#drained()) {
      this.#end();
      return;
    }
    const busy = this.#ample && this.#drain === null && this.#came >= BATCH_FRAMES;
    this.#came = 0;
    if (busy && libc().poll(this.#control, 1, PAUSE_MS) === 0) return;
    if (libc().poll(this.#both, 2, TICK_MS) <= 0) return;
    if (this.#pollfds.getInt16(14, true) !== 0) this.#nextTick = 0;
    if ((this.#pollfds.getInt16(6, true) & POLLERR) === 0) return;
    // packet_notifier sets the error when the interface goes down (ENETDOWN) or away.
    const errno = getSockOptInt(this.#handle!.fd, SOL_SOCKET, SO_ERROR) || ERRNO.ENETDOWN;
    throw systemError(errno, 'capture', {
      path: this.#device,
      reason: 'the interface went down or away while capturing',
    });
  }

  #drained(): boolean {
    if (this.#drain === null) return false;
    const now = epochMs();
    return this.#received >= this.#drain.target || now - this.#drain.quietSince >= QUIET_MS;
  }

  #tick(): void {
    const now = epochMs();
    if (now < this.#nextTick || this.#ended) return;
    this.#nextTick = now + TICK_MS;
    const more = this.#sink.tick(now);
    this.#onTick();
    if (!more || now >= (this.#drain?.limit ?? Number.POSITIVE_INFINITY)) this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.stats();
    this.#ended = true;
    this.#handle?.close();
  }
}
