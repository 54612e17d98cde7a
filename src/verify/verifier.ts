import type { Frame } from '../wire/frame.js';
import { FrameJudge } from './frame-judge.js';
import type { Observer } from './judge.js';
import type { ReassemblyLimits } from './reassembly/limits.js';
import { countKinds, DATAGRAM_KINDS, type DatagramVerdict, type VerifySummary } from './verdict.js';

export interface VerifierOptions {
  /** SHA-256 of every payload in its verdict; costs more than all the rest. Default true. */
  readonly hash?: boolean;
  /** Accept UDP checksum 0 over IPv6 (RFC 6935). Default false. */
  readonly allowZeroChecksum6?: boolean;
  /** What is not computed yet is bad, and what was not looked at makes the summary inconclusive. Default false. */
  readonly strict?: boolean;
  /** Verdicts carry what the packets said (`seen`), for a comparison with what was sent. Default false. */
  readonly sightings?: boolean;
  /** Looks at each complete datagram while its octets are there; returns what is wrong with it. */
  readonly observe?: Observer;
  /** Octets of the largest IP packet that the link carries as it is now, below 1 where unknown. */
  readonly mtu?: () => number;
  readonly limits?: Partial<ReassemblyLimits>;
  /** Which datagrams are to be told of and counted; default all. */
  readonly select?: (verdict: DatagramVerdict) => boolean;
}

/** What came at the end of a capture. */
export interface CaptureEnd {
  /** Frames the capture lost, null where it cannot say. */
  readonly captureLost: number | null;
  /** Whether the capture broke off: a file cut in mid-record. */
  readonly truncated?: boolean;
}

/** What the counts come to: anything wrong is bad, and good is only what was all seen. */
export function summaryVerdict(
  counts: Omit<VerifySummary, 'type' | 'verdict'>,
  { truncated, strict }: { readonly truncated: boolean; readonly strict: boolean },
): VerifySummary['verdict'] {
  const { bad, incomplete, spliced, reassembled, datagrams, notJudged, headersCut, captureLost } = counts;
  if (bad > 0) return 'bad';
  const seen = incomplete + spliced === 0 && datagrams > reassembled;
  const looked = !strict || (reassembled === 0 && Object.keys(notJudged).length === 0);
  return seen && looked && !truncated && headersCut === 0 && (captureLost ?? 0) === 0 ? 'good' : 'inconclusive';
}

/**
 * Holds captured frames against the RFCs, datagram by datagram. Never throws on what frames contain. Frames are used only
 * during `push`, so that their buffer may then be used again.
 */
export class Verifier {
  readonly #judge: FrameJudge;
  readonly #strict: boolean;
  readonly #select: ((verdict: DatagramVerdict) => boolean) | undefined;
  readonly #counts = countKinds();

  constructor(options: VerifierOptions = {}) {
    const {
      hash = true,
      allowZeroChecksum6 = false,
      strict = false,
      sightings = false,
      observe,
      mtu,
      limits,
    } = options;
    this.#judge = new FrameJudge({ hash, allowZeroChecksum6, strict, sightings, observe, mtu }, limits);
    this.#strict = strict;
    this.#select = options.select;
  }

  /** Two stretches of memory to read frames into, if there are such from which they are taken faster; valid until `end`. */
  get readBuffers(): readonly Uint8Array[] {
    return this.#judge.reassembler.readBuffers;
  }

  /** Link type of a frame that could not be read for that reason. */
  get unknownLinktype(): number | undefined {
    return this.#judge.unknownLinktype;
  }

  /** Takes frames in the order of capture; returns the verdicts that are final now, in the order of completion. */
  push(frames: readonly Frame[]): DatagramVerdict[] {
    for (const frame of frames) this.#judge.frame(frame);
    return this.#take();
  }

  /** Time passes without frames, in a live capture; `time` in seconds since the epoch. */
  advance(time: number): DatagramVerdict[] {
    this.#judge.reassembler.advance(time);
    return this.#take();
  }

  /** Gives up what is incomplete; returns the remaining verdicts. */
  end(): DatagramVerdict[] {
    this.#judge.reassembler.finish();
    return this.#take();
  }

  /** Counts over all verdicts handed out so far. */
  summary({ captureLost, truncated = false }: CaptureEnd): VerifySummary {
    const { tally, fragments } = this.#judge;
    const counts = this.#counts;
    const { frames, judged, other, headersCut } = tally;
    const datagrams = DATAGRAM_KINDS.reduce((sum, kind) => sum + counts[kind], 0);
    const found = {
      ...{ frames, fragments, datagrams, ...counts, judged, other, headersCut, notJudged: tally.kinds, captureLost },
    };
    return { type: 'summary', ...found, verdict: summaryVerdict(found, { truncated, strict: this.#strict }) };
  }

  #take(): DatagramVerdict[] {
    const all: DatagramVerdict[] = [];
    this.#judge.reassembler.take(all);
    const out = this.#select === undefined ? all : all.filter(this.#select);
    for (const { verdict } of out) this.#counts[verdict]++;
    return out;
  }
}
