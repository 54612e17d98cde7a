import type { GeneratedPayloads } from '../../payload/sequence.js';
import type { Pacer } from '../../socket/options.js';
import { createPacer } from '../../socket/pacing.js';
import { abortable } from '../../socket/waiting/abortable.js';
import type { SendRequest } from './options.js';

/** A gap makes no bursts; a rate is held on average. */
export function paced({ rate, gapMs }: SendRequest): Pacer | undefined {
  if (gapMs !== undefined) return createPacer({ gap: gapMs * 1000 });
  return rate === undefined ? undefined : createPacer({ rate: rate.perSecond, unit: rate.unit });
}

/** The end of `--duration`, which a wait for the next datagram's turn ends with. */
export class Ended {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(durationMs: number | undefined) {
    if (durationMs !== undefined) this.#timer = setTimeout(() => this.#controller.abort(), durationMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** When datagrams that are paced had their turns. */
export class Turns {
  #first = 0;
  #last = 0;
  #turns = 0;

  readonly note = (): void => {
    this.#last = performance.now();
    if (this.#turns++ === 0) this.#first = this.#last;
  };

  /** From the first turn to the last, and the mean of the time between two for the last one; null for fewer than two. */
  get seconds(): number | null {
    const between = this.#turns - 1;
    if (between < 1 || this.#last === this.#first) return null;
    return ((this.#last - this.#first) / 1000) * (this.#turns / between);
  }
}

/** A pacer whose waits the end of the time ends too; what was made before a wait leaves after it. */
export function untilEnded(
  pacer: Pacer | undefined,
  until: AbortSignal,
  generated: GeneratedPayloads | null,
  turns: Turns,
): Pacer | undefined {
  if (pacer === undefined) return undefined;
  const ready: Pacer['ready'] = (packets, bits) => {
    if (until.aborted) return Promise.reject(until.reason);
    const wait = pacer.ready(packets, bits, until);
    if (wait !== undefined) return wait.then(turns.note);
    turns.note();
    return undefined;
  };
  if (generated === null) return { ready };
  return { ready: (packets, bits) => ready(packets, bits)?.then(generated.leaveNow) };
}

/** A pacer that also waits for `room`: for those who take what was sent, or what became of it, where they are behind. */
export function whileRoom(
  pacer: Pacer | undefined,
  room: (() => Promise<void> | undefined) | null,
  until: AbortSignal,
): Pacer | undefined {
  if (room === null) return pacer;
  const turn: Pacer['ready'] = (packets, bits, signal) => pacer?.ready(packets, bits, signal);
  return {
    ready: (packets, bits, signal) => {
      const wait = room();
      if (wait === undefined) return turn(packets, bits, signal);
      return abortable(wait, until).then(() => turn(packets, bits, signal));
    },
  };
}
