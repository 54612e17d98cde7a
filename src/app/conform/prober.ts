import { setTimeout as sleep } from 'node:timers/promises';
import type { SocketOptions } from '../../socket/options.js';
import type { PathInfo } from '../../socket/path/info.js';
import { createSocket, type UfoSocket } from '../../socket/socket.js';
import type { DriverName } from '../../tx/net-device.js';
import type { FragmentPlan } from '../../ufo/plan.js';
import type { IcmpAnswer } from '../common/icmp-sighting.js';
import { Sightings } from '../common/sightings.js';
import { type Echo, Echoes } from './echoes.js';

interface ProberOptions {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly driver: DriverName;
  readonly interface?: string | undefined;
  /** A pcap file that gets every frame of the conversation. */
  readonly pcap?: string | undefined;
  readonly signal: AbortSignal;
}

/** What came back for one question, or for several. */
export interface Answer {
  /**
   * Number of the first and the last frame sent for the last of them, in the capture and in the pcap file; null where none was
   * seen.
   */
  readonly frames: readonly [number, number] | null;
  readonly echoes: readonly Echo[];
  readonly icmp: readonly IcmpAnswer[];
}

/** Of everything that a socket sends. */
type Headers = Pick<SocketOptions, 'options'>;

/** A connected socket and the way it goes. */
interface Connected {
  readonly socket: UfoSocket;
  readonly path: PathInfo;
}

const LOOK_EVERY = 10;

/**
 * Asks one receiver by datagrams whose fragments are ours to make, and hears its echoes, and ICMP errors by the capture.
 */
export class Prober implements AsyncDisposable {
  readonly path: PathInfo;
  readonly #options: ProberOptions;
  readonly #socket: UfoSocket;
  readonly #sightings: Sightings;
  /** Of those that share the sightings: it ends them. */
  readonly #isFirst: boolean;
  /** Packets sent under an ident; a plan may have given some another one. */
  readonly #expected = new Map<number, number>();
  readonly #echoes = new Echoes();

  private constructor(options: ProberOptions, { socket, path }: Connected, sightings: Sightings, isFirst: boolean) {
    this.#options = options;
    this.path = path;
    this.#socket = socket;
    this.#sightings = sightings;
    this.#isFirst = isFirst;
    socket.on('error', () => undefined); // ICMP errors are what we ask for; the capture tells them in full
    socket.on('message', (payload: Uint8Array) => this.#echoes.hear(payload));
  }

  /** @throws what opening the socket and the capture throw */
  static async open(options: ProberOptions): Promise<Prober> {
    const end = await connect(options);
    try {
      return new Prober(options, end, await Sightings.open(end.path, options.pcap, options.signal), true);
    } catch (error) {
      await end.socket.close();
      throw error;
    }
  }

  /**
   * Another socket to the same receiver, seen by the same capture: IPv4 options are a socket's, and a delay in a plan holds up
   * whoever stands behind. To be closed before this one.
   */
  async beside(headers: Headers): Promise<Prober> {
    return new Prober(this.#options, await connect(this.#options, headers), this.#sightings, false);
  }

  /** What answers is `receive --report`, and no echo. */
  get reports(): boolean {
    return this.#echoes.reports;
  }

  nextIdent(): number {
    return this.#sightings.nextIdent();
  }

  /** What is asked from now on has idents far from those so far. */
  leapIdents(): void {
    this.#sightings.leapIdents();
  }

  /** Sends a datagram under `ident`, which its payload names as well; how many packets it made. */
  async send(
    payload: Uint8Array,
    ident: number,
    plan?: FragmentPlan,
    signal: AbortSignal = this.#options.signal,
  ): Promise<number> {
    const { fragments } = await this.#socket.send(payload, { ident, plan, signal });
    this.#expected.set(ident, fragments);
    return fragments;
  }

  /**
   * Waits `ms` for answers to the questions under `idents`, or until `enough` of them say so; then what came since `from`
   * (`performance.now()`).
   */
  async answer(
    idents: readonly number[],
    from: number,
    ms: number,
    enough: (answer: Answer) => boolean,
  ): Promise<Answer> {
    for (const end = performance.now() + ms; performance.now() < end; await sleep(LOOK_EVERY)) {
      if (enough(this.#since(idents, from))) break;
    }
    const last = idents.at(-1)!;
    await this.#sightings.seenAll(last, this.#expected.get(last) ?? 0);
    return this.#since(idents, from);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket.close();
    if (this.#isFirst) await this.#sightings[Symbol.asyncDispose]();
  }

  #since(idents: readonly number[], from: number): Answer {
    return {
      frames: this.#sightings.framesOf(idents.at(-1)!),
      echoes: this.#echoes.to(idents, from),
      icmp: this.#sightings.icmp.filter(({ at }) => at >= from),
    };
  }
}

async function connect(options: ProberOptions, headers: Headers = {}): Promise<Connected> {
  const { family, address, port, driver, signal } = options;
  const type = family === 4 ? 'udp4' : 'udp6';
  const socket = createSocket({ type, driver, interface: options.interface, ...headers });
  try {
    await socket.connect(port, address, { signal });
    return { socket, path: await socket.path() };
  } catch (error) {
    await socket.close();
    throw error;
  }
}
