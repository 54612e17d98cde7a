import { setTimeout as sleep } from 'node:timers/promises';
import { checkFunction, checkIterable, checkObject, checkSignal, refuseUnknown } from '../../checks.js';
import { argumentError, typeError } from '../../errors.js';
import { type Rewriting, rewritingOf } from '../../options/rewriting.js';
import type { LostFrames } from '../../tx/net-device.js';
import { checkFrame, type Frame } from '../../wire/frame.js';
import type { Pacer } from '../options.js';
import { checkPacer } from '../pacing.js';
import { FrameOutlet } from './outlet.js';
import { readyOctets } from './ready.js';
import { rewritten } from './rewrite.js';
import { FRAME_WAYS, type FrameDriver, type FrameWay, frameWay } from './ways.js';

export interface FrameOptions {
  /** Interface to send by; every driver but `pcap-file` needs one. */
  readonly interface?: string | undefined;
  /**
   * `packet-socket` (default) and `af-xdp` send Ethernet frames as they are; `raw-socket` sends the IP packets in frames of
   * any link type by the kernel's routes; `pcap-file` writes them to `file`.
   */
  readonly driver?: FrameDriver | undefined;
  /** For `pcap-file`: the file, or - for stdout. */
  readonly file?: string | undefined;
  /**
   * Addresses, MACs and ports to put in, or checksums to make anew: `destination=192.0.2.2,destination-port=9`. Checksums are put
   * right by what changed, also those of fragmented datagrams.
   */
  readonly rewrite?: string | Rewriting | undefined;
  /** Each frame at its own time after the first; default as fast as they go, or as `pacer` says. */
  readonly timing?: boolean | undefined;
  readonly pacer?: Pacer | undefined;
  /** Told of each frame as it is handed over, for whoever holds what arrives against it (`FrameExpectation`). */
  readonly onFrame?: ((frame: Frame) => void) | undefined;
  /** Aborted: no more frames are begun. */
  readonly signal?: AbortSignal | undefined;
}

export interface FramesSummary {
  /** Frames that the kernel has taken, and their octets. */
  readonly frames: number;
  readonly octets: number;
  readonly seconds: number;
  readonly lost: LostFrames;
}

/**
 * Sends frames of one's own, of any protocol: from a capture, or made by hand. What they hold is sent as it is, but for what
 * `rewrite` changes.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT naming the frame: cut by its capture, larger than the MTU, of a link type that
 *   the driver can't send, with a header that the kernel would change, or that `rewrite` can't put right; of the system,
 *   where a frame is refused
 * @example
 * ```js
 * import { segment, sendFrames } from 'udp-ufo';
 *
 * const source = { address: '192.0.2.1', port: 1111 };
 * const destination = { address: '192.0.2.2', port: 9999 };
 * const frames = segment({ source, destination, payload: new Uint8Array(4000) });
 * const summary = await sendFrames(frames, { interface: 'near0', driver: 'raw-socket' });
 * console.log(summary.frames, summary.octets); // 3 4068
 * ```
 */
export async function sendFrames(
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  options: FrameOptions,
): Promise<FramesSummary> {
  checkObject('options', options, 'an object with interface, or with a driver that needs none');
  checkIterable('frames', frames, 'an iterable of frames');
  const { driver = 'packet-socket', rewrite, signal, onFrame } = options;
  checkOptions(options, driver);
  const to = rewrite === undefined ? undefined : rewritingOf(rewrite);
  const outlet = new FrameOutlet({ ...options, driver });
  const pace = new FramePace(options);
  const begin = performance.now();
  let number = 0;
  let way: FrameWay | undefined;
  let summary: FramesSummary;
  try {
    for await (const given of frames) {
      signal?.throwIfAborted();
      number += 1;
      checkFrame(`frames[${number - 1}]`, given);
      const frame = to === undefined ? given : rewritten(given, to, number);
      way ??= frameWay(driver, frame);
      const octets = readyOctets(frame, number, way);
      await outlet.ready(octets, number, way);
      await pace.turn(frame, octets.length);
      onFrame?.(frame);
      outlet.submit(octets);
    }
    await outlet.settled(0);
    const seconds = (performance.now() - begin) / 1000;
    summary = { ...outlet.counts, seconds, lost: await outlet.lost() };
  } catch (error) {
    await outlet.close().catch(() => {}); // what came first is told
    throw error;
  }
  await outlet.close();
  return summary;
}

const KNOWN: Readonly<Record<keyof FrameOptions, true>> = {
  ...{ interface: true, driver: true, file: true, rewrite: true },
  ...{ timing: true, pacer: true, onFrame: true, signal: true },
};

function checkOptions(options: FrameOptions, driver: FrameDriver): void {
  refuseUnknown(options, Object.keys(KNOWN), 'sendFrames');
  const { interface: name, file, timing, pacer, onFrame, signal } = options;
  if (timing !== undefined && typeof timing !== 'boolean') throw typeError('timing', timing, 'true or false');
  if (pacer !== undefined) checkPacer(pacer);
  checkFunction('onFrame', onFrame, 'a function that is told of each frame');
  checkSignal(signal);
  if (!(driver in FRAME_WAYS))
    throw argumentError('driver', driver, `one that sends ready frames: ${Object.keys(FRAME_WAYS).join(', ')}`);
  if (driver === 'pcap-file' && file === undefined)
    throw argumentError('file', file, 'the file to write, or - for stdout');
  if (driver !== 'pcap-file' && name === undefined) throw argumentError('interface', name, 'the interface to send by');
}

/** When each frame's turn is. */
class FramePace {
  readonly #options: FrameOptions;
  /** Time of the first frame, and when it went, milliseconds. */
  #start: { readonly stamp: number; readonly at: number } | null = null;

  constructor(options: FrameOptions) {
    this.#options = options;
  }

  async turn(frame: Frame, len: number): Promise<void> {
    const { timing, pacer, signal } = this.#options;
    await pacer?.ready(1, 8 * len, signal);
    if (timing !== true) return;
    const stamp = frame.seconds * 1000 + frame.nanoseconds / 1e6;
    this.#start ??= { stamp, at: performance.now() };
    const left = stamp - this.#start.stamp - (performance.now() - this.#start.at);
    if (left > 0.5) await sleep(left, undefined, signal === undefined ? {} : { signal });
  }
}
