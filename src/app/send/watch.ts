import type { StreamCounts } from '../../socket/flight/counts.js';
import type { Output } from '../common/output.js';
import { createProgress, type Progress } from '../common/progress.js';
import { figure, perSecond } from './report.js';

export interface SendWatchOptions {
  /** Milliseconds between two reports; none without it. */
  readonly intervalMs?: number | undefined;
  readonly json: boolean;
}

/** How often the bar moves, milliseconds. */
const BAR_MS = 125;
/** A send that takes less than this gets no bar, milliseconds. */
const LONG = 500;

/** Shows a long send on its way: a bar on a terminal, and a report at each interval where one is asked for. */
export class SendWatch {
  readonly #timers: NodeJS.Timeout[] = [];
  #bar: Progress | null = null;

  constructor(tally: StreamCounts, count: number, { intervalMs, json }: SendWatchOptions, output: Output) {
    if (intervalMs !== undefined) this.#every(intervalMs, reporter(tally, intervalMs, json, output));
    else if (Number.isFinite(count) && process.stderr.isTTY) {
      this.#timers.push(setTimeout(() => void this.#showBar(tally, count), LONG));
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#bar?.stop();
  }

  async #showBar(tally: StreamCounts, count: number): Promise<void> {
    this.#bar = await createProgress('sending', count, 'datagrams');
    this.#every(BAR_MS, () => this.#bar?.update(tally.datagrams));
  }

  #every(ms: number, report: () => void): void {
    this.#timers.push(setInterval(report, ms));
  }
}

function reporter(tally: StreamCounts, intervalMs: number, json: boolean, output: Output): () => void {
  const begin = performance.now();
  let before = { at: begin, datagrams: 0, octets: 0 };
  return () => {
    const at = performance.now();
    const { datagrams, octets } = tally;
    const span = (at - before.at) / 1000;
    const rate = perSecond(datagrams - before.datagrams, span);
    const bits = perSecond(8 * (octets - before.octets), span);
    const seconds = Math.round((at - begin) / intervalMs) * (intervalMs / 1000);
    before = { at, datagrams, octets };
    const written = json
      ? output.json({ type: 'interval', seconds, datagrams, datagramsPerSecond: rate, bitsPerSecond: bits })
      : output.line(
          `  ${seconds} s: ${datagrams} datagrams, ${figure(rate)} datagrams/s, ${figure(bits / 1e6)} Mbit/s`,
        );
    written?.catch(() => {}); // a reader that is gone stops the command by its signal
  };
}
