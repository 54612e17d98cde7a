import { setTimeout as sleep } from 'node:timers/promises';
import { type DatagramVerdict, outcome } from '../../verify/verdict.js';
import { type LiveVerification, startLiveVerify } from '../verify/live.js';
import { Sent, type SentFlow } from './sent.js';

/** What the wire showed of what was sent. */
export interface WireReport {
  readonly interface: string;
  readonly expected: number;
  readonly good: number;
  readonly bad: number;
  /** Some of their fragments came. */
  readonly incomplete: number;
  /** Nothing of them came. */
  readonly missing: number;
  /** Fragments, and datagrams that were not fragmented, counted each time they came. */
  readonly packets: number;
  /** Frames the capture lost; null where it cannot say. */
  readonly captureLost: number | null;
  /** `inconclusive`: nothing wrong was seen, but the capture may have missed something. */
  readonly verdict: 'good' | 'bad' | 'inconclusive';
  /** The first of them. */
  readonly mismatches: readonly string[];
}

export interface WireCheckOptions {
  readonly interface: string;
  readonly flow: SentFlow;
  /** A pcap file that gets every frame too. */
  readonly pcap?: string | undefined;
  /** Accept UDP checksum 0 over IPv6 (RFC 6935): it was asked for. */
  readonly allowZeroChecksum6?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A wire is taken for quiet when no verdict has come for so long, milliseconds: more than they are held back. */
const QUIET = 1000;
const LOOK_EVERY = 20;
const MISMATCHES_KEPT = 20;

/** Captures on an interface and holds what it sees against what is told to be sent. */
export class WireCheck {
  /** Everything sent has to be told to it before. */
  readonly sent: Sent;
  readonly #interface: string;
  readonly #live: LiveVerification;
  /** Resolves to the frames that the capture lost. */
  readonly #done: Promise<number | null>;
  readonly #counts = { good: 0, bad: 0, incomplete: 0 };
  readonly #mismatches: string[] = [];
  #packets = 0;

  private constructor(live: LiveVerification, { interface: name, flow }: WireCheckOptions) {
    this.sent = new Sent(flow);
    this.#interface = name;
    this.#live = live;
    this.#done = this.#read();
    this.#done.catch(() => {}); // `finish` tells it
  }

  /** Resolves once frames are really being captured. @throws what `openCapture` throws. */
  static async start(options: WireCheckOptions): Promise<WireCheck> {
    const { interface: name, flow, pcap, allowZeroChecksum6, signal } = options;
    return new WireCheck(
      await startLiveVerify({
        ...{ interface: name, hosts: [flow.source, flow.destination], write: pcap, comments: true },
        ...{ allowZeroChecksum6, signal },
      }),
      options,
    );
  }

  /** Waits until all that was sent has been judged, or nothing more comes, and ends the capture. */
  async finish(): Promise<WireReport> {
    await this.#quiet();
    await this.close();
    return this.#report(await this.#done);
  }

  /** Ends the capture. Idempotent. */
  async close(): Promise<void> {
    await this.#live[Symbol.asyncDispose]();
  }

  get #judged(): number {
    const { good, bad, incomplete } = this.#counts;
    return good + bad + incomplete;
  }

  async #read(): Promise<number | null> {
    const verdicts = this.#live.verdicts();
    for (;;) {
      const { value, done } = await verdicts.next();
      if (done) return value.captureLost;
      if (this.sent.owns(value)) this.#take(value);
    }
  }

  async #quiet(): Promise<void> {
    let judged = -1;
    for (let since = 0; this.#judged < this.sent.count && since < QUIET; since += LOOK_EVERY) {
      if (this.#judged !== judged) since = 0;
      judged = this.#judged;
      await sleep(LOOK_EVERY);
    }
  }

  #take(datagram: DatagramVerdict): void {
    const { verdict, fragments, duplicates } = datagram;
    const differences = this.sent.take(datagram);
    this.#counts[differences.length > 0 ? 'bad' : outcome(verdict)] += 1;
    this.#packets += Math.max(1, fragments) + duplicates;
    for (const text of [...datagram.mismatches, ...differences]) {
      if (this.#mismatches.length < MISMATCHES_KEPT) this.#mismatches.push(text);
    }
  }

  #report(captureLost: number | null): WireReport {
    const { good, bad, incomplete } = this.#counts;
    const expected = this.sent.count;
    const complete = good === expected && incomplete === 0;
    return {
      interface: this.#interface,
      ...{ expected, good, bad, incomplete },
      missing: Math.max(0, expected - this.#judged),
      packets: this.#packets,
      captureLost,
      verdict: bad > 0 ? 'bad' : wireVerdict(complete, captureLost),
      mismatches: this.#mismatches,
    };
  }
}

/** What a capture that lost nothing did not see was not there; one that lost frames proves nothing. */
export function wireVerdict(complete: boolean, captureLost: number | null): WireReport['verdict'] {
  if (captureLost !== null && captureLost > 0) return 'inconclusive';
  if (complete) return 'good';
  return captureLost === 0 ? 'bad' : 'inconclusive';
}
