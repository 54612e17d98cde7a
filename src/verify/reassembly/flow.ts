import type { Fragment } from './fragment.js';
import { Reuse } from './reuse.js';

/** A counter goes on by no more than this from one datagram to the next that is seen of it, but where many were lost. */
const SMALL_STEP = 64;
/** Bits of a counter that are told from steps back. */
const LEAST_BITS = 8;
/** Steps before idents may be told to have fewer bits than the field; of a counter, small ones. */
const LEAST_STEPS = 16;
/** Steps back of a counter, for datagrams that overtook others, are less than a quarter of its values. */
const BACK = 4;
/** Datagrams of a flow before its idents tell of what kind they are. */
const FEW = 4;
/**
 * Idents at random: of so many parts of their values, datagrams that lie between two fragments; this many have come again sooner
 * than a path held a fragment back.
 */
const PART = 1024;
const MANY = 64;
/** As many of their values, datagrams between times those that are not whole: half of one may then meet half of another. */
const PART_LOST = 64;
/** IPv6 idents that keep to so many bits come again by chance (RFC 7739 §5.1 wants all 32). */
const FEW_BITS = 20;
/** Two rates: fragments so far apart, seconds, and by this factor farther than whole datagrams of their flow. */
const LONG = 1;
const TIMES_LONGER = 100;
/** Datagrams over which a flow's rate is taken. */
const STRETCH = 256;

/** Whether the ident of a datagram was another's meanwhile; `unknown` where too little was seen to tell. */
export type CameAgain = 'no' | 'unknown' | 'yes';

/** How far a flow had come when a fragment was seen. */
export class FlowMark {
  begun = 0;
  distance = 0;
  jumps = 0;
  /** Seconds since the epoch. */
  time = 0;
}

/**
 * The datagrams of one source and destination as they come, and their idents. These come again within the reassembly time
 * where datagrams are many (RFC 4963): then halves of two may meet, if others were lost.
 */
export class Flow {
  /** Fragmented datagrams that began. */
  begun = 0;
  /** Of a counter: sum of the steps forward, which is how far it went. */
  distance = 0;
  /** Octets of IP payload in the largest fragment that began a datagram, with more behind it. */
  largestCut = 0;
  /** How soon its idents come again, as far as whole datagrams showed it. */
  readonly reuse = new Reuse();
  #open = 0;
  /** Datagrams given up, by the time of their latest fragment: in the stretch since `#lostSince`, and in the one before. */
  #lost = 0;
  #lostBefore = 0;
  #lostSince = Number.NEGATIVE_INFINITY;
  /** When an ident was last seen to be used twice. */
  #repeatedAt = Number.NEGATIVE_INFINITY;
  #first = -1;
  #last = -1;
  #smallSteps = 0;
  /** Whether a counter was seen to go round fewer bits than the field has: those in use tell nothing before. */
  #turned = false;
  #jumps = 0;
  /** Bits in which idents differ from the first. */
  #varied = 0;
  readonly #space: number;
  /** Longest time that a good datagram took, seconds, and how many there were. */
  #took = 0;
  #good = 0;
  /** Idents a second at the most, and where the stretch at hand began. */
  #rate = 0;
  readonly #stretch = new FlowMark();

  /** Seconds that a receiver waits for the rest of a datagram: what lies farther back meets nothing of today. */
  readonly #given: number;

  constructor(family: 4 | 6, given: number) {
    this.#given = given;
    this.#space = family === 4 ? 0x1_0000 : 0x1_0000_0000;
  }

  /** `isCopy`: of a fragment of a datagram that is whole, which tells nothing of how the idents go. */
  begin({ ident, time, more, len }: Fragment, isCopy: boolean, mark: FlowMark): void {
    if (more && len > this.largestCut) this.largestCut = len;
    if (!isCopy) this.#goTo(ident);
    this.reuse.forget(time, this.#given);
    this.begun++;
    this.#open++;
    if (this.begun % STRETCH === 0) this.#measure(time);
    this.note(mark, time);
  }

  /** Puts into `mark` how far the flow has come. */
  note(mark: FlowMark, time: number): void {
    mark.begun = this.begun;
    mark.distance = this.distance;
    mark.jumps = this.#jumps;
    mark.time = time;
  }

  /** A datagram that began is whole, and took so many seconds where nothing is wrong with it; −1 otherwise. */
  completed(seconds: number): void {
    this.#open--;
    if (seconds < 0) return;
    this.#good++;
    if (seconds > this.#took) this.#took = seconds;
  }

  /** A second datagram is whole, at `time`, under an ident that another had. */
  repeated(time: number): void {
    this.#repeatedAt = time;
  }

  /** A datagram that began is given up; its latest fragment came at `time`. */
  givenUp(time: number): void {
    this.#open--;
    const since = time - this.#lostSince;
    if (since < 0 ? -since > this.#given : since >= this.#given) {
      this.#lostBefore = Math.abs(since) < 2 * this.#given ? this.#lost : 0;
      this.#lost = 0;
      this.#lostSince = time;
    }
    this.#lost++;
  }

  /** Whether `ident`, which was seen at `mark`, may be another datagram's at `time`. */
  cameAgain(mark: FlowMark, ident: number, time: number): CameAgain {
    const between = this.begun - mark.begun;
    if (this.#twoRates(time - mark.time) || this.reuse.isLater(time - mark.time)) return 'yes';
    if (1 + this.#smallSteps + this.#jumps < FEW) return 'unknown';
    if (this.#smallSteps >= this.#jumps) return this.#wentRound(mark, ident, time) ? 'yes' : 'no';
    if (between === 0 || (this.#space > 0x1_0000 && this.#bits > FEW_BITS)) return 'no';
    // A few idents that happen to be small do not show that all are.
    const values = this.#smallSteps + this.#jumps >= LEAST_STEPS ? 2 ** this.#bits : this.#space;
    if (between >= Math.min(MANY, values / PART)) return 'yes';
    return between * (this.#open + this.#lostBy(time)) >= values / PART_LOST ? 'yes' : 'no';
  }

  /** Datagrams that were lost not long before `time`: only those may have a half whose other half now comes. */
  #lostBy(time: number): number {
    const since = Math.abs(time - this.#lostSince);
    if (since > 2 * this.#given) return 0;
    return this.#lost + (since <= this.#given ? this.#lostBefore : 0);
  }

  get #bits(): number {
    return 32 - Math.clz32(this.#varied);
  }

  /** Of a counter: whether it went through all its values, as far as was seen, or can have where some were not seen. */
  #wentRound(mark: FlowMark, ident: number, time: number): boolean {
    // What was skipped is allowed for, most where a whole field goes round.
    const isUsedTwice = Math.abs(time - this.#repeatedAt) <= this.#given;
    const inFewer = this.#turned || isUsedTwice || this.#isTurn(ident - this.#last);
    const values = inFewer ? 2 ** this.#bits : this.#space;
    const enough = values < this.#space ? values - Math.min(values / BACK, SMALL_STEP) : values - values / BACK;
    if (this.distance - mark.distance >= enough) return true;
    const unseen = this.#jumps > mark.jumps || this.begun === mark.begun;
    return unseen && this.#rate * (time - mark.time) >= enough;
  }

  #twoRates(seconds: number): boolean {
    return seconds >= LONG && this.#good >= FEW && seconds >= TIMES_LONGER * this.#took;
  }

  #goTo(ident: number): void {
    if (this.#first < 0) this.#first = ident;
    else this.#step(ident);
    this.#last = ident;
  }

  #step(ident: number): void {
    this.#varied |= ident ^ this.#first;
    const forward = ident - this.#last;
    if (this.#isTurn(forward)) this.#turned = true;
    const step = forward < 0 ? this.#around(forward) : forward;
    if (step > 0 && step <= SMALL_STEP) this.#smallSteps++;
    else this.#jumps++;
    if (step < this.#space - this.#space / BACK) this.distance += step;
  }

  /** A step back, as the one forward that it may be: round the field, or round the bits that are counted in. */
  #around(back: number): number {
    const inFewer = 2 ** this.#bits + back;
    return this.#bits >= LEAST_BITS && inFewer > 0 && inFewer <= SMALL_STEP ? inFewer : this.#space + back;
  }

  /** Whether a step goes round fewer bits than the field has; a few idents in any order are no counter yet. */
  #isTurn(step: number): boolean {
    return step < 0 && this.#smallSteps >= LEAST_STEPS && this.#around(step) <= SMALL_STEP;
  }

  #measure(time: number): void {
    const seconds = time - this.#stretch.time;
    if (this.#stretch.begun > 0 && seconds > 0)
      this.#rate = Math.max(this.#rate, (this.distance - this.#stretch.distance) / seconds);
    this.note(this.#stretch, time);
  }
}
