import type { Code } from '../codes.js';
import type { DatagramVerdict, MutableVerdict } from '../verdict.js';
import { setVerdict } from '../verdict-builder.js';
import { BufferPool } from './buffers.js';
import { CAME_AGAIN, FlowTable } from './flows.js';
import type { Fragment } from './fragment.js';
import { Group } from './group.js';
import { GroupList } from './group-list.js';
import { GroupTable } from './group-table.js';
import { HoldBack } from './hold-back.js';
import { placeFragment } from './place.js';

export interface ReassemblyLimits {
  /** Octets of buffers and records that datagrams in progress may take. */
  readonly maxOctets: number;
  /** Datagrams in progress. */
  readonly maxPending: number;
  /** Verdicts that may wait for a completed datagram's leftovers. */
  readonly maxHeld: number;
  /** Seconds from the first fragment until an incomplete datagram is given up (RFC 1122 §3.3.2; RFC 8200 §4.5). */
  readonly timeout4: number;
  readonly timeout6: number;
  /** Seconds that a completed datagram waits for leftovers. */
  readonly holdTime: number;
}

export const DEFAULT_LIMITS: ReassemblyLimits = {
  maxOctets: 64 * 1024 * 1024,
  maxPending: 16_384,
  maxHeld: 16_384,
  timeout4: 30,
  timeout6: 60,
  holdTime: 30,
};

/** What a group costs beside its buffer: a pessimistic guess. */
const GROUP_COST = 1_024;
/** Below this many datagrams in progress a new one gets a buffer for the largest at once, and none has to grow. */
const FEW_PENDING = 64;
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
  readonly #buffers = new BufferPool();
  readonly #pending: Record<4 | 6, GroupList> = { 4: new GroupList(), 6: new GroupList() };
  readonly #holdBack = new HoldBack();
  readonly #flows = new FlowTable();
  /** Octets of records and findings of datagrams in progress. */
  #cost = 0;
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor(
    judge: (group: Group, view: DataView | undefined) => MutableVerdict,
    limits: ReassemblyLimits = DEFAULT_LIMITS,
  ) {
    this.#judge = judge;
    this.#limits = limits;
  }

  get readBuffers(): readonly Uint8Array[] {
    return this.#buffers.chunks;
  }

  /** The datagram in progress that the fragment belongs to, made if need be; counts the fragment as seen. */
  groupOf(fragment: Fragment): Group {
    if (fragment.time >= this.#nextExpiry) this.advance(fragment.time);
    const found = this.#table.find(fragment);
    const group = found?.state === 'pending' ? this.#goOn(found, fragment) : this.#create(fragment, found);
    group.seen++;
    return group;
  }

  /**
   * The datagram in progress, or a new one where this fragment must be of another: the idents came round since its latest
   * fragment, and this one does not fit.
   */
  #goOn(group: Group, fragment: Fragment): Group {
    const { flow } = group;
    if (flow === undefined || flow.distance === group.mark) return group;
    const gap = flow.distance - group.mark;
    group.mark = flow.distance;
    if (gap > group.gap) group.gap = gap;
    if (gap < CAME_AGAIN || fits(group, fragment)) return group;
    this.#giveUp(group, `its ident came again, about ${gap} datagrams later`, 'ident-came-again');
    return this.#create(fragment, this.#table.find(fragment));
  }

  /** Places the fragment in the datagram that `groupOf` told. */
  place(group: Group, fragment: Fragment): void {
    const complete = placeFragment(group, fragment, this.#buffers);
    const cost = group.records.octets + group.findings.octets;
    this.#cost += cost - group.cost;
    group.cost = cost;
    if (complete) this.#complete(group, fragment.time);
    else
      while (this.#overfull()) this.#giveUp(this.#oldest()!, 'too many datagrams in progress for the memory allowed');
  }

  /** Appends a verdict that needs no reassembly, in its place in the order. */
  add(verdict: DatagramVerdict): void {
    this.#holdBack.add(verdict);
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
  }

  /** The verdicts that are final. */
  take(out: DatagramVerdict[]): void {
    const { maxHeld } = this.#limits;
    while (this.#holdBack.length > maxHeld || this.#holdBack.octets > MAX_HELD_OCTETS) {
      const oldest = this.#holdBack.oldest;
      if (oldest === undefined) break;
      this.#settle(oldest);
      this.#holdBack.release(out);
    }
    this.#holdBack.release(out);
  }

  /** Gives up everything that is not complete. */
  finish(): void {
    for (let group = this.#oldest(); group; group = this.#oldest()) this.#giveUp(group, 'the capture ended');
    for (let held = this.#holdBack.oldest; held; held = this.#holdBack.oldest) this.#settle(held);
    this.#buffers.close();
  }

  #create(fragment: Fragment, predecessor: Group | undefined): Group {
    const group = new Group(fragment);
    const { timeout4, timeout6 } = this.#limits;
    if (fragment.family === 4) {
      group.flow = this.#flows.of(fragment);
      group.flow.begin(fragment.ident);
      group.mark = group.flow.distance;
    }
    if (predecessor) {
      this.#table.remove(predecessor);
      group.predecessor = predecessor;
      predecessor.successor = group;
    } else if (this.#count() < FEW_PENDING && fragment.more) {
      group.buffer = this.#buffers.take(65_536);
    }
    this.#table.add(group);
    this.#pending[group.family].add(group);
    this.#nextExpiry = Math.min(this.#nextExpiry, group.time + (group.family === 4 ? timeout4 : timeout6));
    return group;
  }

  #count(): number {
    return this.#pending[4].size + this.#pending[6].size;
  }

  #overfull(): boolean {
    const count = this.#count();
    const octets = this.#buffers.used + count * GROUP_COST + this.#cost;
    return count > this.#limits.maxPending || octets > this.#limits.maxOctets;
  }

  #oldest(): Group | undefined {
    const four = this.#pending[4].oldest;
    const six = this.#pending[6].oldest;
    if (four === undefined || six === undefined) return four ?? six;
    return six.time < four.time ? six : four;
  }

  #complete(group: Group, time: number): void {
    this.#pending[group.family].remove(group);
    group.time = time;
    if (group.predecessor) {
      group.predecessor.state = 'gone';
      group.predecessor.successor = undefined;
      group.predecessor = undefined;
    }
    group.verdict = this.#judge(group, group.buffer?.view);
    group.state = 'held';
    this.#release(group);
    this.#holdBack.add(group.verdict, group);
    this.#nextExpiry = Math.min(this.#nextExpiry, group.time + this.#limits.holdTime);
  }

  #giveUp(group: Group, why: string, code: Code = 'given-up'): void {
    this.#pending[group.family].remove(group);
    this.#table.remove(group);
    group.state = 'gone';
    const { predecessor } = group;
    group.predecessor = undefined;
    if (predecessor) {
      predecessor.successor = undefined;
      this.#table.add(predecessor);
    }
    if (predecessor && isLeftover(group, predecessor)) absorb(group, predecessor);
    else {
      group.findings.add('note', code, null, `given up: ${why}`);
      this.#holdBack.add(this.#judge(group, group.buffer?.view));
    }
    this.#release(group);
  }

  /** A completed datagram gets no more leftovers; those that already came are counted. */
  #settle(held: Group): void {
    const { successor } = held;
    if (successor && isLeftover(successor, held)) this.#giveUp(successor, '');
    else if (successor) successor.predecessor = undefined;
    held.successor = undefined;
    held.state = 'gone';
    if (!successor || successor.state === 'gone') this.#table.remove(held);
  }

  #release(group: Group): void {
    this.#cost -= group.cost;
    group.cost = 0;
    if (group.buffer) this.#buffers.give(group.buffer);
    group.buffer = undefined;
    group.records.close();
  }

  #expire(family: 4 | 6, timeout: number, time: number): void {
    const pending = this.#pending[family];
    for (let group = pending.oldest; group; group = pending.oldest) {
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
function fresh(group: Group, timeout: number, time: number): number {
  if (group.time > time + timeout) group.time = time;
  return group.time + timeout;
}

/** Whether the fragment may be one of those that the group still lacks. */
function fits({ extents, total }: Group, { offset, len, more }: Fragment): boolean {
  const end = offset + len;
  if (extents.intersects(offset, end) || (total >= 0 && end > total)) return false;
  return more || (total < 0 && extents.end <= end);
}

/** Whether the fragments of `group` only repeat those of the completed datagram before it. */
function isLeftover(group: Group, completed: Group): boolean {
  return group.overlaps === 0 && group.records.count === group.fragments && group.records.repeats(completed.records);
}

function absorb(group: Group, completed: Group): void {
  const verdict = completed.verdict!;
  verdict.duplicates += group.fragments + group.duplicates;
  verdict.headerChecksumErrors += group.headerChecksumErrors;
  for (const { level, code, fragment, text, ...shown } of group.findings.list)
    completed.findings.add(level, code, fragment, text.replace('fragment', 'leftover fragment'), shown);
  setVerdict(verdict, completed);
}
