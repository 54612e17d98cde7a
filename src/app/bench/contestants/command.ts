import { UfoError } from '../../../errors.js';
import { childrenCpuSeconds } from '../../../host/processor-time.js';
import { programPath } from '../../../host/programs.js';
import { runTool } from '../../../host/run-tool.js';
import { DRIVER_TRAITS } from '../../../tx/drivers.js';
import type { DriverName } from '../../../tx/net-device.js';
import { FILE_DATAGRAMS, packetsOf, type Scenario } from '../scenario.js';
import { median } from '../statistics.js';
import { destinationOf } from '../wire.js';
import type { Runner, Sent } from './contestant.js';
import { BENCH_PORT } from './ready-frames.js';

/** Runs that tell what the start takes. */
const STARTS = 3;
/** Packets of the first run that is timed, which only tells how fast it is. */
const FIRST = 100_000;
/** Nobody sends faster: what a run seems to take less is the noise of its start, packets a second. */
const FASTEST = 5e6;

/** The library's sender holds queue 0 as long as it takes part. */
const OWN_QUEUE = 1;

/** A program's run: processor time with that of its children, and time by the clock, seconds. */
interface Ran {
  readonly text: string;
  readonly cpuSeconds: number;
  readonly seconds: number;
}

/**
 * `udp-ufo send` as a user calls it, a process a stretch. What its start takes, measured on single datagrams, is taken off;
 * what the code takes until it is compiled is not.
 */
export class SendCommand implements Runner {
  readonly #words: readonly string[];
  readonly #most: number;
  readonly #packets: number;
  readonly #signal: AbortSignal;
  #start: Omit<Ran, 'text'> = { cpuSeconds: 0, seconds: 0 };
  #perMs = 0;

  private constructor(words: readonly string[], scenario: Scenario, signal: AbortSignal) {
    this.#signal = signal;
    this.#words = words;
    this.#most = scenario.payload === 'file' ? FILE_DATAGRAMS : Number.POSITIVE_INFINITY;
    this.#packets = packetsOf(scenario, scenario.mtu);
  }

  /** Its runs are killed at once when `signal` aborts. */
  static async start(driver: DriverName, scenario: Scenario, file: string, signal: AbortSignal): Promise<SendCommand> {
    const { size, payload } = scenario;
    const from = payload === 'file' ? ['--file', file, '--datagram-size'] : ['--size'];
    const way = ['--driver', driver, ...(DRIVER_TRAITS[driver].usesUmem ? ['--queue', String(OWN_QUEUE)] : [])];
    const words = ['send', `${destinationOf(scenario)}:${BENCH_PORT}`, ...way, ...from, String(size)];
    const command = new SendCommand(words, scenario, signal);
    const starts: Ran[] = [];
    for (let i = 0; i < STARTS; i++) starts.push(await runProgram([...words, '--count', '1'], signal));
    command.#start = {
      cpuSeconds: median(starts.map(({ cpuSeconds }) => cpuSeconds)),
      seconds: median(starts.map(({ seconds }) => seconds)),
    };
    return command;
  }

  async forMs(ms: number): Promise<Sent> {
    const datagrams = this.#perMs === 0 ? FIRST / this.#packets : this.#perMs * ms;
    const sent = await this.count(Math.min(this.#most, Math.ceil(datagrams)));
    this.#perMs = sent.datagrams / (sent.cpuSeconds! * 1000);
    return sent;
  }

  async count(datagrams: number): Promise<Sent> {
    const { text, cpuSeconds, seconds } = await runProgram(
      [...this.#words, '--count', String(datagrams)],
      this.#signal,
    );
    const sent = sentIn(text);
    const least = sent.packets / FASTEST;
    const netCpu = Math.max(least, cpuSeconds - this.#start.cpuSeconds);
    return { ...sent, seconds: Math.max(least, seconds - this.#start.seconds), cpuSeconds: netCpu, peakRss: null };
  }

  async stop(): Promise<void> {}
}

/** Runs this program with other words. */
export function runProgram(words: readonly string[], signal: AbortSignal): Promise<Ran> {
  return runNode([programPath('main'), ...words], signal);
}

/**
 * Runs Node, without the certificates that it reads before anything else where they are asked for (90 ms for those of a
 * distribution, whatever it runs).
 */
export async function runNode(words: readonly string[], signal: AbortSignal): Promise<Ran> {
  const env = { ...process.env };
  delete env['NODE_EXTRA_CA_CERTS'];
  const cpu = childrenCpuSeconds();
  const begin = performance.now();
  const text = await runTool(process.execPath, words, { timeoutMs: 30_000, signal, env });
  return { text, cpuSeconds: childrenCpuSeconds() - cpu, seconds: (performance.now() - begin) / 1000 };
}

/**
 * `  1,000 datagrams, 65,507,000 octets of payload, 45,000 packets, idents 1 … 1000`, and behind it
 * `  0.113 s: 8,850 datagrams/s, 398,230 packets/s, 4,638 Mbit/s of payload`
 */
export function sentIn(text: string): { datagrams: number; packets: number; packetsPerSecond: number } {
  const [, datagrams, packets] = /^ *([\d,]+) datagrams?, .* ([\d,]+) packets?/m.exec(text) ?? [];
  if (datagrams === undefined) throw new UfoError('ERR_UFO_BENCH', `udp-ufo send: no figures in ${text.slice(-200)}`);
  const number = (digits: string | undefined): number => Number((digits ?? '').replaceAll(',', ''));
  const [, perSecond] = / s: .* ([\d,]+) packets\/s/.exec(text) ?? [];
  return { datagrams: number(datagrams), packets: number(packets), packetsPerSecond: number(perSecond) };
}
