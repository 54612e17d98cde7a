import { CaptureChild } from '../../capture/cap/child.js';
import type { CaptureChildArguments } from '../../capture/cap/child-protocol.js';
import { DEFAULT_BUFFER_SIZE } from '../../capture/cap/engine.js';
import { udpFilter } from '../../capture/filter.js';
import { spawnPrefixFor } from '../../capture/open-capture.js';
import { UfoError } from '../../errors.js';
import { datagramText, summaryText } from '../../verify/report.js';
import type { DatagramVerdict, VerifySummary } from '../../verify/verdict.js';
import { lossHint } from '../capture/capture.js';
import type { ExitCode } from '../common/exit-codes.js';
import type { Output } from '../common/output.js';
import { exitCode } from './file.js';

export interface LiveVerifyOptions {
  readonly interface: string;
  /** BPF; default UDP and its fragments, of `hosts` if given. */
  readonly filter?: string | undefined;
  /** One or two addresses. */
  readonly hosts?: readonly string[] | undefined;
  /** Ends by itself once at least that many datagrams have been judged. */
  readonly datagrams?: number | undefined;
  /** SHA-256 of every payload in its verdict; default true. */
  readonly hash?: boolean | undefined;
  /** Payloads are generated ones: hold each against the seed and sequence in it. */
  readonly generated?: boolean | undefined;
  /** Accept UDP checksum 0 over IPv6 (RFC 6935). */
  readonly allowZeroChecksum6?: boolean | undefined;
  /** A pcap file that gets every frame. */
  readonly write?: string | undefined;
  readonly bufferSize?: number | undefined;
  /** Aborting kills the capture: `verdicts` throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A verification of what passes an interface, in a process of its own. */
export interface LiveVerification extends AsyncDisposable {
  /**
   * Verdicts as they become final (half a second after completion, to count leftovers), then the summary as the return
   * value. Can be read late: they are kept. Throws where the capture failed.
   */
  verdicts(): AsyncGenerator<DatagramVerdict, VerifySummary>;
  /** Judges what was captured so far, gives up what is incomplete, and ends; at most 3 s. Idempotent. */
  stop(): void;
}

/** Resolves once frames are really being captured; rejects as `openCapture`. */
export async function startLiveVerify(options: LiveVerifyOptions): Promise<LiveVerification> {
  const told: CaptureChildArguments = {
    interface: options.interface,
    filter: options.filter ?? udpFilter({ hosts: options.hosts ?? [], vlan: true }),
    bufferSize: options.bufferSize ?? DEFAULT_BUFFER_SIZE,
    mode: 'verdicts',
    hash: options.hash ?? true,
    generated: options.generated ?? false,
    allowZeroChecksum6: options.allowZeroChecksum6 ?? false,
    ...(options.datagrams !== undefined && { datagrams: options.datagrams }),
    ...(options.write !== undefined && { writeFile: options.write }),
  };
  const child = await CaptureChild.start(told, {
    spawnPrefix: spawnPrefixFor(options.interface),
    ...(options.signal && { signal: options.signal }),
  });
  return new ChildVerification(child);
}

class ChildVerification implements LiveVerification {
  readonly #child: CaptureChild;
  readonly #queue: DatagramVerdict[] = [];
  readonly #done: Promise<VerifySummary>;
  #wake: (() => void) | null = null;
  #ended = false;

  constructor(child: CaptureChild) {
    this.#child = child;
    // Read at once and kept: a child whose reader is late would block, and its capture lose frames.
    this.#done = this.#read().finally(() => {
      this.#ended = true;
      this.#wake?.();
    });
    this.#done.catch(() => {}); // thrown out of verdicts()
  }

  async *verdicts(): AsyncGenerator<DatagramVerdict, VerifySummary> {
    for (;;) {
      yield* this.#queue.splice(0);
      if (this.#queue.length > 0) continue;
      if (this.#ended) return this.#done;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  stop(): void {
    this.#child.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#child.closed();
  }

  async #read(): Promise<VerifySummary> {
    let summary: VerifySummary | undefined;
    for await (const message of this.#child.messages()) {
      if (message.type === 'summary') summary = message as VerifySummary;
      else this.#queue.push(message as DatagramVerdict);
      this.#wake?.();
    }
    if (summary === undefined)
      throw new UfoError('ERR_UFO_CAPTURE_DIED', 'the capture process ended without a summary');
    return summary;
  }
}

export interface VerifyLiveCommandOptions extends LiveVerifyOptions {
  readonly durationMs?: number | undefined;
  readonly json: boolean;
}

/** `udp-ufo verify -i IF`: verdicts until the count, the duration or a signal ends it; the exit code of the summary. */
export async function verifyLive(
  options: VerifyLiveCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const running = await startLiveVerify(options);
  const stop = (): void => running.stop();
  const timer = options.durationMs === undefined ? undefined : setTimeout(stop, options.durationMs);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  output.note(`verifying on ${options.interface}`);
  try {
    const verdicts = running.verdicts();
    for (;;) {
      const { value, done } = await verdicts.next();
      await (options.json ? output.json(value) : output.line(done ? summaryText(value) : datagramText(value)));
      if (!done) continue;
      if ((value.captureLost ?? 0) > 0) output.note(lossHint(options.interface));
      return exitCode(value);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    await running[Symbol.asyncDispose]();
  }
}
