import { UfoError } from '../../errors.js';
import { plan } from '../../faults/plan.js';
import { GeneratedPayloads } from '../../payload/sequence.js';
import { StreamCounts } from '../../socket/flight/counts.js';
import type { SendResult } from '../../socket/flight/datagram.js';
import type { ManyOptions } from '../../socket/options.js';
import { createPacer, type Pacer } from '../../socket/pacing.js';
import type { PathInfo } from '../../socket/path/info.js';
import type { UfoSocket } from '../../socket/socket.js';
import type { Output } from '../common/output.js';
import { checkSize, payloadCount, payloads } from '../common/payload-source.js';
import type { WireCheck } from '../common/wire-check.js';
import { sendNotes } from './notes.js';
import type { SendOptions } from './options.js';
import type { SendOutcome } from './report.js';
import { SendWatch } from './watch.js';

/** All that a run of datagrams needs. */
export interface SendJob {
  /** Connected. */
  readonly socket: UfoSocket;
  readonly path: PathInfo;
  readonly wire: WireCheck | null;
  readonly options: SendOptions;
  readonly output: Output;
  /** Aborted: no more datagrams are begun. */
  readonly signal: AbortSignal;
}

/**
 * Sends until the payloads, the time or the signal end it, or something stops it; that is in the outcome, unless it came
 * before the first datagram.
 */
export async function sendAll(job: SendJob): Promise<Omit<SendOutcome, 'path' | 'wire'>> {
  const { socket, options, output, signal } = job;
  const tally = new StreamCounts();
  const count = await countOf(options);
  const watch = new SendWatch(tally, count, options, output);
  const pacer = paced(options);
  const begin = performance.now();
  let failure: unknown = null;
  try {
    const faults = options.plan === undefined ? undefined : plan(options.plan, '--plan');
    await sendPayloads(job, count, { pacer, signal, plan: faults, counts: tally });
  } catch (error) {
    if (!signal.aborted) failure = error;
  } finally {
    watch.stop();
  }
  await socket.idle();
  const seconds = (performance.now() - begin) / 1000;
  const failed = failedOf(failure);
  if (failure !== null && tally.datagrams === 0 && fragmentsOf(failure) === 0) throw failure;
  return { tally, failed, seconds, failure, lost: await socket.lost() };
}

/** Generated payloads that nobody looks at one by one are not even made: the socket stamps them. */
async function sendPayloads(job: SendJob, count: number, to: ManyOptions): Promise<void> {
  const { socket, path, wire, options, output } = job;
  const { size, seed, durationMs, json } = options;
  if (size === undefined || json || wire !== null || to.plan !== undefined) {
    const results = new Results(json ? output : null);
    await socket.sendMany(source(job, count, results), { ...to, ...(json ? { onDatagram: results.add } : {}) });
    return;
  }
  checkSize(size, path.maxPayloadLen);
  tellNotes(job, size, count);
  const payloads = new GeneratedPayloads({ size, seed, count });
  const timer = durationMs === undefined ? undefined : setTimeout(() => payloads.stop(), durationMs);
  try {
    await socket.sendMany(payloads, to);
  } finally {
    clearTimeout(timer);
  }
}

function tellNotes({ path, options, output }: SendJob, octets: number, count: number): void {
  const { rate } = options;
  for (const note of sendNotes({ path, packets: path.packets(octets), octets, count, rate })) {
    output.note(`note: ${note}`);
  }
}

/** A gap makes no bursts; a rate is held on average. */
function paced({ rate, gapMs }: SendOptions): Pacer | undefined {
  if (gapMs !== undefined) return createPacer({ gap: gapMs * 1000 });
  return rate === undefined ? undefined : createPacer({ rate: rate.perSecond, unit: rate.unit });
}

/** Datagrams there will be; Infinity where nobody knows before the end. */
async function countOf(options: SendOptions): Promise<number> {
  const timed = options.durationMs !== undefined && options.count === undefined;
  return timed ? Number.POSITIVE_INFINITY : ((await payloadCount(options)) ?? Number.POSITIVE_INFINITY);
}

async function* source(job: SendJob, count: number, results: Results): AsyncGenerator<Uint8Array, void> {
  const { path, wire, options, signal } = job;
  const end = performance.now() + (options.durationMs ?? Number.POSITIVE_INFINITY);
  let first = true;
  for await (const payload of payloads({ ...options, count }, path.maxPayloadLen)) {
    if (signal.aborted || performance.now() >= end) return;
    if (first) tellNotes(job, payload.length, count);
    first = false;
    wire?.sent.add(payload);
    yield payload;
    await results.written;
  }
}

/** Datagrams taken by the kernel, as they come; each a line of JSON where an output is given. */
class Results {
  readonly #output: Output | null;
  /** To be awaited before the next datagram: a slow reader of the results slows the sender down. */
  written: Promise<void> | undefined;

  constructor(output: Output | null) {
    this.#output = output;
  }

  readonly add = (result: SendResult): void => {
    if (this.#output === null || this.#output.signal.aborted) return;
    this.written = this.#output.json({ type: 'datagram', ...result });
    this.written?.catch(() => {}); // told to whoever awaits it next
  };
}

/** Packets that had gone of the datagram that was stopped. */
function fragmentsOf(failure: unknown): number {
  return failure instanceof UfoError ? (failure.partial?.fragmentsSent ?? 0) : 0;
}

/** Datagrams that were stopped on the way, from the summary that `sendMany` hangs on its error. */
function failedOf(failure: unknown): number {
  const summary: unknown = failure instanceof Error ? Reflect.get(failure, 'summary') : undefined;
  return (summary as { failed: number } | undefined)?.failed ?? 0;
}
