import { setTimeout as sleep } from 'node:timers/promises';
import { UfoError } from '../../errors.js';
import { plan } from '../../faults/plan.js';
import { makePayload } from '../../payload/generated.js';
import type { SendResult } from '../../socket/flight/datagram.js';
import type { SocketOptions } from '../../socket/options.js';
import { createSocket, type UfoSocket } from '../../socket/socket.js';
import { Sightings } from '../common/sightings.js';
import { Answers } from './answers.js';
import { type AnswerKind, type Outcome, type Probe, passed } from './probe.js';
import { ofWait } from './probes.js';
import { Silence } from './silence.js';

/** Where probes go, and how. */
interface ProberOptions {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly driver: SocketOptions['driver'];
  readonly interface?: string | undefined;
}

const PATIENCE_MS = 1_000;
/** Time for an answer to what came late: no longer than to the next one. */
const LATE_PATIENCE_MS = 1_500;

/** A probe whose datagrams were begun. */
interface Late {
  readonly probe: Probe;
  /** Sequence number of the first. */
  readonly first: number;
  /** Those of which all but the last fragment went. */
  readonly begun: readonly { readonly sequence: number; readonly ident: number }[];
  /** What a send failed with. */
  readonly failed: string | null;
}

const ALL_BUT_LAST = plan('drop(last)');
const ONLY_LAST = plan('drop(1, 2)');

/** Sends probes and hears what comes back. Probes with the same headers share a socket, and all stay open until the end. */
export class Prober implements AsyncDisposable {
  readonly #options: ProberOptions;
  readonly #seed = Math.floor(Math.random() * 2 ** 31);
  readonly #sockets = new Map<string, UfoSocket>();
  /** Of the probe under way. Whatever socket an answer comes to: parts without a first fragment name no port of theirs. */
  #answers: Answers | null = null;
  #sequence = 0;
  /** Opened where a question needs it. */
  #sightings: Sightings | null = null;
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
    const silence = probe.name === 'first-only' ? new Silence(await this.#watch(socket, signal)) : null;
    const answers = new Answers(this.#seed, this.#sequence, probe, silence);
    this.#answers = answers;
    const { sent, failed } = await this.#send(socket, probe, silence, signal);
    await answers.wait(sent, probe.patienceMs ?? PATIENCE_MS, signal);
    this.kind ??= answers.kind;
    const { source, sourcePort: port } = await socket.path();
    return { ...answers.outcome(), sent, failed, source: { address: source, port } };
  }

  /**
   * How long the far end waits: of datagrams all but the last fragment go at once, and that one each so many seconds later,
   * until one is not put together any more.
   */
  async askWaits(seconds: readonly number[], signal: AbortSignal): Promise<Outcome[]> {
    const probes = seconds.map(ofWait);
    const socket = await this.#socket({ mtu: probes[0]?.mtu }, signal);
    // One for all, since a host's rate limit may leave out the word about any of them.
    const silence = new Silence(await this.#watch(socket, signal));
    const started = performance.now();
    const opened: Late[] = [];
    for (const probe of probes) opened.push(await this.#open(probe, socket, silence, signal));
    const outcomes: Outcome[] = [];
    for (const [i, late] of opened.entries()) {
      await sleep(started + 1000 * seconds[i]! - performance.now(), undefined, { signal });
      const outcome = await this.#finish(late, socket, signal);
      outcomes.push({ ...outcome, timeExceededMs: silence.endedAfter() });
      if (!passed(outcome)) break;
    }
    return outcomes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using _sightings = this.#sightings; // whatever becomes of the sockets
    await Promise.all([...this.#sockets.values()].map((socket) => socket.close()));
  }

  /** Sends the begin of a probe's datagrams. */
  async #open(probe: Probe, socket: UfoSocket, silence: Silence, signal: AbortSignal): Promise<Late> {
    const first = this.#sequence;
    const begun: Late['begun'][number][] = [];
    let failed: string | null = null;
    for (let i = 0; i < probe.count; i++) {
      const sequence = this.#sequence++;
      const payload = makePayload(probe.size, this.#seed, sequence);
      const sent = await outcomeOf(socket.send(payload, { plan: ALL_BUT_LAST, signal }));
      if (typeof sent === 'string') failed = sent;
      else {
        begun.push({ sequence, ident: sent.ident! });
        silence.began(sent.ident);
      }
    }
    return { probe, first, begun, failed };
  }

  /** Sends the last fragments of what was begun. */
  async #finish(late: Late, socket: UfoSocket, signal: AbortSignal): Promise<Outcome> {
    const { probe, first, begun } = late;
    let { failed } = late;
    const answers = new Answers(this.#seed, first, probe);
    this.#answers = answers;
    let sent = 0;
    for (const { sequence, ident } of begun) {
      const payload = makePayload(probe.size, this.#seed, sequence);
      const result = await outcomeOf(socket.send(payload, { plan: ONLY_LAST, ident, signal }));
      if (typeof result === 'string') failed = result;
      else sent += 1;
    }
    await answers.wait(sent, LATE_PATIENCE_MS, signal);
    const { source, sourcePort: port } = await socket.path();
    return { ...answers.outcome(), sent, failed, source: { address: source, port } };
  }

  async #watch(socket: UfoSocket, signal: AbortSignal): Promise<Sightings> {
    this.#sightings ??= await Sightings.open(await socket.path(), undefined, signal);
    return this.#sightings;
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

  async #send(
    socket: UfoSocket,
    probe: Probe,
    silence: Silence | null,
    signal: AbortSignal,
  ): Promise<{ sent: number; failed: string | null }> {
    const sendPlan = probe.plan === undefined ? undefined : plan(probe.plan);
    let [sent, failed] = [0, null as string | null];
    for (let i = 0; i < probe.count; i++) {
      const payload = makePayload(probe.size, this.#seed, this.#sequence++);
      const result = await outcomeOf(socket.send(payload, { plan: sendPlan, signal }));
      if (typeof result === 'string') failed = result;
      else {
        silence?.began(result.ident);
        sent += 1;
      }
      if (probe.gapMs > 0) await sleep(probe.gapMs, undefined, { signal });
    }
    return { sent, failed };
  }
}

/** What went; or why it did not, as this machine or the network says: too large, refused, no way. */
async function outcomeOf(sending: Promise<SendResult>): Promise<SendResult | string> {
  try {
    return await sending;
  } catch (error) {
    if (!(error instanceof UfoError)) throw error;
    return error.message;
  }
}
