import { UfoError } from '../../errors.js';
import { GeneratedPayloads } from '../../payload/sequence.js';
import type { SocketOptions } from '../../socket/options.js';
import { createPacer } from '../../socket/pacing.js';
import { possibleDrivers } from '../../socket/path/choose-driver.js';
import { createSocket, type UfoSocket } from '../../socket/socket.js';
import { createIdentSource } from '../../ufo/ident.js';
import type { QueueAnswer, QueueOrder, QueueSetup, QueueShare } from './protocol.js';

/** One of several senders, in a thread or process of its own: its own socket, memory and device queue. */
export class QueueSender {
  readonly #setup: QueueSetup;
  readonly #socket: UfoSocket;
  readonly #answer: (answer: QueueAnswer) => void;
  /** Being sent. */
  #payloads: GeneratedPayloads | null = null;
  #sequence: number;
  #stopped = false;

  /** @param answer carries a message to whoever started this sender */
  constructor(setup: QueueSetup, answer: (answer: QueueAnswer) => void) {
    const { index, queues, identKeys, socket } = setup;
    this.#setup = setup;
    this.#answer = answer;
    this.#socket = createSocket({
      ...socket,
      ...(ownQueue(socket) ? { queue: (socket.queue ?? 0) + index } : {}),
      idents: createIdentSource({ index, count: queues }, identKeys),
    });
    this.#socket.on('error', () => undefined); // ICMP errors come to the summary's owner by what fails
    this.#sequence = index;
  }

  /** Opens the way to the destination and says that it is ready. */
  async open(): Promise<void> {
    const { index, source, destination } = this.#setup;
    await this.#guarded(async () => {
      const port = source.port === 0 ? 0 : source.port + index;
      if (port !== 0 || source.address !== undefined) await this.#socket.bind(port, source.address);
      await this.#socket.connect(destination.port, destination.address);
      this.#answer({ type: 'ready' });
    });
  }

  async obey(order: QueueOrder): Promise<void> {
    if (order.type === 'stop') this.#stop();
    else if (order.type === 'close') await this.#socket.close();
    else await this.#guarded(() => this.#send(order));
  }

  #stop(): void {
    this.#stopped = true;
    this.#payloads?.stop();
  }

  async #send({ count, durationMs, rate }: QueueShare): Promise<void> {
    const { queues, payload } = this.#setup;
    const pacer = rate === undefined ? undefined : createPacer({ rate: rate.perSecond, unit: rate.unit });
    const payloads = new GeneratedPayloads({ ...payload, first: this.#sequence, step: queues, count });
    this.#payloads = payloads;
    if (this.#stopped) payloads.stop();
    const timer = Number.isFinite(durationMs) ? setTimeout(() => payloads.stop(), durationMs) : undefined;
    const begin = performance.now();
    try {
      const summary = await this.#socket.sendMany(payloads, { pacer });
      this.#answer({ type: 'sent', summary, seconds: (performance.now() - begin) / 1000 });
    } finally {
      clearTimeout(timer);
      this.#sequence = payloads.next;
    }
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { message } = error as Error;
      const known = error instanceof UfoError ? error : null;
      this.#answer({
        type: 'failed',
        code: known?.code ?? 'ERR_UFO_QUEUE',
        message,
        hint: known?.hint,
        argument: known?.argument,
      });
    }
  }
}

/** Whether its driver sends by one queue of the interface, so that each sender needs another. */
function ownQueue(socket: SocketOptions): boolean {
  return possibleDrivers(socket).every(({ honours }) => honours.includes('queue'));
}
