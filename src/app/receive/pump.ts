import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { POLLIN } from '../../host/constants.js';
import { Poll } from '../../host/socket-calls.js';
import { BATCH, type DatagramBatch } from './batch.js';
import type { ReceiveSocket } from './socket.js';

interface PumpOptions {
  /** Whoever sent waits for an answer: each datagram is taken as soon as it comes. */
  readonly prompt: boolean;
  /** How many are still wanted. */
  readonly wanted: () => number;
  /** Has `count` datagrams of the batch; while what it gives is pending, none is taken. */
  readonly take: (count: number) => Promise<unknown> | undefined;
}

/**
 * While datagrams keep coming they are fetched after a pause, milliseconds: to be woken for each costs more than each. So short
 * that it brings less than a batch, which leaves most of an ample buffer for times when we are not let run.
 */
const LEAST_PAUSE_MS = 1;
const MOST_PAUSE_MS = 4;
/** Octets of a receive buffer. */
const AMPLE_BUFFER = 4 << 20;
/** The event loop has to wait no longer, milliseconds. */
const TURN_MS = 2;
const WAIT_MS = 100;

/** Takes datagrams from a socket by the batch, and waits for more in the thread pool, not to hold up the event loop. */
export class DatagramPump {
  readonly #socket: ReceiveSocket;
  readonly #batch: DatagramBatch;
  readonly #options: PumpOptions;
  readonly #pauses: boolean;
  readonly #poll: Poll;
  #waiting: Promise<boolean> | undefined;
  #pauseMs = LEAST_PAUSE_MS;
  #stopped = false;

  constructor(socket: ReceiveSocket, batch: DatagramBatch, options: PumpOptions) {
    this.#socket = socket;
    this.#batch = batch;
    this.#options = options;
    this.#pauses = !options.prompt && socket.recvBufferSize >= AMPLE_BUFFER;
    this.#poll = new Poll(socket.fd, POLLIN);
  }

  /** Resolves when no more are wanted, or after `stop`. Rejects with what `take` does, or the system. */
  async run(): Promise<void> {
    const { wanted, take } = this.#options;
    /** Datagrams since we last waited, and when that was. */
    let came = 0;
    let turnedAt = performance.now();
    while (!this.#stopped && wanted() > 0) {
      const count = this.#batch.receive(this.#socket.fd, wanted());
      came += count;
      if (count > 0) {
        const taken = take(count);
        if (taken !== undefined) await taken;
        if (this.#batch.isFull && performance.now() - turnedAt < TURN_MS) continue;
      }
      if (this.#batch.isFull) await turn();
      else {
        await this.#wait(came);
        came = 0;
      }
      turnedAt = performance.now();
    }
  }

  /** Takes no more; resolves when nothing of ours holds the descriptor. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#waiting !== undefined) this.#socket.wake();
    await this.#waiting?.catch(() => false);
  }

  /** For more datagrams, after `came` of them since the last time. */
  async #wait(came: number): Promise<void> {
    if (came > 0 && this.#pauses) {
      if (came > BATCH / 2) this.#pauseMs = Math.max(LEAST_PAUSE_MS, this.#pauseMs / 2);
      else if (came < BATCH / 4) this.#pauseMs = Math.min(MOST_PAUSE_MS, this.#pauseMs * 2);
      await sleep(this.#pauseMs);
      return;
    }
    this.#waiting = this.#poll.wait(WAIT_MS);
    await this.#waiting;
    this.#waiting = undefined;
  }
}
