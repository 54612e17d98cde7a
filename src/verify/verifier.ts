import type { Frame } from '../wire/frame.js';
import { unreadLinktype } from '../wire/link-layer.js';
import { framesOf, type RecordRun } from '../wire/record-run.js';
import { FrameJudge } from './frame-judge.js';
import type { Observer } from './judge.js';
import type { ReassemblyLimits } from './reassembly/limits.js';
import { countKinds, DATAGRAM_KINDS, type DatagramVerdict, type VerifySummary } from './verdict.js';
import { RunJudge } from './whole/run-judge.js';

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
  /** Whether good datagrams are to be told of; if not, they are only counted. Default true. */
  readonly tellGood?: boolean;
  /** Datagrams to be judged at most: later ones are neither told of nor counted. */
  readonly datagrams?: number;
  /** Which frames are to be judged and counted; default all. The others keep their numbers. */
  readonly wants?: (frame: Frame) => boolean;
}

/** What came at the end of a capture. */
export interface CaptureEnd {
  /** Frames the capture lost, null where it cannot say. */
  readonly captureLost: number | null;
  /** What is missing or wrong there: a file cut in mid-record. Empty or left out where nothing is. */
  readonly fault?: string;
  /** What the capture says of itself. */
  readonly notes?: readonly string[];
}

/** What the counts come to: anything wrong is bad, and good is only what was all seen. */
export function summaryVerdict(
  counts: Omit<VerifySummary, 'type' | 'verdict'>,
  strict: boolean,
): VerifySummary['verdict'] {
  const { bad, incomplete, spliced, reassembled, datagrams, notJudged, headersCut, captureLost, fault } = counts;
  if (bad > 0) return 'bad';
  const seen = incomplete + spliced === 0 && datagrams > reassembled;
  const looked = !strict || (reassembled === 0 && Object.keys(notJudged).length === 0);
  return seen && looked && fault === null && headersCut === 0 && (captureLost ?? 0) === 0 ? 'good' : 'inconclusive';
}

/**
 * Holds captured frames against the RFCs, datagram by datagram. Never throws on what frames contain. Frames are used only
 * during `push`, so that their buffer may then be used again.
 */
export class Verifier {
  readonly #judge: FrameJudge;
  readonly #wants: ((frame: Frame) => boolean) | undefined;
  readonly #strict: boolean;
  readonly #select: ((verdict: DatagramVerdict) => boolean) | undefined;
  readonly #tellGood: boolean;
  readonly #most: number;
  readonly #counts = countKinds();
  readonly #runs: RunJudge;

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
    const judging = { hash, allowZeroChecksum6, strict, sightings, observe, mtu };
    this.#strict = strict;
    this.#select = options.select;
    this.#tellGood = options.tellGood ?? true;
    const makeGood = this.#tellGood || sightings || this.#select !== undefined;
    this.#judge = new FrameJudge(judging, limits, makeGood);
    this.#runs = new RunJudge(this.#judge, judging, makeGood);
    this.#wants = options.wants;
    this.#most = options.datagrams ?? Number.POSITIVE_INFINITY;
  }

  /** Two stretches of memory to read files into, if there are such from which they are taken faster; valid until `end`. */
  get readBuffers(): readonly Uint8Array[] {
    return this.#judge.reassembler.tenancy?.chunks ?? [];
  }

  /** Datagrams whose verdicts are final, told of or not. */
  get judged(): number {
    return DATAGRAM_KINDS.reduce((sum, kind) => sum + this.#counts[kind], 0);
  }

  /** Takes frames in the order of capture; returns the verdicts that are final now, in the order of completion. */
  push(frames: readonly Frame[]): DatagramVerdict[] {
    this.#runs.flush();
    for (const frame of frames) {
      if (this.#wants === undefined || this.#wants(frame)) this.#judge.frame(frame);
      else this.#judge.passOver();
    }
    return this.#take();
  }

  /**
   * The same of records in memory, with no object a frame: datagrams that are whole, in order and right are judged where they
   * lie. The records of the last one may be kept back until more come.
   */
  pushRuns(runs: readonly RecordRun[]): DatagramVerdict[] {
    if (this.#wants !== undefined) return this.push(framesOf(runs)); // each is looked at
    for (const run of runs) this.#runs.take(run);
    return this.#take();
  }

  /**
   * Time passes without frames, in a live capture; `time` in seconds since the epoch. What was kept back is judged, unless records
   * came since the last time (`still` false): the rest of a datagram is then on its way, and two parts of it go frame by frame.
   */
  advance(time: number, still = true): DatagramVerdict[] {
    if (still) this.#runs.flush();
    this.#judge.reassembler.advance(time);
    return this.#take();
  }

  /** Gives up what is incomplete; returns the remaining verdicts. */
  end(): DatagramVerdict[] {
    this.#runs.flush();
    this.#judge.reassembler.finish();
    return this.#take();
  }

  /** Counts over all verdicts handed out so far. */
  summary({ captureLost, fault = '', notes = [] }: CaptureEnd): VerifySummary {
    const { tally, fragments } = this.#judge;
    const counts = this.#counts;
    const { frames, judged, other, headersCut } = tally;
    const datagrams = this.judged;
    const found = {
      ...{ frames, fragments, datagrams, ...counts, judged, other, headersCut, notJudged: tally.kinds, captureLost },
      fault: fault === '' ? null : fault,
      notes: [...notes, ...unreadLinktype(this.#judge.unknownLinktype)],
    };
    return { type: 'summary', ...found, verdict: summaryVerdict(found, this.#strict) };
  }

  #take(): DatagramVerdict[] {
    const final = this.#judge.reassembler.take();
    const all = final.list.splice(0);
    const chosen = this.#select === undefined ? all : all.filter(this.#select);
    const out = chosen.slice(0, this.#most - this.judged);
    for (const { verdict } of out) this.#counts[verdict]++;
    this.#counts.good += Math.min(final.good, this.#most - this.judged);
    final.good = 0;
    return this.#tellGood ? out : out.filter(({ verdict }) => verdict !== 'good');
  }
}
