import { readFileSync } from 'node:fs';
import { readKernelCounters } from '../host/kernel-counters.js';
import type { LostFrames } from './net-device.js';

/**
 * Frames lost below a device since it was opened. The kernel keeps these counts for the interface and for the machine, not
 * for a socket: other senders' losses are in them. Read from /proc/thread-self, which is the calling thread's own network
 * namespace where /sys may show another one.
 */
export class LossCounters {
  /** Frames refused with ENOBUFS, which the sender repeats; the kernel has counted each of them as dropped. */
  refused = 0;
  readonly #name: string;
  readonly #qdisc: number | null;
  readonly #backlog: number;

  constructor(name: string) {
    this.#name = name;
    this.#qdisc = readTxDropped(name);
    this.#backlog = readKernelCounters()['softnet.dropped'];
  }

  /** What a full buffer refuses is repeated or reported by the sender, so nothing is lost there. */
  read(): LostFrames {
    const backlog = Math.max(0, readKernelCounters()['softnet.dropped'] - this.#backlog - this.refused);
    const dropped = since(this.#qdisc, readTxDropped(this.#name));
    // A veth counts what its peer's backlog had no room for as its own drop too: once is enough.
    return { socket: 0, qdisc: dropped === null ? null : Math.max(0, dropped - this.refused - backlog), backlog };
  }
}

/** The column `drop` of the transmit half of /proc/net/dev; null where the interface is not there. */
export function parseTxDropped(text: string, name: string): number | null {
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(':');
    if (line.slice(0, colon).trim() !== name) continue;
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    return columns[11] === undefined ? null : Number(columns[11]);
  }
  return null;
}

function readTxDropped(name: string): number | null {
  try {
    return parseTxDropped(readFileSync('/proc/thread-self/net/dev', 'utf8'), name);
  } catch {
    return null; // a container without /proc
  }
}

function since(before: number | null, now: number | null): number | null {
  return before === null || now === null ? null : Math.max(0, now - before);
}
