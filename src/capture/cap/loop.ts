import { UfoError } from '../../errors.js';
import { turnOffSegmentationOffloads } from '../../host/device-features.js';
import { insideLab } from '../../host/lab-info.js';
import { SNAPLEN, wireLength } from '../wire-length.js';
import { PacketSocket } from './kernel-socket.js';
import { type CapHandle, immediateMode, linktypeOf, loadCap, openError } from './module.js';

/** Where captured frames go. All calls come from the packet callback or from the tick; none may wait for the event loop. */
export interface FrameSink {
  /** Comes once, before the first frame. */
  start(linktype: number): void;
  /** `bytes[0 … caplen)` is the frame; the octets are overwritten after the call. Returns false once it wants no more. */
  frame(bytes: Buffer, caplen: number, len: number, seconds: number, nanoseconds: number): boolean;
  /** Comes at least every `TICK_MS`, whether frames come or not. `nowMs` is time since the epoch. Returns as `frame`. */
  tick(nowMs: number): boolean;
}

export interface CapLoopOptions {
  readonly interface: string;
  readonly filter: string;
  readonly bufferSize: number;
}

/** Figures of a running or ended loop. */
export interface CapLoopStats {
  readonly received: number;
  readonly lost: number | null;
}

/** Longest time between two looks at clock, control and sink. */
export const TICK_MS = 20;
/** A stop hands over what the kernel has; where its count can't be reached, silence for that long ends it. */
const QUIET_MS = 150;
/** The same without immediate mode, where libpcap hands a block over after up to 1 s. */
const QUIET_BLOCK_MS = 1_200;
const DRAIN_LIMIT_MS = 2_500;
/** The clock is looked at once in that many frames: 64 frames take cap about 0.2 ms. */
const CLOCK_MASK = 63;

/** The one capture of this process, on npm `cap`. */
export class CapLoop {
  readonly #cap: CapHandle;
  /** cap keeps only the address of this: it must stay reachable until the process ends. */
  readonly #buffer = Buffer.alloc(SNAPLEN + 1);
  readonly #view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.length);
  readonly #sink: FrameSink;
  readonly #onTick: () => void;
  #socket: PacketSocket | null = null;
  #linktype = 0;
  #received = 0;
  #lastReceived = 0;
  #lost: number | null = null;
  #nextTick = 0;
  #timer: NodeJS.Timeout | undefined;
  #drain: { target: number; limit: number; quietSince: number } | null = null;
  #quietMs = QUIET_MS;
  #ended = false;
  #onEnd: (() => void) | undefined;

  /** `onTick` comes every `TICK_MS` at the latest and may call `stop` or `end`. */
  constructor(sink: FrameSink, onTick: () => void) {
    this.#cap = loadCap();
    this.#sink = sink;
    this.#onTick = onTick;
  }

  /** Resolves with the link type once the kernel hands frames over; from then on none is missed. */
  async open(options: CapLoopOptions): Promise<number> {
    // Slots of the ring are as large as a frame can get: 64 KiB while these are on, the MTU otherwise. A lab's are ours.
    if (insideLab()) turnOffSegmentationOffloads(options.interface);
    this.#cap.on('packet', (caplen) => this.#packet(caplen));
    try {
      this.#linktype = linktypeOf(this.#cap.open(options.interface, options.filter, options.bufferSize, this.#buffer));
    } catch (error) {
      if (error instanceof UfoError) throw error;
      throw openError(error instanceof Error ? error.message : String(error), options.interface, options.filter);
    }
    this.#sink.start(this.#linktype);
    if (!immediateMode()) this.#quietMs = QUIET_BLOCK_MS;
    this.#socket = PacketSocket.find();
    for (let left = 50; this.#socket !== null && !this.#socket.running(); left--) {
      if (left === 0) throw new UfoError('ERR_UFO_CAPTURE', `capturing on ${options.interface} did not start in 1 s`);
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    return this.#linktype;
  }

  get linktype(): number {
    return this.#linktype;
  }

  stats(): CapLoopStats {
    if (!this.#ended) this.#lost = this.#socket?.counters()?.drops ?? this.#lost;
    return { received: this.#received, lost: this.#lost };
  }

  /** Hands over what the kernel already has, then ends; bounded. Idempotent. */
  stop(): void {
    if (this.#drain || this.#ended) return;
    const now = epochMs();
    const counters = this.#socket?.counters();
    const target = counters ? counters.packets - counters.drops : Number.POSITIVE_INFINITY;
    this.#drain = { target, limit: now + DRAIN_LIMIT_MS, quietSince: now };
    this.#lastReceived = this.#received;
    if (this.#received >= target) this.end();
  }

  /** Ends at once. */
  end(): void {
    if (this.#ended) return;
    this.stats();
    this.#ended = true;
    clearInterval(this.#timer);
    this.#cap.close();
    // Out of the packet callback, where cap still works on its handle.
    setImmediate(() => this.#onEnd?.());
  }

  /** Calls back once, after the end and outside of cap's own calls. */
  onEnd(callback: () => void): void {
    this.#onEnd = callback;
  }

  #packet(caplen: number): void {
    if (this.#ended) return;
    const now = epochMs();
    const seconds = Math.floor(now / 1000);
    const nanoseconds = Math.floor((now - seconds * 1000) * 1e6);
    this.#received++;
    const len = caplen < SNAPLEN ? caplen : wireLength(this.#view, caplen, this.#linktype);
    const more = this.#sink.frame(this.#buffer, caplen, len, seconds, nanoseconds);
    if (!more || (this.#drain !== null && this.#received >= this.#drain.target)) this.end();
    else if ((this.#received & CLOCK_MASK) === 0 && now >= this.#nextTick) this.#tick();
  }

  #tick(): void {
    const now = epochMs();
    this.#nextTick = now + TICK_MS;
    const more = this.#sink.tick(now);
    this.#onTick();
    if (!more) this.end();
    const drain = this.#drain;
    if (drain === null || this.#ended) return;
    if (this.#received !== this.#lastReceived) {
      this.#lastReceived = this.#received;
      drain.quietSince = now;
    }
    if (now - drain.quietSince >= this.#quietMs || now >= drain.limit) this.end();
  }
}

/** Time since the epoch in ms, with the fraction; steady within a process. */
function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
