import { DEFAULT_BUFFER_SIZE } from '../../capture/child/capture.js';
import { CaptureChild } from '../../capture/child/process.js';
import type { CaptureChildArguments, Engine } from '../../capture/child/protocol.js';
import { udpFilters } from '../../capture/filter.js';
import { spawnPrefixFor } from '../../capture/open-capture.js';
import type { Direction } from '../../capture/record-sink.js';
import { UfoError } from '../../errors.js';
import { dropPrivileges } from '../../host/drop-privileges.js';
import { type Comparer, Recount } from '../../verify/recount.js';
import type { DatagramVerdict, VerifySummary } from '../../verify/verdict.js';
import { lossHint } from '../capture/capture.js';
import { endWith } from '../common/end-with.js';
import { type ExitCode, verdictExitCode } from '../common/exit-codes.js';
import { LiveFile } from '../common/live-file.js';
import { openUntilStopped } from '../common/open-until-stopped.js';
import type { Output } from '../common/output.js';
import { comparedSummary, type ExpectOptions, expectationOf } from './expect.js';
import { Explainer } from './explainer.js';
import { VerifyPage } from './page.js';

interface LiveVerifyOptions {
  readonly interface: string;
  /** BPF; default UDP and its fragments, of `hosts` if given. */
  readonly filter?: string | undefined;
  /** One or two addresses. */
  readonly hosts?: readonly string[] | undefined;
  /** Only datagrams from or to this UDP port are told of and counted. */
  readonly port?: number | undefined;
  /** Ends by itself once so many datagrams have been judged. */
  readonly datagrams?: number | undefined;
  /** SHA-256 of every payload in its verdict; default true. */
  readonly hash?: boolean | undefined;
  /** Good datagrams are only counted, where nobody compares them with what was sent. */
  readonly quiet?: boolean | undefined;
  /** What was sent, to hold the verdicts against; they carry what the packets said then (`seen`). */
  readonly expect?: Comparer | undefined;
  /** They carry it anyway. */
  readonly sightings?: boolean | undefined;
  /** Accept UDP checksum 0 over IPv6 (RFC 6935). */
  readonly allowZeroChecksum6?: boolean | undefined;
  /** What is not computed yet is bad, and what was not looked at is inconclusive. */
  readonly strict?: boolean | undefined;
  /** A capture file that gets every frame: pcap, or pcapng where its name ends so. */
  readonly write?: string | undefined;
  /** With a pcapng file: a comment on the first frame of every datagram. */
  readonly comments?: boolean | undefined;
  readonly bufferSize?: number | undefined;
  /** Default `auto`: libpcap, and npm cap where that cannot be loaded. */
  readonly engine?: Engine | 'auto' | undefined;
  /** Only what comes in, or goes out; default both. */
  readonly direction?: Direction | undefined;
  /** Aborting ends the opening, too, of a FIFO that nobody reads, and kills the capture: `verdicts` throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A verification of what passes an interface, in a process of its own. */
export interface LiveVerification extends AsyncDisposable {
  /**
   * Verdicts as they become final (half a second after completion, to count leftovers), then the summary as the return
   * value. Can be read late: some thousands are kept; beyond, the capture waits for its reader, and counts what it loses.
   * Throws where the capture failed.
   */
  verdicts(): AsyncGenerator<DatagramVerdict, VerifySummary>;
  /** What had been judged when the file failed of which `verdicts` throws. */
  readonly soFar: VerifySummary | undefined;
  /**
   * The command has succeeded, and the verdicts have ended: a file without frames is put in place too. Without it what stood
   * there stays until frames come. @throws UfoError of the system
   */
  keepFile(): Promise<void>;
  /** Judges what was captured so far, gives up what is incomplete, and ends; at most 3 s. Idempotent. */
  stop(): void;
}

/** Resolves once frames are really being captured; rejects as `openCapture`, and where the file cannot be written. */
export async function startLiveVerify(options: LiveVerifyOptions): Promise<LiveVerification> {
  const { write, comments, signal } = options;
  const file = write === undefined ? null : await LiveFile.open(write, comments, signal);
  try {
    const child = await CaptureChild.start(toldOf(options, file), {
      spawnPrefix: spawnPrefixFor(options.interface),
      ...(signal && { signal }),
      ...file?.childOptions,
    });
    return new ChildVerification(child, file, options);
  } catch (error) {
    await file?.[Symbol.asyncDispose]();
    throw error;
  }
}

function toldOf(options: LiveVerifyOptions, file: LiveFile | null): CaptureChildArguments {
  const { filter, engine, direction } = options;
  return {
    interface: options.interface,
    ...(filter === undefined ? udpFilters({ hosts: options.hosts ?? [] }) : { filter }),
    ...(engine !== undefined && { engine }),
    ...(direction !== undefined && { direction }),
    bufferSize: options.bufferSize ?? DEFAULT_BUFFER_SIZE,
    mode: 'verdicts',
    hash: options.hash ?? true,
    tellGood: !options.quiet || options.expect !== undefined,
    sightings: options.sightings ?? options.expect !== undefined,
    allowZeroChecksum6: options.allowZeroChecksum6 || (options.expect?.allowsZeroChecksum ?? false),
    strict: options.strict ?? false,
    ...(options.port !== undefined && { port: options.port }),
    ...(options.datagrams !== undefined && { datagrams: options.datagrams }),
    ...(file !== null && { file: file.wish }),
  };
}

/** Verdicts that are kept for a late reader. */
const MOST_QUEUED = 8_192;

class ChildVerification implements LiveVerification {
  readonly #child: CaptureChild;
  readonly #interface: string;
  readonly #file: LiveFile | null;
  readonly #recount: Recount | undefined;
  readonly #strict: boolean;
  readonly #queue: DatagramVerdict[] = [];
  readonly #done: Promise<VerifySummary>;
  #summary: VerifySummary | undefined;
  #wake: (() => void) | null = null;
  #room: (() => void) | null = null;
  #ended = false;
  #stopping = false;

  constructor(child: CaptureChild, file: LiveFile | null, { interface: name, expect, strict }: LiveVerifyOptions) {
    this.#strict = strict ?? false;
    this.#child = child;
    this.#interface = name;
    this.#file = file;
    this.#recount = expect && new Recount(expect);
    // Read at once and kept, up to a bound: a child whose reader is late blocks, and its capture loses frames.
    this.#done = this.#read().finally(() => {
      this.#ended = true;
      this.#wake?.();
    });
    this.#done.catch(() => {}); // thrown out of verdicts()
  }

  async *verdicts(): AsyncGenerator<DatagramVerdict, VerifySummary> {
    for (;;) {
      const verdicts = this.#queue.splice(0);
      this.#room?.();
      yield* verdicts;
      if (this.#queue.length > 0) continue;
      if (this.#ended) return this.#done;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  get soFar(): VerifySummary | undefined {
    return this.#summary;
  }

  async keepFile(): Promise<void> {
    await this.#file?.finish(this.#interface, this.#child);
  }

  stop(): void {
    this.#stopping = true;
    this.#room?.();
    this.#child.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#child.closed();
    await this.#file?.[Symbol.asyncDispose]();
  }

  #take(verdict: DatagramVerdict): void {
    this.#queue.push(this.#recount?.take(verdict) ?? verdict);
  }

  /** Once the capture is being stopped only so much comes as was already judged. */
  async #untilRoom(): Promise<void> {
    while (this.#queue.length >= MOST_QUEUED && !this.#stopping) {
      await new Promise<void>((resolve) => {
        this.#room = resolve;
      });
    }
  }

  async #read(): Promise<VerifySummary> {
    for await (const message of this.#child.messages()) {
      if (message.type === 'summary') this.#summary = message as VerifySummary;
      else this.#take(message as DatagramVerdict);
      this.#wake?.();
      await this.#untilRoom();
    }
    if (this.#summary === undefined)
      throw new UfoError('ERR_UFO_CAPTURE_DIED', 'the capture process ended without a summary');
    return this.#recount?.summary(this.#summary, this.#strict) ?? this.#summary;
  }
}

interface VerifyLiveCommandOptions extends Omit<LiveVerifyOptions, 'expect' | 'sightings'>, ExpectOptions {
  readonly durationMs?: number | undefined;
  readonly json: boolean;
  /** A file for a page of it all. */
  readonly html?: string | undefined;
}

/** `udp-ufo verify -i IF`: verdicts until the count, the duration or a signal ends it; the exit code of the summary. */
export async function verifyLive(
  options: VerifyLiveCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const expect = await expectationOf(options, signal, options.interface);
  await using page = await VerifyPage.open(options.html, signal);
  const { quiet, html, hash = false } = options;
  const told = { quiet: quiet && html === undefined, hash: hash || (expect?.wantsHash ?? false) };
  await using running = await openUntilStopped(signal, (opening) =>
    startLiveVerify({ ...options, expect, ...told, signal: opening }),
  );
  dropPrivileges();
  using _ = endWith(signal, options.durationMs, () => running.stop());
  output.note(`verifying on ${options.interface}`);
  const print = (text: string, value: object): Promise<void> | undefined =>
    options.json ? output.json(value) : output.line(text);
  try {
    const verdicts = running.verdicts();
    const explainer = new Explainer();
    for (;;) {
      const { value, done } = await verdicts.next();
      if (!done) {
        page?.add([value]);
        if (!quiet || value.verdict !== 'good') await print(explainer.text(value), value);
        continue;
      }
      await print(...comparedSummary(value, expect));
      if ((value.captureLost ?? 0) > 0) output.note(lossHint(options.interface));
      await page?.write('udp-ufo verify', options.interface, value, expect?.result(value)); // told before: a disk may be full
      await running.keepFile();
      return verdictExitCode(value.verdict);
    }
  } catch (error) {
    if (running.soFar !== undefined) await print(...comparedSummary(running.soFar, expect));
    throw error;
  }
}
