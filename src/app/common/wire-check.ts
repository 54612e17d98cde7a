import { Expectation } from '../../compare/expectation.js';
import { ownsAny } from '../../compare/flow.js';
import { UfoError } from '../../errors.js';
import type { PathInfo } from '../../socket/path/info.js';
import type { DatagramVerdict } from '../../verify/verdict.js';
import { type LiveVerification, startLiveVerify } from '../verify/live.js';
import { openUntilStopped } from './open-until-stopped.js';
import { isOwnLink } from './own-link.js';
import { untilJudged } from './until-judged.js';
import { type WireReport, wireReport } from './wire-report.js';

type WatchedPath = Omit<PathInfo, 'packets'>;

export interface WireCheckOptions {
  readonly interface: string;
  /** Of the sender; or of each of several, or of each flow of one, by the same interface. */
  readonly paths: readonly WatchedPath[];
  /** Where others tell what they send: all that went before has been told, milliseconds since the epoch; Infinity at the end. */
  readonly toldUntil?: (() => number) | undefined;
  /** Nothing may change on the way, wherever the capture is. */
  readonly strict?: boolean | undefined;
  /** Told of each verdict as it was held against what was sent. */
  readonly onHeld?: ((verdict: DatagramVerdict) => void) | undefined;
  /** A pcap file that gets every frame too. */
  readonly pcap?: string | undefined;
}

/** From a packet on the wire to its sender's word of it, at most, milliseconds. */
const TOLD_WITHIN = 100;

/** Captures on an interface and holds what it sees against what is told to be sent. */
export class WireCheck {
  /** What was sent is told to it. */
  readonly expectation: Expectation;
  readonly #interface: string;
  readonly #own: boolean;
  readonly #strict: boolean;
  readonly #live: LiveVerification;
  readonly #pcap: string | undefined;
  readonly #toldUntil: () => number;
  readonly #onHeld: WireCheckOptions['onHeld'];
  /** Verdicts on what may not have been told yet. */
  #early: { readonly verdict: DatagramVerdict; readonly at: number }[] = [];
  readonly #broken = new AbortController();
  /** Resolves to the frames that the capture lost, null where it cannot say. */
  readonly #done: Promise<number | null>;

  private constructor(live: LiveVerification, options: WireCheckOptions) {
    const { interface: name, paths, strict = false, toldUntil } = options;
    this.#interface = name;
    this.#own = isOwnLink(paths[0]!.interface, name);
    this.#strict = strict || this.#own;
    this.expectation = new Expectation([], {
      strict: this.#strict,
      owns: ownsAny(paths),
    });
    this.#live = live;
    this.#pcap = options.pcap;
    this.#onHeld = options.onHeld;
    this.#toldUntil = toldUntil ?? (() => Number.POSITIVE_INFINITY);
    this.#done = this.#read();
  }

  /** Resolves once frames are really being captured. @throws what `openCapture` throws; the signal's reason */
  static async start(options: WireCheckOptions, signal: AbortSignal): Promise<WireCheck> {
    const { interface: name, paths, pcap } = options;
    const path = paths[0]!;
    signal.throwIfAborted();
    const wanted = {
      interface: name,
      hosts: [...onlyOne(paths.map(({ source }) => source)), ...onlyOne(paths.map(({ destination }) => destination))],
      hash: false,
      sightings: true,
      allowZeroChecksum6: path.headers.checksum === 'zero',
      write: pcap,
      comments: true,
    };
    const live = await openUntilStopped(signal, (opening) => startLiveVerify({ ...wanted, signal: opening }));
    return new WireCheck(live, options);
  }

  /** Aborted when the capture breaks off: what is sent from then on is not seen by anybody. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** What its file could not take, where that broke it off; undefined where nothing did, or something else. */
  get fileFailure(): UfoError | undefined {
    const { reason } = this.#broken.signal;
    return reason instanceof UfoError && this.#pcap !== undefined && reason.path === this.#pcap ? reason : undefined;
  }

  /**
   * Waits until all that was sent has been judged, or nothing more comes, and ends the capture.
   * @param cutShort the sending was ended by its breaking off
   */
  async finish(cutShort: boolean): Promise<WireReport> {
    await untilJudged(this.expectation, this.broken, () => this.#judge());
    this.#live.stop();
    const captureLost = await this.#done;
    this.#judge();
    const comparison = this.expectation.result({ captureLost });
    const head = { interface: this.#interface, link: this.#own ? 'own' : 'path' } as const;
    return wireReport(head, comparison, this.broken, cutShort);
  }

  /** All went well: the file of frames is put in place even where none came; not before `finish`. @throws UfoError */
  async keepFile(): Promise<void> {
    if (!this.#broken.signal.aborted) await this.#live.keepFile();
  }

  /** Ends the capture, and gives up its file where nothing is in it and nobody kept it. Idempotent. */
  async close(): Promise<void> {
    await this.#live[Symbol.asyncDispose]();
  }

  async #read(): Promise<number | null> {
    try {
      const verdicts = this.#live.verdicts();
      for (;;) {
        const { value, done } = await verdicts.next();
        if (done) return value.captureLost;
        this.#early.push({ verdict: value, at: Date.now() });
        this.#judge();
      }
    } catch (error) {
      this.#broken.abort(error);
      return null;
    }
  }

  /** Holds what has been told of against it; a sender tells of a packet a little after it is on the wire. */
  #judge(): void {
    const until = this.#toldUntil() - TOLD_WITHIN;
    const next = this.#early.findIndex(({ at }) => at > until);
    const ready = this.#early.splice(0, next === -1 ? this.#early.length : next);
    for (const { verdict } of ready) {
      const held = this.expectation.take(verdict);
      if (held !== null) this.#onHeld?.(held.verdict);
    }
  }
}

/** What all of them are; nothing where they differ. */
function onlyOne(addresses: readonly string[]): readonly string[] {
  const all = new Set(addresses);
  return all.size === 1 ? [...all] : [];
}
