import type { FaultPlan } from '../../faults/plan.js';
import { wallClock } from '../../host/clock.js';
import { PAYLOAD_HEADER_LEN } from '../../payload/generated.js';
import { GeneratedPayloads } from '../../payload/sequence.js';
import { largestOf, smallestOf } from '../../payload/sizes.js';
import { StreamCounts } from '../../socket/flight/counts.js';
import type { SendResult } from '../../socket/flight/datagram.js';
import type { ManyOptions } from '../../socket/options.js';
import type { PathInfo } from '../../socket/path/info.js';
import type { UfoSocket } from '../../socket/socket.js';
import type { SendFlows } from '../common/flows.js';
import type { Output } from '../common/output.js';
import { checkDatagramSize, checkSize, isRegularFile, payloadCount, payloads } from '../common/payload-source.js';
import type { SaveFile } from '../common/save-file.js';
import type { SentLog } from '../common/sent.js';
import type { EchoCheck } from './echo.js';
import { heldRate } from './held-rate.js';
import { identNotes, sendNotes } from './notes.js';
import type { SendRequest } from './options.js';
import type { SendOutcome } from './report.js';
import { Ended, paced, Turns, untilEnded, whileRoom } from './turns.js';
import { SendWatch } from './watch.js';

/** All that a run of datagrams needs. */
interface SendJob {
  /** Connected. */
  readonly socket: UfoSocket;
  readonly path: PathInfo;
  /** Where there are several: then the socket is not connected. */
  readonly flows: SendFlows | null;
  /** Told of every datagram, where somebody will look for them. */
  readonly log: SentLog | null;
  /** The file that gets it. */
  readonly save: SaveFile | null;
  /** Told when each leaves, where answers are waited for. */
  readonly echo: EchoCheck | null;
  readonly options: SendRequest;
  readonly output: Output;
  /** Aborted: no more datagrams are begun. */
  readonly signal: AbortSignal;
}

/** What became of the datagrams. */
export interface SentOutcome extends Omit<SendOutcome, 'path' | 'flows' | 'wire' | 'echo'> {
  /** The signal ended it before all had gone. */
  readonly cutShort: boolean;
}

interface KnownJob extends SendJob {
  /** Datagrams there will be, as `countOf` has it. */
  readonly known: number | null;
}

/**
 * Sends until the payloads, the time or the signal end it, or something stops it; that is in the outcome, unless it came
 * before the first datagram.
 */
export async function sendAll(job: SendJob): Promise<SentOutcome> {
  const { socket, options, output, signal } = job;
  const tally = new StreamCounts();
  const known = await countOf(options);
  const count = known ?? Number.POSITIVE_INFINITY;
  const watch = new SendWatch(tally, count, options, output);
  const ended = new Ended(options.durationMs);
  const until = AbortSignal.any([signal, ended.signal]);
  const generated = generatedOf(job, count);
  const turns = new Turns();
  const results = new Results(job);
  const pacer = whileRoom(untilEnded(paced(options), until, generated, turns), results.room, until);
  let failure: unknown = null;
  let cutShort = false;
  try {
    const faults = await planOf(options);
    const planned = faults && (job.log?.watched(faults) ?? faults);
    const to = { pacer, signal, plan: planned, counts: tally, flows: job.flows?.stream };
    await sendPayloads({ ...job, known }, generated, results.told(to), until);
  } catch (error) {
    cutShort = signal.aborted;
    if (!cutShort && error !== ended.signal.reason) failure = error;
  } finally {
    ended.stop();
    watch.stop();
  }
  await socket.idle();
  const byTime = ended.signal.aborted;
  const seconds = byTime ? tally.seconds : (turns.seconds ?? tally.seconds);
  if (failure !== null && tally.fragments === 0) throw failure;
  if (known === null || options.plan !== undefined) tellIdents(job, tally, seconds);
  // What stopped it, or a plan that waits, was not the driver's slowness.
  const wish = failure === null && !cutShort && options.plan === undefined ? options.rate : undefined;
  const rate = heldRate(wish, tally, seconds, { ...job.path, byTime });
  return { tally, seconds, rate, failure, cutShort, lost: await socket.lost() };
}

async function planOf({ plan: text }: SendRequest): Promise<FaultPlan | undefined> {
  if (text === undefined) return undefined;
  const { plan } = await import('../../faults/plan.js');
  return plan(text, '--plan');
}

/** Payloads that nobody looks at one by one are not even made: the socket stamps generated ones, and reads a file itself. */
async function sendPayloads(
  job: KnownJob,
  generated: GeneratedPayloads | null,
  to: ManyOptions,
  until: AbortSignal,
): Promise<void> {
  const { socket, log, options } = job;
  const { file, datagramSize } = options;
  // Payloads too short to say what they are have to be looked at.
  const looked = log !== null && smallestOf(generated?.size ?? 0) < PAYLOAD_HEADER_LEN;
  const toEnd = { ...to, signal: until };
  if (looked || to.plan !== undefined) {
    const planned = to.plan === undefined ? to : toEnd; // a plan's delay ends with the time, too
    await socket.sendMany(source(job, generated, until), planned);
  } else if (generated !== null) await sendGenerated(job, generated, toEnd);
  else if (file !== undefined && datagramSize !== undefined && (await isRegularFile(file))) {
    await sendFile(job, file, datagramSize, toEnd);
  } else await socket.sendMany(source(job, null, until), to);
}

/** Payloads that are generated, each of which says when it leaves if it is to; null for others. */
function generatedOf({ options, echo }: SendJob, count: number): GeneratedPayloads | null {
  const { size, seed, timestamps } = options;
  if (size === undefined) return null;
  return new GeneratedPayloads({ size, seed, count, clock: timestamps ? wallClock : undefined, onLeave: echo?.left });
}

async function sendGenerated(job: KnownJob, payloads: GeneratedPayloads, to: ManyOptions): Promise<void> {
  const { socket, log } = job;
  const { size, seed } = payloads;
  checkSize(size, maxLen(job));
  tellNotes(job, largestOf(size));
  log?.beginSeries({ seed, sizes: size });
  await socket.sendMany(payloads, to);
}

async function sendFile(job: KnownJob, file: string, datagramSize: number, to: ManyOptions): Promise<void> {
  const { socket, options } = job;
  const { count = Number.POSITIVE_INFINITY } = options;
  checkDatagramSize(datagramSize, maxLen(job));
  tellNotes(job, datagramSize);
  const length = Math.min(count * datagramSize, Number.MAX_SAFE_INTEGER);
  await socket.sendFile(file, { ...to, datagramSize, length });
}

/** Octets that a datagram carries, whichever way it goes. */
function maxLen({ path, flows }: SendJob): number {
  return flows?.maxPayloadLen ?? path.maxPayloadLen;
}

function tellNotes({ path, options: { rate, plan }, output, known }: KnownJob, octets: number): void {
  const count = plan === undefined ? known : null; // what a plan delays nobody knows before the end
  for (const note of sendNotes({ path, packets: path.packets(octets), octets, count, rate })) {
    output.note(`note: ${note}`);
  }
}

/** What only the end shows, of a source whose length nobody knew. */
function tellIdents({ path, output }: SendJob, { datagrams, fragments, octets }: StreamCounts, seconds: number): void {
  const rate = { unit: 'datagrams', perSecond: datagrams / seconds } as const;
  const packets = Math.ceil(fragments / Math.max(1, datagrams));
  for (const note of identNotes({ path, packets, octets, count: datagrams, rate })) output.note(`note: ${note}`);
}

/** Datagrams there will be; Infinity where only time ends it, null where nobody knows before the end. */
async function countOf(options: SendRequest): Promise<number | null> {
  const timed = options.durationMs !== undefined && options.count === undefined;
  return timed ? Number.POSITIVE_INFINITY : ((await payloadCount(options)) ?? null);
}

async function* source(
  job: KnownJob,
  generated: GeneratedPayloads | null,
  until: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { log, options } = job;
  const end = performance.now() + (options.durationMs ?? Number.POSITIVE_INFINITY);
  let first = true;
  if (generated !== null) checkSize(generated.size, maxLen(job));
  // What is cut up is read until it ends, whatever its size was said to be.
  const count = job.known ?? Number.POSITIVE_INFINITY;
  const wish = options.datagramSize === undefined ? { ...options, count } : options;
  try {
    for await (const payload of generated ?? payloads(wish, maxLen(job), until)) {
      until.throwIfAborted();
      if (performance.now() >= end) return; // a busy loop lets no timer run
      if (first) tellNotes(job, generated === null ? payload.length : largestOf(generated.size));
      first = false;
      log?.begin(payload);
      yield payload;
    }
  } catch (error) {
    throw until.aborted ? until.reason : error; // it may have been waiting for octets when its time was over
  }
}

/** What became of the datagrams, as they come: told to those who look for them, and a line of JSON each where these are asked for. */
class Results {
  readonly #log: SentLog | null;
  readonly #save: SaveFile | null;
  /** Null where nobody reads a line a datagram. */
  readonly #output: Output | null;
  #written: Promise<void> | undefined;

  constructor({ log, save, options: { json }, output }: SendJob) {
    this.#log = log;
    this.#save = save;
    this.#output = json ? output : null;
  }

  /** To be awaited before the next datagram: a slow reader of results, or a slow disk, slows the sender down. Null: nobody reads. */
  get room(): (() => Promise<void> | undefined) | null {
    return this.#save === null && this.#output === null ? null : () => this.#save?.room ?? this.#written;
  }

  /** `to`, and be told where somebody wants to know. */
  told(to: ManyOptions): ManyOptions {
    if (this.#log === null && this.#output === null) return to;
    return { ...to, onDatagram: this.#onDatagram, onStopped: this.#onStopped };
  }

  readonly #onDatagram = (result: SendResult): void => {
    this.#log?.sent(result);
    if (this.#output === null || this.#output.signal.aborted) return;
    this.#written = this.#output.json({ type: 'datagram', ...result });
    this.#written?.catch(() => {}); // told to whoever awaits it next
  };

  readonly #onStopped = (partial: SendResult): void => {
    this.#log?.stopped(partial);
  };
}
