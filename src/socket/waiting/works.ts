import { setImmediate as nextTurn } from 'node:timers/promises';
import { UfoError } from '../../errors.js';

/** What has been begun and not finished, so that closing can wait for it and let nothing new begin. */
export class Works {
  #open = 0;
  readonly #closing = new AbortController();
  #finished: (() => void) | null = null;

  get closing(): boolean {
    return this.closed.aborted;
  }

  /** Aborted once nothing new may begin: ends whatever would wait for its turn. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Nothing that was begun is unfinished. */
  get idle(): boolean {
    return this.#open === 0;
  }

  /** @throws UfoError ERR_SOCKET_DGRAM_NOT_RUNNING, as dgram has it */
  check(): void {
    if (this.closing) throw closedError();
  }

  /** Does one piece of work. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.check();
    return this.hold(work);
  }

  /** As `run`, for the end of something: it is waited for even where it begins after closing has. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#open += 1;
    try {
      return await work();
    } finally {
      this.#open -= 1;
      if (this.#open === 0) this.#finished?.();
    }
  }

  /** Lets nothing new begin; resolves when what was begun is finished. */
  async close(): Promise<void> {
    this.#closing.abort(closedError());
    while (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#finished = resolve;
      });
      await nextTurn(); // what ends of it may have an end of its own to come to
    }
  }
}

function closedError(): UfoError {
  return new UfoError('ERR_SOCKET_DGRAM_NOT_RUNNING', 'the socket is closed');
}
