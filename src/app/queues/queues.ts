import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { argumentError, UfoError } from '../../errors.js';
import { programPath } from '../../host/programs.js';
import type { RateWish } from '../../options/parse-rate.js';
import type { SendSummary } from '../../socket/flight/datagram.js';
import { possibleDrivers } from '../../socket/path/choose-driver.js';
import { identKeys } from '../../ufo/ident.js';
import type { FlowCount, FlowPath } from '../common/flows.js';
import { Answers, type QueueReply } from './answers.js';
import type { QueueOrder, QueuePath, QueueReport, QueueSetup, QueueShare } from './protocol.js';

export interface QueueOptions extends Omit<QueueSetup, 'index' | 'identKeys'> {
  readonly signal?: AbortSignal | undefined;
  /** What a sender tells on its way. */
  readonly onReport?: ((index: number, report: QueueReport) => void) | undefined;
}

/** How much all senders together are to send, and how fast; without a count or a time as much as goes until the signal. */
interface QueueWish {
  readonly count?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly rate?: RateWish | undefined;
}

/** What one sender sent. */
export interface QueueResult extends SendSummary {
  readonly flows: readonly FlowCount[] | null;
}

const MOST = 64;

/** A sender elsewhere, whichever way it runs. */
interface Remote {
  readonly post: (order: QueueOrder) => void;
  /** Rejects with its failure, or with `ERR_UFO_QUEUE` where it ended. */
  next(): Promise<QueueReply>;
  end(): Promise<void>;
}

/**
 * Several senders side by side, one a core: each a worker thread (for raw-socket, which lives on a main thread only, a
 * process) with its own socket, memory, device queue and ids. They begin together.
 */
export class QueueSenders implements AsyncDisposable {
  readonly #remotes: readonly Remote[];
  #paths: readonly QueuePath[] = [];
  #flowPaths: readonly FlowPath[] = [];
  /** Lets every sender end with what it has begun. */
  readonly stop = (): void => {
    for (const { post } of this.#remotes) post({ type: 'stop' });
  };
  readonly #signal: AbortSignal | undefined;

  private constructor(remotes: readonly Remote[], signal: AbortSignal | undefined) {
    this.#remotes = remotes;
    this.#signal = signal;
    signal?.addEventListener('abort', this.stop, { once: true });
  }

  /** Resolves when every sender knows its way. @throws UfoError of the first one that does not: ENODEV, EBUSY, EPERM, … */
  static async open({ signal, onReport, ...options }: QueueOptions): Promise<QueueSenders> {
    const { queues, socket } = options;
    if (!Number.isInteger(queues) || queues < 1 || queues > MOST) throw argumentError('queues', queues, `1 … ${MOST}`);
    const shared = { ...options, identKeys: identKeys() };
    const start = possibleDrivers(socket).every(({ inThreads }) => inThreads) ? startThread : startProcess;
    const remotes: Remote[] = [];
    const senders = new QueueSenders(remotes, signal);
    try {
      for (let index = 0; index < queues; index++) {
        const answers = new Answers((report) => onReport?.(index, report));
        remotes.push(start({ ...shared, index }, answers));
      }
      await senders.#ready();
      return senders;
    } catch (error) {
      await senders.close();
      throw error;
    }
  }

  async #ready(): Promise<void> {
    const ready = await Promise.allSettled(this.#remotes.map((remote) => remote.next()));
    const refused = ready.find((one) => one.status === 'rejected');
    if (refused !== undefined) throw refused.reason;
    const answers = ready.flatMap((one) =>
      one.status === 'fulfilled' && one.value.type === 'ready' ? [one.value] : [],
    );
    this.#paths = answers.map(({ path }) => path);
    this.#flowPaths = answers.flatMap(({ flows }) => flows);
  }

  /** The flows of all senders, where there are several. */
  get flowPaths(): readonly FlowPath[] {
    return this.#flowPaths;
  }

  /** The way of each sender. */
  get paths(): readonly QueuePath[] {
    return this.#paths;
  }

  /** One summary a sender. @throws what stopped the first one, when all have ended */
  async send(wish: QueueWish): Promise<QueueResult[]> {
    const ended = await Promise.allSettled(
      this.#remotes.map(async (remote, index) => {
        remote.post(shareOf(wish, index, this.#remotes.length));
        try {
          const answer = await remote.next();
          if (answer.type !== 'sent') throw new UfoError('ERR_UFO_QUEUE', `sender ${index} answered ${answer.type}`);
          return { ...answer.summary, flows: answer.flows };
        } catch (error) {
          this.stop(); // as one sender would: what went is told at once
          throw error;
        }
      }),
    );
    return ended.map((one) => {
      if (one.status === 'rejected') throw one.reason;
      return one.value;
    });
  }

  /** Lets every sender close its socket, and ends it. Idempotent. */
  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.stop);
    await Promise.all(this.#remotes.map((remote) => remote.end()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Its part of a count, the first ones one more where it does not divide; its part of a rate. */
export function shareOf({ count, durationMs, rate }: QueueWish, index: number, queues: number): QueueShare {
  return {
    type: 'send',
    count: count === undefined ? Number.POSITIVE_INFINITY : Math.ceil((count - index) / queues),
    durationMs: durationMs ?? Number.POSITIVE_INFINITY,
    rate: rate === undefined ? undefined : { ...rate, perSecond: rate.perSecond / queues },
  };
}

function startThread(setup: QueueSetup, answers: Answers): Remote {
  const worker = new Worker(programPath('queue-worker'), { workerData: setup });
  worker.on('message', answers.take);
  worker.on('error', ({ message }) => answers.end(message));
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      answers.end('its thread ended');
      resolve();
    });
  });
  return {
    post: (order) => worker.postMessage(order),
    next: () => answers.next(),
    async end() {
      worker.postMessage({ type: 'close' } satisfies QueueOrder);
      await ended;
    },
  };
}

/** Structured clone keeps typed arrays and Infinity. It dies with its channel, and so with this process. */
function startProcess(setup: QueueSetup, answers: Answers): Remote {
  const child = fork(programPath('queue-worker'), [], { serialization: 'advanced' });
  child.on('message', answers.take);
  const ended = new Promise<void>((resolve) => {
    child.on('error', ({ message }) => {
      answers.end(message);
      if (child.pid === undefined) resolve(); // it never was, and nothing else tells of its end
    });
    child.on('exit', (code, signal) => {
      answers.end(`its process ended (${code ?? signal})`);
      resolve();
    });
  });
  const post = (message: QueueOrder | QueueSetup): void => {
    if (child.connected) child.send(message, () => undefined); // what fails shows as its end
  };
  post(setup);
  return {
    post,
    next: () => answers.next(),
    async end() {
      post({ type: 'close' });
      await ended;
    },
  };
}
