import type { RemoteInfo, Socket } from 'node:dgram';
import { wallClock } from '../../host/clock.js';
import { dropPrivileges } from '../../host/invoking-user.js';
import {
  diffKernelCounters,
  explainLosses,
  type KernelCounters,
  type KernelLoss,
  readKernelCounters,
} from '../../host/kernel-counters.js';
import { sha256 } from '../../payload/sha256.js';
import { EXIT, type ExitCode } from '../common/exit-codes.js';
import { counted } from '../common/figures.js';
import type { Output } from '../common/output.js';
import { delayText } from './delay.js';
import { Reporter } from './reporter.js';
import { openReceiveSocket } from './socket.js';
import { type DatagramStore, openStore } from './store.js';
import { type ReceiveFigures, ReceiveTally } from './tally.js';

export interface ReceiveOptions {
  readonly port: number;
  /** Default `::`, which takes both families. */
  readonly address: string;
  /** To join a group by, where the address is one. */
  readonly interface?: string | undefined;
  /** Sends every datagram back to where it came from. */
  readonly echo: boolean;
  /** Answers every generated datagram with how it arrived (`Arrival`), for `udp-ufo path` and `conform`. */
  readonly report: boolean;
  /** A line on stderr every so many ms. */
  readonly intervalMs?: number | undefined;
  /** Ends after that many datagrams. */
  readonly count?: number | undefined;
  /** Ends after that long without a datagram, ms. */
  readonly timeoutMs?: number | undefined;
  /** A folder (an existing one, or with `/` at the end) for a file per datagram, or one file for all payloads in order. */
  readonly write?: string | undefined;
  readonly bufferSize: number;
  readonly json: boolean;
}

/** What `receive` came to, as `--json` prints it last. */
export interface ReceiveSummary extends ReceiveFigures {
  readonly type: 'summary';
  /** From the first datagram to the last. */
  readonly seconds: number;
  readonly datagramsPerSecond: number | null;
  readonly bitsPerSecond: number | null;
  readonly recvBufferSize: number;
  /** What this host's kernel says was lost meanwhile, and where. */
  readonly losses: readonly KernelLoss[];
}

/** Less than this is what a burst of a few large datagrams overruns. */
const SMALL_BUFFER = 4 * 1024 * 1024;

/**
 * `udp-ufo receive`: a plain UDP socket that counts, judges generated payloads and says what was lost and where. Exit code
 * 1 for a wrong payload, 4 where datagrams are missing or the count was not reached.
 */
export async function receive(wishes: ReceiveOptions, output: Output, signal: AbortSignal): Promise<ExitCode> {
  await using store = wishes.write === undefined ? null : await openStore(wishes.write, signal);
  const toStdout = store?.toStdout ?? false; // then nothing else goes there
  const options = { ...wishes, json: wishes.json && !toStdout };
  const before = readKernelCounters();
  const { socket, recvBufferSize } = await openReceiveSocket(
    options.address,
    options.port,
    options.bufferSize,
    options.interface,
  );
  await announce(socket, recvBufferSize, options, output);
  const reporter = options.report ? await Reporter.start(socket) : null;
  if (reporter?.blind) output.note(`reports tell nothing of packets, only of datagrams: ${reporter.blind}`);
  dropPrivileges();
  const run = new ReceiveRun(options, socket, output, store, reporter);
  let failure: unknown = null;
  try {
    await run.untilEnd(signal);
    if (run.received || !signal.aborted) await store?.finish(); // what stood there stays where nothing came
  } catch (error) {
    failure = error; // told after what was done until then
  }
  await reporter?.[Symbol.asyncDispose]();
  socket.close();
  const summary = run.summary(recvBufferSize, before);
  if (toStdout) output.note(summaryLine(summary));
  else if (!output.signal.aborted) await (options.json ? output.json(summary) : output.line(summaryLine(summary)));
  if (failure !== null) throw failure;
  return exitCode(summary, options);
}

async function announce(
  socket: Socket,
  recvBufferSize: number,
  { json, bufferSize }: ReceiveOptions,
  output: Output,
): Promise<void> {
  const { address, port } = socket.address();
  if (json) await output.json({ type: 'listening', address, port, recvBufferSize });
  else output.note(`listening on ${address.includes(':') ? `[${address}]` : address}:${port}`);
  if (recvBufferSize >= Math.min(bufferSize, SMALL_BUFFER)) return;
  const wanted = `sysctl -w net.core.rmem_max=${bufferSize}`;
  output.note(`the receive buffer is only ${recvBufferSize} octets: bursts of large datagrams will be lost; ${wanted}`);
}

class ReceiveRun {
  readonly #options: ReceiveOptions;
  readonly #socket: Socket;
  readonly #output: Output;
  readonly #store: DatagramStore | null;
  readonly #reporter: Reporter | null;
  readonly #tally = new ReceiveTally();
  readonly #end: Promise<void>;
  #finish: () => void = () => {};
  #fail: (error: unknown) => void = () => {};
  #datagrams = 0;
  #firstAt = 0;
  #lastAt = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(
    options: ReceiveOptions,
    socket: Socket,
    output: Output,
    store: DatagramStore | null,
    reporter: Reporter | null,
  ) {
    this.#options = options;
    this.#socket = socket;
    this.#output = output;
    this.#store = store;
    this.#reporter = reporter;
    this.#end = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    socket.on('message', (bytes, from) => this.#message(bytes, from));
    // ECONNREFUSED of an echo's receiver and the like: no reason to stop.
    socket.on('error', (error) => output.note(`receive: ${error.message}`));
    this.#rearm();
  }

  get received(): boolean {
    return this.#datagrams > 0;
  }

  async untilEnd(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', this.#finish, { once: true });
    if (signal.aborted) this.#finish();
    const { intervalMs } = this.#options;
    const ticker = intervalMs === undefined ? undefined : setInterval(() => this.#report(), intervalMs);
    try {
      await this.#end;
    } finally {
      clearInterval(ticker);
      clearTimeout(this.#idle);
      signal.removeEventListener('abort', this.#finish);
      this.#socket.removeAllListeners('message');
    }
  }

  summary(recvBufferSize: number, before: KernelCounters): ReceiveSummary {
    const figures = this.#tally.figures;
    const seconds = Math.max(0, this.#lastAt - this.#firstAt) / 1000;
    // The first datagram starts the clock, so it is not part of the rate.
    const rate = (sum: number) => (seconds > 0 ? Math.round(sum / seconds) : null);
    return {
      type: 'summary',
      ...figures,
      seconds,
      datagramsPerSecond: rate(figures.datagrams - 1),
      bitsPerSecond: rate(figures.octets * 8 * (1 - 1 / Math.max(1, figures.datagrams))),
      recvBufferSize,
      losses: explainLosses(diffKernelCounters(before, readKernelCounters())),
    };
  }

  #message(bytes: Buffer, from: RemoteInfo): void {
    const cameAt = wallClock();
    const source = from.address.replace(/^::ffff:(?=\d+\.)/, '');
    this.#lastAt = performance.now();
    if (this.#datagrams++ === 0) this.#firstAt = this.#lastAt;
    const judged = this.#tally.add(bytes, `${source} ${from.port}`, cameAt);
    if (this.#options.echo) this.#socket.send(bytes, from.port, from.address);
    this.#reporter?.answer(bytes, source, from, judged).catch(this.#fail);
    if (this.#store) this.#settle(this.#store.put(bytes));
    if (this.#options.json) {
      const told = { source, sourcePort: from.port, length: bytes.length, sha256: sha256(bytes) };
      const line = { type: 'datagram', ...told, ...judged };
      this.#settle(this.#output.json(line));
    } else if (judged.payload === 'bad') this.#output.note(`${source}:${from.port}: ${judged.mismatch}`);
    if (this.#datagrams === this.#options.count) this.#finish();
    this.#idle?.refresh();
  }

  /** Hears of a failed write, and of a reader that has gone. */
  #settle(written: Promise<void> | undefined): void {
    written?.catch(this.#fail);
  }

  #rearm(): void {
    if (this.#options.timeoutMs !== undefined) this.#idle = setTimeout(this.#finish, this.#options.timeoutMs);
  }

  #report(): void {
    const { datagrams, octets, bad, missing } = this.#tally.figures;
    this.#output.note(`${counted(datagrams, 'datagram')}, ${counted(octets, 'octet')}, ${bad} bad, ${missing} missing`);
  }
}

/** As every comparison of sent and seen: wrong or doubled is bad, missing is inconclusive, and order is told. */
function exitCode(
  { bad, missing, duplicates, datagrams, losses }: ReceiveSummary,
  { count }: ReceiveOptions,
): ExitCode {
  if (bad > 0 || duplicates > 0) return EXIT.verificationFailed;
  const short = count !== undefined && datagrams < count;
  return missing > 0 || short || (datagrams === 0 && losses.length > 0) ? EXIT.inconclusive : EXIT.ok;
}

function summaryLine(summary: ReceiveSummary): string {
  const { datagrams, octets, good, bad, foreign, missing, duplicates, reordered, lateBy, losses } = summary;
  const rate = summary.bitsPerSecond === null ? '' : `, ${(summary.bitsPerSecond / 1e6).toFixed(1)} Mbit/s of payload`;
  const late = reordered > 0 ? ` (by ${lateBy} at most)` : '';
  const lines = [
    `${counted(datagrams, 'datagram')}, ${counted(octets, 'octet')} in ${summary.seconds.toFixed(3)} s${rate}`,
    `payloads: ${good} good, ${bad} bad, ${foreign} not generated by udp-ufo`,
    `sequence: ${missing} missing, ${counted(duplicates, 'duplicate')}, ${reordered} reordered${late}`,
  ];
  if (summary.delay !== null) lines.push(delayText(summary.delay));
  for (const { counter, count, meaning } of losses) lines.push(`lost on this host: ${counter} ${count}: ${meaning}`);
  return lines.join('\n');
}
