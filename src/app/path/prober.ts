import { setTimeout as sleep } from 'node:timers/promises';
import { IcmpError } from '../../companion/icmp-error.js';
import { UfoError } from '../../errors.js';
import { plan } from '../../faults/plan.js';
import { inspectPayload, makePayload } from '../../payload/generated.js';
import type { SocketOptions } from '../../socket/options.js';
import { createSocket, type UfoSocket } from '../../socket/socket.js';
import { type Arrival, parseArrival } from '../common/arrival.js';
import type { AnswerKind, Outcome, Probe } from './probe.js';

/** Where probes go, and how. */
export interface ProberOptions {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly driver: SocketOptions['driver'];
  readonly interface?: string | undefined;
}

const PATIENCE_MS = 1_000;
const ICMP_TIME_EXCEEDED = 11;
const ICMP6_TIME_EXCEEDED = 3;
const REASSEMBLY = 1;

/** Sends probes and hears what comes back. Probes with the same headers share a socket, and all stay open until the end. */
export class Prober implements AsyncDisposable {
  readonly #options: ProberOptions;
  readonly #seed = Math.floor(Math.random() * 2 ** 31);
  readonly #sockets = new Map<string, UfoSocket>();
  /** Of the probe under way. Whatever socket an answer comes to: parts without a first fragment name no port of theirs. */
  #answers: Answers | null = null;
  #sequence = 0;
  /** Known from the first answer on. */
  kind: AnswerKind | null = null;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** MTU of the way out as the kernel knows it before anything was sent, octets. */
  async mtu(signal: AbortSignal): Promise<number> {
    return (await (await this.#socket({}, signal)).path()).mtu;
  }

  async ask(probe: Probe, signal: AbortSignal): Promise<Outcome> {
    const { mtu, ttl, dontFragment, options, extensionHeaders } = probe;
    const socket = await this.#socket({ mtu, ttl, dontFragment, options, extensionHeaders }, signal);
    const answers = new Answers(this.#seed, this.#sequence, probe);
    this.#answers = answers;
    const { sent, failed } = await this.#send(socket, probe, signal);
    await answers.wait(sent, probe.patienceMs ?? PATIENCE_MS, signal);
    this.kind ??= answers.kind;
    const { source, sourcePort: port } = await socket.path();
    return { ...answers.outcome(), sent, failed, source: { address: source, port } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sockets.values()].map((socket) => socket.close()));
  }

  async #socket(headers: Partial<SocketOptions>, signal: AbortSignal): Promise<UfoSocket> {
    const key = JSON.stringify(headers);
    const open = this.#sockets.get(key);
    if (open !== undefined) return open;
    const { family, driver, interface: name, port, address } = this.#options;
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', driver, interface: name, ...headers });
    this.#sockets.set(key, socket);
    socket.on('message', (payload) => this.#answers?.message(payload));
    socket.on('error', (error) => this.#answers?.error(error));
    await socket.connect(port, address, { signal });
    return socket;
  }

  async #send(socket: UfoSocket, probe: Probe, signal: AbortSignal): Promise<{ sent: number; failed: string | null }> {
    const sendPlan = probe.plan === undefined ? undefined : plan(probe.plan);
    let [sent, failed] = [0, null as string | null];
    for (let i = 0; i < probe.count; i++) {
      const payload = makePayload(probe.size, this.#seed, this.#sequence++);
      try {
        await socket.send(payload, { plan: sendPlan, signal });
        sent += 1;
      } catch (error) {
        if (!(error instanceof UfoError)) throw error;
        failed = error.message;
      }
      if (probe.gapMs > 0) await sleep(probe.gapMs, undefined, { signal });
    }
    return { sent, failed };
  }
}

/** What comes back to one probe. */
class Answers {
  readonly #seed: number;
  readonly #first: number;
  readonly #probe: Probe;
  readonly #started = performance.now();
  /** Answers by datagram. */
  readonly #heard = new Map<number, number>();
  readonly #arrivals: Arrival[] = [];
  readonly #orders: number[] = [];
  readonly #tooBig = new Map<number, string | null>();
  #refused = 0;
  #damaged = 0;
  #timeExceededMs: number | null = null;
  kind: AnswerKind | null = null;

  constructor(seed: number, first: number, probe: Probe) {
    this.#seed = seed;
    this.#first = first;
    this.#probe = probe;
  }

  message(payload: Uint8Array): void {
    const arrival = parseArrival(payload);
    if (arrival !== null) this.#report(arrival);
    else this.#echo(payload);
  }

  error(error: unknown): void {
    if (!(error instanceof IcmpError)) return;
    const { icmpType: type, icmpCode: code } = error;
    if (error.code === 'ECONNREFUSED') {
      this.kind ??= 'closed-port';
      this.#refused += 1;
    } else if (error.mtu !== null) this.#tooBig.set(error.mtu, error.offender);
    else if ((type === ICMP_TIME_EXCEEDED || type === ICMP6_TIME_EXCEEDED) && code === REASSEMBLY) {
      this.#timeExceededMs ??= performance.now() - this.#started;
    }
  }

  /** Until all are answered for, or the patience is at its end; a little longer for what comes twice. */
  async wait(sent: number, patienceMs: number, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + patienceMs;
    const done = (): boolean => this.#arrived() >= sent || this.#timeExceededMs !== null;
    while (!done() && performance.now() < deadline) await sleep(10, undefined, { signal });
    await sleep(50, undefined, { signal });
  }

  outcome(): Omit<Outcome, 'sent' | 'failed' | 'source'> {
    const extra = [...this.#heard.values()].reduce((sum, times) => sum + times - 1, 0);
    return {
      probe: this.#probe,
      arrived: this.#arrived(),
      extra,
      damaged: this.#damaged,
      overtaken: this.#orders.filter((order, i) => this.#orders.some((other, j) => j > i && other < order)).length,
      arrivals: this.#arrivals,
      tooBig: [...this.#tooBig].map(([mtu, by]) => ({ mtu, by })),
      timeExceededMs: this.#timeExceededMs,
    };
  }

  #arrived(): number {
    return Math.max(this.#heard.size, Math.min(this.#refused, this.#probe.count));
  }

  #report(arrival: Arrival): void {
    const index = arrival.sequence - this.#first;
    const ours = arrival.seed === this.#seed && index >= 0 && index < this.#probe.count;
    // A part without its first fragment names no datagram; the port says that it is one of ours.
    if (!ours && arrival.length !== null) return;
    this.kind ??= 'report';
    this.#arrivals.push(arrival);
    if (arrival.length === null) return;
    this.#note(index);
    if (arrival.intact === false) this.#damaged += 1;
    if (arrival.order !== null) this.#orders[index] ??= arrival.order;
  }

  #echo(payload: Uint8Array): void {
    const told = inspectPayload(payload);
    if (told === null || told.seed !== this.#seed) return;
    const index = told.sequence - this.#first;
    if (index < 0 || index >= this.#probe.count) return;
    this.kind ??= 'echo';
    if (told.firstWrong >= 0) this.#damaged += 1;
    this.#note(index);
  }

  #note(index: number): void {
    this.#heard.set(index, (this.#heard.get(index) ?? 0) + 1);
  }
}
