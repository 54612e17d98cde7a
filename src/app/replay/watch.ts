import { type LiveCapture, openCapture, spawnPrefixFor } from '../../capture/open-capture.js';
import { FrameExpectation } from '../../compare/frames/expectation.js';
import { openUntilStopped } from '../common/open-until-stopped.js';
import { isOwnLink } from '../common/own-link.js';
import { untilJudged } from '../common/until-judged.js';
import { type WireReport, wireReport } from '../common/wire-report.js';

interface FrameWatchOptions {
  readonly interface: string;
  /** Interface that the frames leave by. */
  readonly sender: string;
  /** The driver sends whole frames, link header included. */
  readonly wholeFrames: boolean;
  readonly strict: boolean;
}

/** Captures on an interface and holds what it sees against what is told to be sent. */
export class FrameWatch implements AsyncDisposable {
  readonly expectation: FrameExpectation;
  readonly #capture: LiveCapture;
  readonly #head: Pick<WireReport, 'interface' | 'link'>;
  readonly #broken = new AbortController();
  readonly #done: Promise<void>;

  private constructor(capture: LiveCapture, { interface: name, sender, wholeFrames, strict }: FrameWatchOptions) {
    const own = isOwnLink(sender, name);
    this.#capture = capture;
    this.#head = { interface: name, link: own ? 'own' : 'path' };
    this.expectation = new FrameExpectation({ strict: strict || own, sameLink: own && wholeFrames });
    this.#done = this.#read();
  }

  /** Resolves once frames are really being captured. @throws what `openCapture` throws; the signal's reason */
  static async start(options: FrameWatchOptions, signal: AbortSignal): Promise<FrameWatch> {
    const { interface: name, sender } = options;
    signal.throwIfAborted();
    // What the hosts there answer goes the other way, and would be taken for frames of ours where the file has both sides.
    const direction = name === sender ? 'out' : 'in';
    const capture = await openUntilStopped(signal, (opening) =>
      openCapture({ interface: name, direction, spawnPrefix: spawnPrefixFor(name), signal: opening }),
    );
    return new FrameWatch(capture, options);
  }

  /** Aborted when the capture breaks off: what is sent from then on is not seen by anybody. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /**
   * Waits until all that was sent has come, or nothing more does, and ends the capture.
   * @param cutShort the sending was ended by its breaking off
   */
  async finish(cutShort: boolean): Promise<WireReport> {
    await untilJudged(this.expectation, this.broken);
    await this.#capture.close();
    await this.#done;
    const { lost } = await this.#capture.stats();
    return wireReport(this.#head, this.expectation.result({ captureLost: lost }), this.broken, cutShort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#capture.close();
    await this.#done;
  }

  async #read(): Promise<void> {
    try {
      for await (const batch of this.#capture) for (const frame of batch) this.expectation.take(frame);
    } catch (error) {
      this.#broken.abort(error);
    }
  }
}
