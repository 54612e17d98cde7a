import type { ExpectedDatagram } from '../../compare/expected.js';
import { UfoError } from '../../errors.js';
import { wallClock } from '../../host/clock.js';
import { PAYLOAD_HEADER_LEN } from '../../payload/generated.js';
import { GeneratedPayloads } from '../../payload/sequence.js';
import { smallestOf } from '../../payload/sizes.js';
import { StreamCounts } from '../../socket/flight/counts.js';
import type { SendSummary } from '../../socket/flight/datagram.js';
import type { ManyOptions, SocketOptions } from '../../socket/options.js';
import { createPacer } from '../../socket/pacing.js';
import { possibleDrivers } from '../../socket/path/choose-driver.js';
import { createSocket, type UfoSocket } from '../../socket/socket.js';
import { createIdentSource, type IdentSource, stretchIdents } from '../../ufo/ident.js';
import { SendFlows, shareOfFlows } from '../common/flows.js';
import { SentLog } from '../common/sent.js';
import type { QueueAnswer, QueueOrder, QueueSetup, QueueShare } from './protocol.js';

/** Between two reports, milliseconds; verdicts wait for them. */
const REPORT_EVERY = 25;

/** One of several senders, in a thread or process of its own: its own socket, memory and device queue. */
export class QueueSender {
  readonly #setup: QueueSetup;
  readonly #socket: UfoSocket;
  readonly #answer: (answer: QueueAnswer) => void;
  /** Being sent. */
  #payloads: GeneratedPayloads | null = null;
  #log: SentLog | null = null;
  #flows: SendFlows | null = null;
  #told: ExpectedDatagram[] = [];
  #sequence: number;
  #stopped = false;

  /** @param answer carries a message to whoever started this sender */
  constructor(setup: QueueSetup, answer: (answer: QueueAnswer) => void) {
    const { index, socket, broadcast } = setup;
    this.#setup = setup;
    this.#answer = answer;
    this.#socket = createSocket({
      ...socket,
      ...(ownQueue(socket) ? { queue: (socket.queue ?? 0) + index } : {}),
      ...(hasIdents(socket) ? { idents: identsOf(setup) } : {}),
    });
    if (broadcast === true) this.#socket.setBroadcast(true);
    this.#socket.on('error', () => undefined); // ICMP errors come to the summary's owner by what fails
    this.#sequence = index;
  }

  /** Opens the way to the destination and says that it is ready. */
  async open(): Promise<void> {
    const { source, destination, flows, index, queues, tells } = this.#setup;
    await this.#guarded(async () => {
      const port = source.ports?.[index] ?? (source.port === 0 ? 0 : source.port + index);
      if (port !== 0 || source.address !== undefined) await this.#socket.bind(port, source.address);
      if (flows) this.#flows = await SendFlows.open(this.#socket, shareOfFlows(flows, index, queues));
      else await this.#socket.connect(destination.port, destination.address);
      const opened = this.#flows;
      const path = await this.#socket.path(opened === null ? {} : destination);
      const pathOf = opened === null ? undefined : (n: number) => opened.pathOf(n);
      if (tells) this.#log = new SentLog(path, (expected) => void this.#told.push(expected), { pathOf });
      const { packets: _, ...plain } = path;
      this.#answer({ type: 'ready', path: plain, flows: opened?.counts ?? [] });
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
    const { size, seed, timestamps } = payload;
    const first = this.#sequence;
    const pacer = rate === undefined ? undefined : createPacer({ rate: rate.perSecond, unit: rate.unit });
    const payloads = new GeneratedPayloads({
      ...{ size, seed, first, step: queues, count },
      clock: timestamps ? wallClock : undefined,
    });
    if (!isLooked(payloads)) this.#log?.beginSeries({ seed, sizes: size, first, step: queues });
    this.#payloads = payloads;
    if (this.#stopped) payloads.stop();
    const counts = new StreamCounts();
    const ending = Number.isFinite(durationMs) ? setTimeout(() => payloads.stop(), durationMs) : undefined;
    const reporting = setInterval(() => this.#report(counts), REPORT_EVERY);
    let summary: SendSummary;
    try {
      summary = await this.#sendThem(payloads, { pacer, counts, flows: this.#flows?.stream });
    } finally {
      clearTimeout(ending);
      clearInterval(reporting);
      this.#report(counts);
      this.#sequence = payloads.next;
    }
    this.#answer({ type: 'sent', summary, flows: this.#flows?.counts ?? null });
  }

  /** Where somebody looks for them, each is told of; what is too short to say what it is, by its octets. */
  #sendThem(payloads: GeneratedPayloads, to: ManyOptions): Promise<SendSummary> {
    const log = this.#log;
    if (log === null) return this.#socket.sendMany(payloads, to);
    const source = isLooked(payloads) ? begun(payloads, log) : payloads;
    return this.#socket.sendMany(source, { ...to, onDatagram: log.sent, onStopped: log.stopped });
  }

  #report({ datagrams, failed, fragments, strayFragments, octets, idents, ways }: StreamCounts): void {
    const counts = { datagrams, failed, fragments, strayFragments, octets, idents, ways };
    this.#answer({ type: 'report', at: Date.now(), counts, told: this.#told });
    this.#told = [];
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

/** Whether somebody has to look at each to know which it is. */
function isLooked({ size }: GeneratedPayloads): boolean {
  return smallestOf(size) < PAYLOAD_HEADER_LEN;
}

/** Each is copied into user pages before the next one is asked for. */
function* begun(payloads: Iterable<Uint8Array>, log: SentLog): Generator<Uint8Array, void> {
  for (const payload of payloads) {
    log.begin(payload);
    yield payload;
  }
}

function identsOf({ index, queues, identKeys, idents }: QueueSetup): IdentSource {
  const share = { index, count: queues };
  return idents === undefined ? createIdentSource(share, identKeys) : stretchIdents({ ...idents, share });
}

/** Whether its driver has a say in identifications at all: an ordinary UDP socket has none. */
function hasIdents(socket: SocketOptions): boolean {
  return possibleDrivers(socket).some(({ honours }) => honours.includes('idents'));
}

/** Whether its driver sends by one queue of the interface, so that each sender needs another. */
function ownQueue(socket: SocketOptions): boolean {
  return possibleDrivers(socket).every(({ honours }) => honours.includes('queue'));
}
