import { setTimeout as sleep } from 'node:timers/promises';
import { ERRNO } from '../errors.js';
import { pollWritable } from '../host/socket-calls.js';

/** How long one `writable` waits for POLLOUT before it lets the caller try anyway, milliseconds. */
const WAIT_MS = 1000;
/** Pauses after ENOBUFS, milliseconds: the first, doubled up to the last. */
const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 16;

/**
 * Waiting for room in a socket, without spinning. EAGAIN is the socket's own buffer, and poll(2) tells when there is room
 * again. ENOBUFS is a queue below the socket (qdisc, driver), which nothing reports on: a short pause, longer each time.
 */
export class Backpressure {
  #pauseMs = 0;

  /** Takes what a send returned: a count, or −errno. */
  note(result: number): void {
    if (result === -ERRNO.ENOBUFS) this.#pauseMs = Math.min(LAST_PAUSE_MS, this.#pauseMs * 2 || FIRST_PAUSE_MS);
    else this.#pauseMs = 0;
  }

  /** Resolves when another send on `fd` is worth trying. */
  async wait(fd: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#pauseMs > 0) await sleep(this.#pauseMs, undefined, signal === undefined ? {} : { signal });
    else await pollWritable(fd, WAIT_MS, signal);
  }
}
