import type { SkBuff } from '../../skb/skbuff.js';
import type { DriverName, LostFrames } from '../../tx/net-device.js';
import type { PlannedRows } from '../../ufo/planned-rows.js';
import type { ChosenWay, Way } from './way.js';

/** What became of one datagram. */
export interface SendResult {
  readonly way: Way;
  readonly why: string;
  readonly driver: DriverName;
  /** Identification; null where the kernel chooses it or none is sent (unfragmented IPv6). */
  readonly ident: number | null;
  /** Octets of IP payload per fragment; 0 where nothing was cut. */
  readonly gsoSize: number;
  /** IP packets the datagram makes. */
  readonly fragments: number;
  /** Those the kernel has taken. */
  readonly fragmentsSent: number;
  /** Octets of UDP payload. */
  readonly octets: number;
  /** Sent with `zerocopy`: whether nobody copied the buffers, the kernel included. */
  readonly zerocopy?: boolean;
}

/** What became of many. */
export interface SendSummary {
  readonly driver: DriverName;
  /** The ways taken, each with the reason of the first datagram that took it. */
  readonly ways: readonly { readonly way: Way; readonly why: string }[];
  /** Datagrams of which the kernel took every packet. */
  readonly datagrams: number;
  readonly failed: number;
  /** IP packets taken, those of failed datagrams included. */
  readonly fragments: number;
  /** Octets of UDP payload in `datagrams`. */
  readonly octets: number;
  /** From the call until the kernel had taken the last. */
  readonly seconds: number;
  /** Packets taken and lost on this machine, by where. */
  readonly lost: LostFrames;
}

declare module '../../errors.js' {
  interface UfoError {
    /** How far the datagram had come that failed, where any of it had gone. */
    partial?: SendResult;
    /** What a stream had sent when it failed. */
    summary?: SendSummary;
  }
}

/** What stopped a datagram: a `UfoError`, or a signal's reason, which can be anything. */
export interface Failure {
  readonly error: unknown;
}

/** Called once: with null when the kernel took every packet, else with what stopped it. Must not throw. */
export type Settled = (datagram: Datagram, failure: Failure | null) => void;

/** Where a transmitter takes datagrams from, one after the other. */
export interface DatagramSource {
  /** The next one, which stays; undefined: none now. */
  peek(): Datagram | undefined;
  /** Takes the next one out; there is one. */
  shift(): Datagram;
}

/** One datagram on its way through the transmitter. */
export class Datagram {
  readonly skb: SkBuff;
  readonly octets: number;
  ident: number | null;
  readonly gsoSize: number;
  readonly fragments: number;
  readonly settled: Settled;
  readonly chosen: ChosenWay;
  /** Aborting it takes the datagram back while it waits for its batch. */
  readonly signal: AbortSignal | undefined;
  fragmentsSent = 0;
  /** Row behind this datagram's last one in the current batch. */
  rowsEnd = 0;
  /** All its rows are in this batch or went with an earlier one. */
  cut = false;
  /** What writes its rows, where a plan does. */
  readonly planned: PlannedRows | null;

  constructor(
    skb: SkBuff,
    octets: number,
    chosen: ChosenWay,
    settled: Settled,
    signal?: AbortSignal,
    planned: PlannedRows | null = null,
  ) {
    const { gsoSize, gsoSegs, fragId } = skb.shinfo;
    const { way } = chosen;
    this.skb = skb;
    this.octets = octets;
    this.chosen = chosen;
    this.settled = settled;
    this.signal = signal;
    this.planned = planned;
    this.gsoSize = gsoSize;
    this.fragments = planned === null ? Math.max(1, gsoSegs) : gsoSegs;
    const kernelPicks =
      skb.flow!.family === 6 && (way === 'kernel-ufo' || way === 'device-ufo' || way === 'unfragmented');
    this.ident = way === 'kernel-ip' || way === 'kernel-uso' || kernelPicks ? null : fragId;
  }

  /** Its skb is the next datagram of a stream now, with another ident. */
  again(ident: number): void {
    if (this.ident !== null) this.ident = ident;
    this.fragmentsSent = 0;
    this.rowsEnd = 0;
    this.cut = false;
  }

  result(driver: DriverName): SendResult {
    const { ident, gsoSize, fragments, fragmentsSent, octets } = this;
    return { ...this.chosen, driver, ident, gsoSize, fragments, fragmentsSent, octets };
  }
}

/** What `sendPages` promises. */
export interface PagesSent {
  /** The kernel has taken every packet. */
  readonly sent: Promise<SendResult>;
  /**
   * The pages may be written again. Always resolves, also after a failure. `zerocopy`: true only if nobody copied them,
   * the kernel included.
   */
  readonly completed: Promise<{ readonly zerocopy: boolean }>;
}
