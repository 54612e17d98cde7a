import { readBacklogDrops } from '../host/kernel-counters.js';
import { readOrNull } from '../host/read-or-null.js';
import type { LostFrames } from './net-device.js';

/** What the kernel counts of an interface's sending, in packets. */
export interface TxCounters {
  readonly packets: number;
  readonly errors: number;
  readonly dropped: number;
}

/**
 * The account of a device since it was opened: what the kernel took from us is held against what the interface counts as
 * sent, and what is missing is told by where it was lost, as far as that is counted anywhere. The kernel keeps these counts
 * for the interface and for the machine, not for a socket: others' packets and losses are in them, so a loss can be another's,
 * and others' packets can cover one of ours. Read from /proc/thread-self, which is the calling thread's own network
 * namespace where /sys may show another one.
 */
export class LossCounters {
  /** Frames refused with ENOBUFS, which the sender repeats; the kernel has counted each of them, and more, as dropped. */
  refused = 0;
  /** Packets that the kernel has taken from us. */
  taken = 0;
  /** Packets that one frame of ours becomes at most: a drop in front of the cutting is a drop of so many. */
  largest = 1;
  readonly #name: string;
  #before: TxCounters | null;
  #backlog: number | null;

  constructor(name: string) {
    this.#name = name;
    this.#before = readTxCounters(name);
    this.#backlog = readBacklogDrops();
  }

  /** Counts from now on: what those who open the interface beside us have asked of it until now is none of our losses. */
  restart(): void {
    this.#before = readTxCounters(this.#name);
    this.#backlog = readBacklogDrops();
  }

  /** What a full buffer refuses is repeated or reported by the sender, so nothing is lost there. */
  read(): LostFrames {
    const now = readBacklogDrops();
    const backlog = now === null || this.#backlog === null ? null : now - this.#backlog;
    return accountOf(this, since(this.#before, readTxCounters(this.#name)), backlog);
  }
}

/** What was counted meanwhile; null: the interface is not there, or nobody can read it. */
export function accountOf(
  { refused, taken, largest }: Pick<LossCounters, 'refused' | 'taken' | 'largest'>,
  counted: TxCounters | null,
  backlogDrops: number | null,
): LostFrames {
  const overrun = backlogDrops === null ? 0 : Math.max(0, backlogDrops - refused);
  const backlog = backlogDrops === null ? null : overrun;
  if (counted === null) return { socket: 0, qdisc: null, driver: null, backlog, neighbour: 0, unknown: null };
  const missing = Math.max(0, taken - counted.packets);
  const counts = Math.max(0, counted.dropped - refused);
  const drops = refused === 0 ? counts : Math.min(counts, missing);
  const dropped = drops === 0 ? 0 : Math.max(drops, Math.min(missing, drops * largest));
  return {
    socket: 0,
    // A veth counts what its peer's backlog had no room for as its own drop too: once is enough.
    qdisc: Math.max(0, dropped - overrun),
    driver: counted.errors,
    backlog,
    neighbour: 0,
    unknown: Math.max(0, missing - Math.max(dropped, overrun) - counted.errors),
  };
}

/** The transmit half of a line of /proc/net/dev; null where the interface is not there. */
export function parseTxCounters(text: string, name: string): TxCounters | null {
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(':');
    if (line.slice(0, colon).trim() !== name) continue;
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const [packets, errors, dropped] = columns.slice(9);
    return dropped === undefined ? null : { packets: packets!, errors: errors!, dropped };
  }
  return null;
}

function readTxCounters(name: string): TxCounters | null {
  const text = readOrNull('/proc/thread-self/net/dev'); // null in a container without /proc
  return text === null ? null : parseTxCounters(text, name);
}

function since(before: TxCounters | null, now: TxCounters | null): TxCounters | null {
  if (before === null || now === null) return null;
  const grown = (key: keyof TxCounters): number => Math.max(0, now[key] - before[key]);
  return { packets: grown('packets'), errors: grown('errors'), dropped: grown('dropped') };
}
