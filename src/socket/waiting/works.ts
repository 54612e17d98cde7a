import { UfoError } from '../../errors.js';

/** What has been begun and not finished, so that closing can wait for it and let nothing new begin. */
export class Works {
  #open = 0;
  #closing = false;
  #finished: (() => void) | null = null;

  get closing(): boolean {
    return this.#closing;
  }

  /** Nothing that was begun is unfinished. */
  get idle(): boolean {
    return this.#open === 0;
  }

  /** @throws UfoError ERR_SOCKET_DGRAM_NOT_RUNNING, as dgram has it */
  check(): void {
    if (this.#closing) throw new UfoError('ERR_SOCKET_DGRAM_NOT_RUNNING', 'the socket is closed');
  }

  /** Does one piece of work. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.check();
    this.#open += 1;
    try {
      return await work();
    } finally {
      this.#open -= 1;
      if (this.#open === 0) this.#finished?.();
    }
  }

  /** Lets nothing new begin; resolves when what was begun is finished. */
  close(): Promise<void> {
    this.#closing = true;
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#finished = resolve;
    });
  }
}
