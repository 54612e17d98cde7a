import { UfoError, unsupportedError } from '../../errors.js';
import { hasEthernetHeader, mtuOf, turnOffSegmentationOffloads } from '../../host/device-features.js';
import { insideLab } from '../../host/lab-info.js';
import { HEADER_LEN } from '../../wire/ethernet.js';
import { openError } from '../open-error.js';
import {
  type CaptureLoop,
  epochMs,
  type LoopOptions,
  type LoopStats,
  type RecordSink,
  TICK_MS,
} from '../record-sink.js';
import { CaptureSocket } from './kernel-socket.js';
import { type CapHandle, immediateMode, linktypeOf, loadCap } from './module.js';
import { RecordBatch } from './record-batch.js';
import { SNAPLEN, wireLength } from './wire-length.js';

/** A stop hands over what the kernel has; where its count can't be reached, silence for that long ends it. */
const QUIET_MS = 150;
/** The same without immediate mode, where libpcap hands a block over after up to 1 s. */
const QUIET_BLOCK_MS = 1_200;
const DRAIN_LIMIT_MS = 2_500;
/** The clock is looked at once in that many frames: 64 frames take cap about 0.2 ms. */
const CLOCK_MASK = 63;

/** The one capture of this process, on npm `cap`. */
export class CapLoop implements CaptureLoop {
  readonly engine = 'cap';
  readonly #cap: CapHandle;
  /** cap keeps only the address of this: it must stay reachable until the process ends. */
  readonly #buffer = Buffer.alloc(SNAPLEN + 1);
  readonly #view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.length);
  readonly #sink: RecordSink;
  readonly #batch: RecordBatch;
  readonly #onTick: () => void;
  #socket: CaptureSocket | null = null;
  #linktype = 0;
  /** Octets from which on a frame may have been cut. */
  #most = SNAPLEN;
  #limit = Number.POSITIVE_INFINITY;
  #received = 0;
  #lastReceived = 0;
  #lost: number | null = null;
  #nextTick = 0;
  #timer: NodeJS.Timeout | undefined;
  #drain: { target: number; limit: number; quietSince: number } | null = null;
  #quietMs = QUIET_MS;
  #ended = false;
  #onEnd: (() => void) | undefined;

  /** `onTick` comes every `TICK_MS` at the latest and may call `stop`. */
  constructor(sink: RecordSink, onTick: () => void) {
    this.#cap = loadCap();
    this.#sink = sink;
    this.#batch = new RecordBatch(sink);
    this.#onTick = onTick;
  }

  async open(options: LoopOptions): Promise<number> {
    if (options.direction !== undefined) {
      throw unsupportedError('cap cannot capture one direction only', 'use the engine libpcap');
    }
    // Slots of the ring are as large as a frame can get: 64 KiB while these are on, the MTU otherwise. A lab's are ours.
    if (insideLab()) turnOffSegmentationOffloads(options.interface);
    const before = CaptureSocket.own();
    this.#most = mostCaptured(options.interface);
    this.#linktype = this.#openCap(options);
    this.#limit = options.frames ?? Number.POSITIVE_INFINITY;
    this.#sink.start(this.#linktype);
    if (!immediateMode()) this.#quietMs = QUIET_BLOCK_MS;
    this.#socket = CaptureSocket.since(before);
    for (let left = 50; this.#socket !== null && !this.#socket.running(); left--) {
      if (left === 0) throw new UfoError('ERR_UFO_CAPTURE', `capturing on ${options.interface} did not start in 1 s`);
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    return this.#linktype;
  }

  stats(): LoopStats {
    if (!this.#ended) this.#lost = this.#socket?.counters()?.drops ?? this.#lost;
    return { received: this.#received, lost: this.#lost };
  }

  stop(): void {
    if (this.#drain || this.#ended) return;
    const now = epochMs();
    const counters = this.#socket?.counters();
    const target = counters ? counters.packets - counters.drops : Number.POSITIVE_INFINITY;
    this.#drain = { target, limit: now + DRAIN_LIMIT_MS, quietSince: now };
    this.#lastReceived = this.#received;
    if (this.#received >= target) this.#end();
  }

  onEnd(callback: () => void): void {
    this.#onEnd = callback;
  }

  /** Opened once only: see `loadCap` for what becomes of a second handle. */
  #openCap({ interface: device, filter, ethernetFilter = filter, bufferSize }: LoopOptions): number {
    const fitting = hasEthernetHeader(device) ? ethernetFilter : filter;
    this.#cap.on('packet', (caplen) => this.#packet(caplen));
    try {
      return linktypeOf(this.#cap.open(device, fitting, bufferSize, this.#buffer));
    } catch (error) {
      if (error instanceof UfoError) throw error;
      throw openError(error instanceof Error ? error.message : String(error), device, fitting);
    }
  }

  #end(): void {
    if (this.#ended) return;
    this.stats();
    this.#ended = true;
    clearInterval(this.#timer);
    this.#cap.close();
    // Out of the packet callback, where cap still works on its handle.
    setImmediate(() => {
      this.#batch.flush();
      this.#onEnd?.();
    });
  }

  #packet(caplen: number): void {
    if (this.#ended) return;
    const now = epochMs();
    const seconds = Math.floor(now / 1000);
    const nanoseconds = Math.floor((now - seconds * 1000) * 1e6);
    this.#received++;
    const len = caplen < this.#most ? caplen : wireLength(this.#view, caplen, this.#linktype);
    const more = this.#batch.push(this.#buffer, caplen, len, seconds, nanoseconds);
    if (!more || this.#received >= this.#limit || (this.#drain !== null && this.#received >= this.#drain.target))
      this.#end();
    else if ((this.#received & CLOCK_MASK) === 0 && now >= this.#nextTick) this.#tick();
  }

  #tick(): void {
    const now = epochMs();
    this.#nextTick = now + TICK_MS;
    const more = this.#batch.flush() && this.#sink.tick(now);
    this.#onTick();
    if (!more) this.#end();
    const drain = this.#drain;
    if (drain === null || this.#ended) return;
    if (this.#received !== this.#lastReceived) {
      this.#lastReceived = this.#received;
      drain.quietSince = now;
    }
    if (now - drain.quietSince >= this.#quietMs || now >= drain.limit) this.#end();
  }
}

/**
 * The slots of libpcap's ring are as large as the MTU where nothing is offloaded, and the kernel cuts what is larger: packets
 * that are handed over joined (UDP_SEGMENT) leave no other trace than that they are more than the interface carries. Some slots
 * hold but two octets more than that: libpcap rounds up to 16 what it takes for the room in front, which is two octets less
 * than the kernel's (`prepare_tpacket_socket`, `tpacket_rcv`).
 */
function mostCaptured(name: string): number {
  return Math.min(SNAPLEN, (mtuOf(name) ?? SNAPLEN) + HEADER_LEN + 1);
}
