import type { Tenancy } from '../../memory/summary-kernel.js';
import type { Code } from '../codes.js';
import { plural } from '../plural.js';
import type { DatagramVerdict, MutableVerdict } from '../verdict.js';
import { WholeDatagram } from '../whole/datagram.js';
import { FlowMark } from './flow.js';
import { FlowTable } from './flow-table.js';
import type { Fragment } from './fragment.js';
import { Group } from './group.js';
import { GroupTable } from './group-table.js';
import { FinalVerdicts, type Held, HoldBack } from './hold-back.js';
import { InProgress } from './in-progress.js';
import { absorb, isLeftover } from './leftovers.js';
import { DEFAULT_LIMITS, type ReassemblyLimits } from './limits.js';
import { fits, isRepeated, placeFragment } from './place.js';

/** Seconds between two fragments after which it is asked whether the ident has come again: no sender does it in less. */
export const LONG_WAIT = 0.005;
/** How the fragments of a datagram that was taken whole came. */
const IN_ORDER = { up: true, down: false };
/** Octets of records and findings that held datagrams and verdicts behind them keep. */
const MAX_HELD_OCTETS = 48 << 20;

/**
 * Sorts fragments into datagrams and puts these together; knows nothing of headers. Memory is bounded whatever comes: the
 * oldest datagrams are given up as incomplete. Time is that of the capture.
 *
 * Usage per fragment: `groupOf`, then the caller's header checks, then `place`. Finished verdicts come out of `take`, in
 * the order in which datagrams were completed or given up.
 */
export class Reassembler {
  readonly #limits: ReassemblyLimits;
  /** Makes the verdict of a datagram that is complete or given up; its buffer is there only during the call. */
  readonly #judge: (group: Group, view: DataView | undefined) => MutableVerdict;
  readonly #table = new GroupTable();
  readonly #inProgress: InProgress;
  readonly #holdBack: HoldBack;
  readonly #final = new FinalVerdicts();
  readonly #flows: FlowTable;
  readonly #mark = new FlowMark();
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor(
    judge: (group: Group, view: DataView | undefined) => MutableVerdict,
    limits: ReassemblyLimits = DEFAULT_LIMITS,
    tellGood = true,
  ) {
    this.#judge = judge;
    this.#limits = limits;
    this.#inProgress = new InProgress(limits);
    this.#flows = new FlowTable(limits);
    this.#holdBack = new HoldBack(tellGood);
  }

  /** What it has of the SIMD kernel's memory; undefined where it has nothing. */
  get tenancy(): Tenancy | undefined {
    return this.#inProgress.tenancy;
  }

  /** The datagram in progress that the fragment belongs to, made if need be; counts the fragment as seen. */
  groupOf(fragment: Fragment): Group {
    if (fragment.time >= this.#nextExpiry) this.advance(fragment.time);
    const found = this.#find(fragment);
    const group = found?.state === 'pending' ? this.#goOn(found, fragment) : this.#create(fragment, found);
    group.seen++;
    return group;
  }

  /**
   * The datagram in progress, or a new one where this fragment must be of another: the ident may have come again since its
   * latest fragment, and this one does not fit.
   */
  #goOn(group: Group, fragment: Fragment): Group {
    const { mark } = group;
    const flow = group.flow!;
    const { time } = fragment;
    if (!flow.reuse.known && flow.begun === mark.begun && time - mark.time < LONG_WAIT) {
      mark.time = time;
      return group;
    }
    const between = flow.begun - mark.begun;
    const cameAgain = flow.cameAgain(mark, group.ident, time);
    const isNext = flow.reuse.isNext(group, fragment, between, time - mark.time);
    flow.note(mark, time);
    if (between > group.between) group.between = between;
    if (cameAgain !== 'no' && group.cameAgain !== 'yes') group.cameAgain = cameAgain;
    const isFitting = fits(group, fragment);
    if (isFitting && flow.reuse.mayBeNext(group, fragment)) group.cameAgain = 'yes';
    const isOther = isNext || (cameAgain === 'yes' && !isFitting);
    if (!isOther || isRepeated(group, fragment)) return group;
    this.#giveUp(
      group,
      `its ident came again, with ${between} ${plural(between, 'datagram')} between`,
      'ident-came-again',
    );
    return this.#create(fragment, this.#find(fragment));
  }

  /** Places the fragment in the datagram that `groupOf` told. */
  place(group: Group, fragment: Fragment): void {
    const inProgress = this.#inProgress;
    const complete = placeFragment(group, fragment, inProgress.buffers);
    if (fragment.offset < group.lastOffset) group.down = true;
    else if (fragment.offset > group.lastOffset) group.up = true;
    group.lastOffset = fragment.offset;
    inProgress.charge(group);
    if (complete) this.#complete(group, fragment.time);
    else
      while (inProgress.isOverfull)
        this.#giveUp(inProgress.oldest!, 'too many datagrams in progress for the memory allowed');
    this.#bound();
  }

  /** Octets of IP payload in the largest fragment on the way of a packet that came whole; 0 without any. */
  largestCut(fragment: Fragment): number {
    return this.#flows.find(fragment)?.largestCut ?? 0;
  }

  /** Appends a verdict that needs no reassembly, in its place in the order. */
  add(verdict: DatagramVerdict): void {
    this.#holdBack.add(verdict);
    this.#bound();
  }

  /** Appends `good` verdicts that nobody wants to see. */
  count(good: number): void {
    this.#holdBack.count(good, this.#final);
    this.#bound();
  }

  /**
   * Whether a datagram whose fragments came whole and in order, from `began` to `time`, would be in nobody's way: then it
   * need not be put together, and `takeWhole` takes it. `fragment` has its key.
   */
  isFree(fragment: Fragment, fragments: number, began: number, time: number): boolean {
    const { timeout4, timeout6 } = this.#limits;
    const given = fragment.family === 4 ? timeout4 : timeout6;
    if (time >= this.#nextExpiry || time >= began + given) return false;
    return this.#inProgress.hasRoomFor(fragments) && this.#table.isFree(fragment);
  }

  /** Takes a datagram as if it had been put together fragment by fragment, none long after another; `fragment` is the first. */
  takeWhole(whole: WholeDatagram, fragment: Fragment, began: number, time: number): void {
    const { timeout4, timeout6, holdTime } = this.#limits;
    const flow = this.#flows.of(fragment);
    flow.begin(fragment, false, this.#mark);
    this.#mark.time = time;
    whole.cameAgain = flow.cameAgain(this.#mark, fragment.ident, time) === 'unknown' ? 'unknown' : 'no';
    flow.completed(time - began);
    flow.reuse.good(IN_ORDER);
    whole.begunAt = flow.begun;
    this.#table.add(whole, fragment, false);
    this.#holdBack.wait(whole);
    const due = Math.min(began + (fragment.family === 4 ? timeout4 : timeout6), time + holdTime);
    this.#nextExpiry = Math.min(this.#nextExpiry, due);
    this.#bound();
  }

  /** Gives up what is older than its time at `time`, seconds since the epoch. */
  advance(time: number): void {
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    this.#expire(4, this.#limits.timeout4, time);
    this.#expire(6, this.#limits.timeout6, time);
    for (let held = this.#holdBack.oldest; held; held = this.#holdBack.oldest) {
      if (held.successor) break; // its end settles both, and comes by itself
      const due = fresh(held, this.#limits.holdTime, time);
      if (due > time) {
        this.#nextExpiry = Math.min(this.#nextExpiry, due);
        break;
      }
      this.#settle(held);
    }
    this.#bound();
  }

  /** The verdicts that are final and were not taken yet; to be emptied by the caller. */
  take(): FinalVerdicts {
    return this.#final;
  }

  /** Gives up everything that is not complete. */
  finish(): void {
    for (let group = this.#inProgress.oldest; group; group = this.#inProgress.oldest)
      this.#giveUp(group, 'the capture ended');
    for (let held = this.#holdBack.oldest; held; held = this.#holdBack.oldest) this.#settle(held);
    this.#bound();
    this.#inProgress.close();
  }

  /** What is under the fragment's key; a datagram that was taken whole becomes one like the others. */
  #find(fragment: Fragment): Group | undefined {
    const found = this.#table.find(fragment);
    if (!(found instanceof WholeDatagram)) return found as Group | undefined; // there is nothing else in the table
    this.#table.remove(found);
    const group = found.unfold();
    this.#add(group);
    return group;
  }

  #add(group: Group): void {
    this.#table.add(group, { key: group.key, keyLen: group.key.length }, true);
  }

  /**
   * Lets go what is final, and of what waits no more than may stay. After whatever came last, not when somebody takes them:
   * nothing depends on when that is.
   */
  #bound(): void {
    const holdBack = this.#holdBack;
    holdBack.release(this.#final);
    while (holdBack.length > this.#limits.maxHeld || holdBack.octets > MAX_HELD_OCTETS) {
      const { oldest } = holdBack;
      if (oldest === undefined) break;
      this.#settle(oldest);
      holdBack.release(this.#final);
    }
  }

  #create(fragment: Fragment, predecessor: Group | undefined): Group {
    const group = new Group(fragment);
    const { timeout4, timeout6 } = this.#limits;
    group.flow = this.#flows.of(fragment);
    const isCopy = predecessor !== undefined && isRepeated(predecessor, fragment);
    group.flow.begin(fragment, isCopy, group.mark);
    group.begunAt = group.flow.begun;
    group.lastOffset = fragment.offset;
    if (predecessor) {
      this.#table.remove(predecessor);
      group.predecessor = predecessor;
      predecessor.successor = group;
    }
    this.#add(group);
    this.#inProgress.add(group, fragment.more && predecessor === undefined);
    this.#nextExpiry = Math.min(this.#nextExpiry, group.time + (group.family === 4 ? timeout4 : timeout6));
    return group;
  }

  #complete(group: Group, time: number): void {
    this.#inProgress.remove(group);
    group.time = time;
    const { flow } = group;
    // Of a flow's first few datagrams nobody can tell how its idents go.
    if (group.cameAgain === 'no' && flow!.cameAgain(group.mark, group.ident, time) === 'unknown')
      group.cameAgain = 'unknown';
    const { predecessor } = group;
    const isOther = predecessor !== undefined && !group.records.repeats(predecessor.records);
    if (predecessor) {
      if (isOther) flow!.repeated(time);
      predecessor.state = 'gone';
      predecessor.successor = undefined;
      group.predecessor = undefined;
    }
    group.verdict = this.#judge(group, group.buffer?.view);
    const isGood = group.findings.mismatches === 0;
    flow!.completed(isGood ? time - group.began : -1);
    if (isGood) flow!.reuse.good(group);
    if (isGood && isOther && predecessor.findings.mismatches === 0)
      flow!.reuse.again(group.begunAt - predecessor.begunAt, group.began - predecessor.began, time);
    group.state = 'held';
    this.#inProgress.release(group);
    this.#holdBack.add(group.verdict, group);
    this.#nextExpiry = Math.min(this.#nextExpiry, group.time + this.#limits.holdTime);
  }

  #giveUp(group: Group, why: string, code: Code = 'given-up'): void {
    this.#inProgress.remove(group);
    this.#table.remove(group);
    group.state = 'gone';
    const { predecessor } = group;
    group.predecessor = undefined;
    if (predecessor) {
      predecessor.successor = undefined;
      this.#add(predecessor);
    }
    if (predecessor && isLeftover(group, predecessor)) {
      group.flow!.completed(-1);
      absorb(group, predecessor);
    } else {
      group.flow!.givenUp(group.mark.time);
      group.findings.add('note', code, null, `given up: ${why}`);
      this.#holdBack.add(this.#judge(group, group.buffer?.view));
    }
    this.#inProgress.release(group);
  }

  /** A completed datagram gets no more leftovers; those that already came are counted. */
  #settle(held: Held): void {
    const successor = held instanceof Group ? held.successor : undefined;
    if (successor && isLeftover(successor, held as Group)) this.#giveUp(successor, '');
    else if (successor) successor.predecessor = undefined;
    if (held instanceof Group) held.successor = undefined;
    held.state = 'gone';
    if (!successor || successor.state === 'gone') this.#table.remove(held);
  }

  #expire(family: 4 | 6, timeout: number, time: number): void {
    const pending = this.#inProgress;
    for (let group = pending.oldestOf(family); group; group = pending.oldestOf(family)) {
      const due = fresh(group, timeout, time);
      if (due > time) {
        this.#nextExpiry = Math.min(this.#nextExpiry, due);
        break;
      }
      this.#giveUp(group, `incomplete for ${timeout} s`);
    }
  }
}

/** When `group` is due; a clock that jumped back by more than the timeout starts its time anew. */
function fresh(group: Pick<Held, 'time'>, timeout: number, time: number): number {
  if (group.time > time + timeout) group.time = time;
  return group.time + timeout;
}
