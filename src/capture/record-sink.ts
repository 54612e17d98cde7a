import { pcapFormat } from '../wire/pcap-format.js';

/** Figures of a running or ended capture loop. */
export interface LoopStats {
  /** Frames handed to the sink. */
  readonly received: number;
  /** Frames the kernel dropped for want of room; null where it cannot be asked. */
  readonly lost: number | null;
}

/** How records look between an engine and its sink; the link type and the file header stand outside. */
export const RECORD_FORMAT = pcapFormat(0);

/** Where captured frames go, in the capture process. No call may wait for the event loop. */
export interface RecordSink {
  /** Comes once, before the first frame. LINKTYPE_… of libpcap. */
  start(linktype: number): void;
  /**
   * `octets` are `frames` whole records of a pcap file of nanoseconds in little-endian order (`RECORD_FORMAT`); they are
   * overwritten after the call. Returns false once it wants no more.
   */
  records(octets: Buffer, frames: number): boolean;
  /** Comes at least every `TICK_MS`, whether frames come or not. `nowMs` is time since the epoch. Returns as `records`. */
  tick(nowMs: number): boolean;
  /** Comes once, at the end. */
  finish(stats: LoopStats): void;
}

export type Direction = 'in' | 'out';

/** What is to be captured. */
export interface LoopOptions {
  readonly interface: string;
  /** BPF text; empty for everything. */
  readonly filter: string;
  /** The same for an Ethernet link, whose frames may carry VLAN tags; default `filter`. */
  readonly ethernetFilter?: string;
  /** Octets of the kernel's ring. */
  readonly bufferSize: number;
  /** End after that many. */
  readonly frames?: number;
  /** Only what comes in, or goes out; default both. */
  readonly direction?: Direction;
}

/** A capture of this process, by whatever engine. */
export interface CaptureLoop {
  readonly engine: 'libpcap' | 'cap';
  /** Resolves with the link type once the kernel hands frames over; from then on none is missed. */
  open(options: LoopOptions): Promise<number>;
  stats(): LoopStats;
  /** Hands over what the kernel already has, then ends; bounded. Idempotent. */
  stop(): void;
  /** Calls back once, after the end. */
  onEnd(callback: () => void): void;
}

/** Longest time between two looks at clock, control and sink. */
export const TICK_MS = 20;

const { timeOrigin } = performance;

/** Time since the epoch in ms, with the fraction; steady within a process. */
export function epochMs(): number {
  return timeOrigin + performance.now();
}
