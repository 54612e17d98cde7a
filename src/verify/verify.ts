import { fileNotes, openFileCapture } from '../capture/file/engine.js';
import { checkIterable, checkObject, checkSignal, refuseUnknown } from '../checks.js';
import { typeError } from '../errors.js';
import { type FrameSource, verdictsOf } from './batches.js';
import { type Comparer, Recount } from './recount.js';
import type { DatagramVerdict, VerifySummary } from './verdict.js';
import { Verifier } from './verifier.js';

export interface VerifyStreamOptions {
  /** What was sent, an `Expectation` mostly: verdicts then carry what differs from it, and the summary knows what is missing. */
  readonly expect?: Comparer;
  /** SHA-256 of every payload in its verdict; default true. */
  readonly hash?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Judges every datagram of a pcap file (by path), of a capture, or of frames from anywhere. Yields a verdict as soon as it is
 * final and returns the summary. Nothing in a frame makes it throw.
 * @throws UfoError for a file that can't be read or is no pcap; the signal's reason
 * @example
 * ```js
 * import { segment, verify } from 'udp-ufo';
 *
 * const source = { address: '192.0.2.1', port: 1111 };
 * const destination = { address: '192.0.2.2', port: 9999 };
 * const frames = [...segment({ source, destination, payload: new Uint8Array(4000) })];
 * for await (const { verdict, holes } of verify([frames.slice(0, 2)])) console.log(verdict, holes[0][0]); // incomplete 2960
 * ```
 */
export async function* verify(
  source: string | FrameSource,
  options: VerifyStreamOptions = {},
): AsyncGenerator<DatagramVerdict, VerifySummary, void> {
  checkOptions(options);
  const { expect, hash = true, signal } = options;
  if (typeof source === 'string') {
    await using file = await openFileCapture(source, { reuse: true, ...(signal && { signal }) });
    return yield* verify(file, { hash, ...(expect && { expect }), ...(signal && { signal }) });
  }
  checkIterable('source', source, 'the path of a capture, a capture, or batches of frames');
  const verifier = new Verifier({
    hash,
    sightings: expect !== undefined,
    allowZeroChecksum6: expect?.allowsZeroChecksum ?? false,
  });
  const recount = expect && new Recount(expect);
  for await (const verdicts of verdictsOf(verifier, source)) {
    signal?.throwIfAborted();
    yield* held(verdicts, recount);
  }
  yield* held(verifier.end(), recount);
  const summary = verifier.summary(await captureEnd(source));
  return recount?.summary(summary) ?? summary;
}

const OPTIONS: readonly (keyof VerifyStreamOptions)[] = ['expect', 'hash', 'signal'];

function checkOptions(options: VerifyStreamOptions): void {
  checkObject('options', options);
  refuseUnknown(options, OPTIONS, 'verify');
  const { expect, hash, signal } = options;
  if (expect !== undefined && !(typeof expect?.take === 'function' && typeof expect.result === 'function'))
    throw typeError('expect', expect, 'an Expectation, or an object with take and result');
  if (hash !== undefined && typeof hash !== 'boolean') throw typeError('hash', hash, 'true or false');
  checkSignal(signal);
}

function held(verdicts: readonly DatagramVerdict[], recount: Recount | undefined): Iterable<DatagramVerdict> {
  return recount === undefined ? verdicts : verdicts.map((one) => recount.take(one));
}

async function captureEnd(source: FrameSource) {
  if (!('stats' in source)) return { captureLost: null };
  const { lost } = await source.stats();
  return 'fault' in source
    ? { captureLost: lost, fault: source.fault, notes: fileNotes(source) }
    : { captureLost: lost };
}
