import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { udpFilter } from '../capture/filter.js';
import type { LiveCapture } from '../capture/open-capture.js';
import { openCapture, spawnPrefixFor } from '../capture/open-capture.js';
import type { DatagramVerdict } from '../verify/verdict.js';
import { Verifier } from '../verify/verify.js';
import { pcapFormat } from '../wire/pcap-format.js';
import { PcapWriter } from '../wire/pcap-writer.js';
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
  readonly signal?: AbortSignal | undefined;
}

/** A wire is taken for quiet when nothing of what is expected has come for so long, milliseconds. */
const QUIET = 700;
/** Time for what should not be there to show itself: duplicates, strays. */
const AFTERMATH = 30;
const MISMATCHES_KEPT = 20;

/** Captures on an interface and holds what it sees against what is told to be sent. */
export class WireCheck {
  /** Everything sent has to be told to it before. */
  readonly sent: Sent;
  readonly #capture: LiveCapture;
  readonly #verifier: Verifier;
  readonly #writer: PcapWriter | null;
  readonly #done: Promise<void>;
  readonly #counts = { good: 0, bad: 0, incomplete: 0 };
  readonly #mismatches: string[] = [];
  #packets = 0;
  #closed: Promise<void> | null = null;

  private constructor(capture: LiveCapture, { flow, pcap }: WireCheckOptions) {
    this.sent = new Sent(flow);
    this.#capture = capture;
    this.#verifier = new Verifier({ hash: false, observe: this.sent.observe });
    this.#writer = pcap === undefined ? null : new PcapWriter(createWriteStream(pcap), pcapFormat(capture.linktype));
    this.#done = this.#pump();
    this.#done.catch(() => {}); // `finish` tells it
  }

  /** Resolves once frames are really being captured. @throws what `openCapture` throws. */
  static async start(options: WireCheckOptions): Promise<WireCheck> {
    const { interface: name, flow, signal } = options;
    const capture = await openCapture({
      interface: name,
      filter: udpFilter({ hosts: [flow.source, flow.destination] }),
      spawnPrefix: spawnPrefixFor(name),
      ...(signal === undefined ? {} : { signal }),
    });
    return new WireCheck(capture, options);
  }

  /** Waits until all that was sent has been seen, or nothing more comes, and ends the capture. */
  async finish(): Promise<WireReport> {
    await this.#quiet();
    await this.close();
    await this.#done;
    this.#take(this.#verifier.end());
    return this.#report((await this.#capture.stats()).lost);
  }

  /** Ends the capture. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#capture.close();
    await this.#done.catch(() => {});
    await this.#writer?.close();
  }

  async #pump(): Promise<void> {
    for await (const frames of this.#capture) {
      this.#take(this.#verifier.push(frames));
      await this.#writer?.write(frames);
    }
  }

  async #quiet(): Promise<void> {
    const { sent } = this;
    let seen = -1;
    for (let since = 0; sent.seen < sent.sent && since < QUIET; since += 10) {
      if (sent.seen !== seen) since = 0;
      seen = sent.seen;
      await sleep(10);
    }
    await sleep(AFTERMATH);
  }

  #take(verdicts: readonly DatagramVerdict[]): void {
    for (const one of verdicts) {
      if (!this.sent.owns(one)) continue;
      this.#counts[one.verdict] += 1;
      this.#packets += Math.max(1, one.fragments) + one.duplicates;
      for (const text of one.mismatches) {
        if (this.#mismatches.length < MISMATCHES_KEPT) this.#mismatches.push(text);
      }
    }
  }

  #report(captureLost: number | null): WireReport {
    const { good, bad, incomplete } = this.#counts;
    const expected = this.sent.sent;
    const missing = Math.max(0, expected - good - bad - incomplete);
    const complete = good === expected && incomplete === 0;
    return {
      interface: this.#capture.source,
      ...{ expected, good, bad, incomplete, missing },
      packets: this.#packets,
      captureLost,
      verdict: bad > 0 ? 'bad' : wireVerdict(complete, captureLost),
      mismatches: this.#mismatches,
    };
  }
}

/** What a capture that lost nothing did not see was not there; one that lost frames proves nothing. */
function wireVerdict(complete: boolean, captureLost: number | null): WireReport['verdict'] {
  if (captureLost !== null && captureLost > 0) return 'inconclusive';
  if (complete) return 'good';
  return captureLost === 0 ? 'bad' : 'inconclusive';
}
