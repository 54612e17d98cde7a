import { setTimeout as sleep } from 'node:timers/promises';
import { ERRNO } from '../errors.js';
import { pollWritable } from '../host/socket-calls.js';

/** How long one `writable` waits for POLLOUT before it lets the caller try anyway, milliseconds. */
const WAIT_MS = 1000;
/** Pauses after ENOBUFS, milliseconds: the first, doubled up to the last. */
const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 16;

/** How long to leave a queue below the socket (qdisc, driver) alone that was full, and reports on nothing: longer each time. */
export class GrowingPause {
  /** Milliseconds; 0 where there is none. */
  ms = 0;

  grow(): void {
    this.ms = Math.min(LAST_PAUSE_MS, this.ms * 2 || FIRST_PAUSE_MS);
  }

  end(): void {
    this.ms = 0;
  }
}

/**
 * Waiting for room in a socket, without spinning. EAGAIN is the socket's own buffer, and poll(2) tells when there is room
 * again. After ENOBUFS there is a pause.
 */
export class Backpressure {
  readonly #pause = new GrowingPause();

  /** Takes what a send returned: a count, or −errno. */
  note(result: number): void {
    if (result === -ERRNO.ENOBUFS) this.#pause.grow();
    else this.#pause.end();
  }

  /** Resolves when another send on `fd` is worth trying. */
  async wait(fd: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#pause.ms > 0) await sleep(this.#pause.ms, undefined, signal === undefined ? {} : { signal });
    else await pollWritable(fd, WAIT_MS, signal);
  }
}
