import { setTimeout as sleep } from 'node:timers/promises';
import type { Capture } from '../../capture/capture.js';
import { openCapture } from '../../capture/open-capture.js';
import { UfoError } from '../../errors.js';
import { type Arrival, arrivalHead, encodeArrival } from '../common/arrival.js';
import { arrivedPackets, FragmentWatch, type WatchedDatagram } from './fragment-watch.js';
import type { Sender } from './senders.js';
import type { ReceiveSocket } from './socket.js';
import type { JudgedPayload } from './tally.js';

/** How long a datagram's packets may reach us later than the datagram itself: they come through another process. */
const CAPTURE_LAG_MS = 250;
const POLL_MS = 5;
/** A datagram of which no more came for so long is told as it is. */
const QUIET_MS = 600;

/**
 * Answers a datagram, unless it is such an answer itself, with how it arrived, or how it begins; and tells of those generated of
 * which only a part arrived, as far as a port of their sender is known.
 */
export class Reporter implements AsyncDisposable {
  readonly #socket: ReceiveSocket;
  readonly #watch: FragmentWatch | null;
  readonly #stop: () => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  /** Where a host's datagrams came from last: later fragments name no port. */
  readonly #lastPort = new Map<string, number>();
  /** Datagrams whose packets were told already. */
  readonly #told = new WeakSet<WatchedDatagram>();
  /** Answers that wait for their packets. */
  readonly #underWay = new Set<Promise<void>>();
  #order = 0;
  /** Why no packets can be told of; null where they can. */
  readonly blind: string | null;

  private constructor(
    socket: ReceiveSocket,
    watch: FragmentWatch | null,
    stop: () => Promise<void>,
    blind: string | null,
  ) {
    this.#socket = socket;
    this.#watch = watch;
    this.#stop = stop;
    this.blind = blind;
    this.#timer = setInterval(() => this.#tellParts(), QUIET_MS / 4);
    this.#timer.unref();
  }

  /** Watches the packets themselves where this process may capture. */
  static async start(socket: ReceiveSocket): Promise<Reporter> {
    const { port } = socket;
    try {
      const capture = await openCapture({
        interface: 'any',
        filter: `udp port ${port} or (ip[6:2] & 0x3fff) != 0 or ip6`,
      });
      const watch = new FragmentWatch(port);
      const pump = follow(capture, watch).catch(() => undefined); // the interface went: reports go on without packets
      const stop = async (): Promise<void> => {
        await capture.close();
        await pump;
      };
      return new Reporter(socket, watch, stop, null);
    } catch (error) {
      if (!(error instanceof UfoError)) throw error;
      return new Reporter(socket, null, async () => undefined, error.message);
    }
  }

  /** Answers a datagram that arrived whole, of whose octets nothing is asked after the call. */
  answer(bytes: Uint8Array, sender: Sender, judged: JudgedPayload): Promise<void> {
    const answered = this.#answer(bytes, sender, judged).finally(() => this.#underWay.delete(answered));
    this.#underWay.add(answered);
    return answered;
  }

  async #answer(bytes: Uint8Array, { source, sourcePort }: Sender, judged: JudgedPayload): Promise<void> {
    if (judged.seed === null || judged.sequence === null) {
      this.#tellForeign(bytes, source, sourcePort);
      return;
    }
    const order = this.#order++;
    const { length } = bytes; // all that may be asked of them after a wait
    this.#remember(source, sourcePort);
    const watched = await this.#packetsOf(source, sourcePort, judged.seed, judged.sequence);
    this.#tell({
      seed: judged.seed,
      sequence: judged.sequence,
      length,
      intact: judged.payload === 'good',
      order,
      source,
      sourcePort,
      packets: watched === undefined ? null : arrivedPackets(watched),
    });
  }

  /** What was not generated says nothing of itself: its sender is told how it begins. */
  #tellForeign(bytes: Uint8Array, source: string, sourcePort: number): void {
    const head = arrivalHead(bytes);
    if (head === null) return;
    const told = { seed: -1, sequence: -1, length: bytes.length, intact: null, order: this.#order++ };
    this.#tell({ ...told, source, sourcePort, packets: null, head });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.allSettled(this.#underWay); // none waits longer than CAPTURE_LAG_MS
    await this.#stop();
  }

  async #packetsOf(source: string, port: number, seed: number, sequence: number): Promise<WatchedDatagram | undefined> {
    if (this.#watch === null) return undefined;
    const deadline = performance.now() + CAPTURE_LAG_MS;
    for (;;) {
      const found = this.#watch.find(source, port, seed, sequence);
      if (found !== undefined && isWhole(found)) {
        this.#told.add(found);
        return found;
      }
      if (performance.now() > deadline) return found;
      await sleep(POLL_MS);
    }
  }

  #tellParts(): void {
    for (const datagram of this.#watch?.takeQuiet(performance.now() - QUIET_MS) ?? []) {
      const port = datagram.sourcePort ?? this.#lastPort.get(datagram.source);
      if (port === undefined || this.#told.has(datagram) || isWhole(datagram)) continue;
      const { seed, sequence, source } = datagram;
      const arrival = { seed, sequence, length: null, intact: null, order: null, source, sourcePort: port };
      this.#tell({ ...arrival, packets: arrivedPackets(datagram) });
    }
  }

  #remember(source: string, port: number): void {
    if (this.#lastPort.size >= 1024) this.#lastPort.clear();
    this.#lastPort.set(source, port);
  }

  #tell(arrival: Arrival): void {
    this.#socket.send(encodeArrival(arrival), arrival.source, arrival.sourcePort);
  }
}

function isWhole({ pieces, last, fragmented }: WatchedDatagram): boolean {
  if (!fragmented) return true;
  if (!last) return false;
  let end = 0;
  for (const [offset, len] of [...pieces].sort((a, b) => a[0] - b[0])) {
    if (offset > end) return false;
    end = Math.max(end, offset + len);
  }
  return true;
}

async function follow(capture: Capture, watch: FragmentWatch): Promise<void> {
  for await (const frames of capture) watch.push(frames);
}
