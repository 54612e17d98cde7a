/** Kinds of frames that are told apart; the rest are counted together. */
const MOST_KINDS = 64;
const REST = 'further kinds';
/** A kind of frames, which the capture has not cut. */
export const ENDS_WITHIN = 'frames that end within a header';

/** What a frame was found to be; the larger outdoes the smaller where headers are nested. */
const OTHER = 0;
const HEADERS_CUT = 1;
const JUDGED = 2;
const NOT_JUDGED = 3;

/** Counts frames, each once. */
export class Tally {
  /** Frames that have begun: the number of the one at hand. */
  frames = 0;
  readonly #counts = [0, 0, 0, 0];
  readonly #kinds = new Map<string, number>();
  #fate = OTHER;
  #kind = '';

  get other(): number {
    return this.#counts[OTHER]!;
  }
  get headersCut(): number {
    return this.#counts[HEADERS_CUT]!;
  }
  get judged(): number {
    return this.#counts[JUDGED]!;
  }
  get notJudged(): number {
    return this.#counts[NOT_JUDGED]!;
  }

  begin(): void {
    this.frames++;
    this.#fate = OTHER;
  }

  /** Frames that are datagrams or parts of them, as was found elsewhere. */
  pass(frames: number): void {
    this.frames += frames;
    this.#counts[JUDGED]! += frames;
  }

  /** The frame, or a packet in it, is a datagram or part of one. */
  judge(): void {
    if (this.#fate < JUDGED) this.#fate = JUDGED;
  }

  /** The capture kept too little of it. */
  cut(): void {
    if (this.#fate < HEADERS_CUT) this.#fate = HEADERS_CUT;
  }

  /** Something in the frame was not got into, and may be a datagram. */
  hide(kind: string): void {
    this.#fate = NOT_JUDGED;
    this.#kind = kind;
  }

  end(): void {
    this.#counts[this.#fate]!++;
    if (this.#fate !== NOT_JUDGED) return;
    const kind = this.#kinds.has(this.#kind) || this.#kinds.size < MOST_KINDS ? this.#kind : REST;
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  /** Frames not judged by what they are, the most frequent first. */
  get kinds(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#kinds].sort((a, b) => b[1] - a[1]));
  }
}
