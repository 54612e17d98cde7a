import type { SkBuff } from '../../skb/skbuff.js';
import type { DriverName, LostFrames } from '../../tx/net-device.js';
import type { PlannedRows } from '../../ufo/planned-rows.js';
import type { Counted } from './counts.js';
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

/** One datagram on its way through the transmitter, or several equal ones that are handed over as one. */
export class Datagram {
  readonly skb: SkBuff;
  /** Of payload, in all of them. */
  octets: number;
  ident: number | null;
  readonly gsoSize: number;
  fragments: number;
  /** How many there are; `ident` is the first one's, and those behind it count up. */
  joined = 1;
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
    const kernelPicks = skb.flow!.family === 6 && way !== 'software-ufo';
    this.ident = way === 'kernel-ip' || kernelPicks ? null : fragId;
  }

  /** Its skb is the next datagram of a stream now, with another ident. */
  again(ident: number): void {
    if (this.ident !== null) this.ident = ident;
    this.fragmentsSent = 0;
    this.rowsEnd = 0;
    this.cut = false;
  }

  /** It stands for so many datagrams of one packet each, with so many octets together. */
  standsFor(joined: number, octets: number): void {
    this.joined = joined;
    this.fragments = joined;
    this.octets = octets;
  }

  /** How many of them the kernel has taken whole, where it ended with that. */
  taken(failure: Failure | null): number {
    if (failure === null) return this.joined;
    return this.joined > 1 ? this.fragmentsSent : 0;
  }

  /** @param index which of those that are joined */
  result(driver: DriverName, index = 0): SendResult {
    if (this.joined > 1) return this.#resultOf(driver, index);
    const { ident, gsoSize, fragments, fragmentsSent, octets } = this;
    return { ...this.chosen, driver, ident, gsoSize, fragments, fragmentsSent, octets };
  }

  /** What is counted of the first so many of those that are joined. */
  firstOf(joined: number): Counted {
    const { chosen, ident, skb } = this;
    return { chosen, ident, joined, fragments: joined, octets: joined * skb.shinfo.gsoSize };
  }

  #resultOf(driver: DriverName, index: number): SendResult {
    const { joined, skb } = this;
    const each = skb.shinfo.gsoSize;
    const octets = index === joined - 1 ? this.octets - index * each : each;
    const ident = this.ident === null ? null : this.ident + index;
    const fragmentsSent = index < this.fragmentsSent ? 1 : 0;
    return { ...this.chosen, driver, ident, gsoSize: 0, fragments: 1, fragmentsSent, octets };
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
