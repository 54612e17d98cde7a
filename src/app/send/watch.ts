import type { SentCounts } from '../../socket/flight/counts.js';
import { counted, figure, perSecond } from '../common/figures.js';
import type { Output } from '../common/output.js';
import { createProgress, type Progress } from '../common/progress.js';

interface SendWatchOptions {
  /** Milliseconds between two reports; none without it. */
  readonly intervalMs?: number | undefined;
  /** What ends it, milliseconds. */
  readonly durationMs?: number | undefined;
  readonly json: boolean;
}

/** How often the bar moves, milliseconds. */
const BAR_MS = 125;
/** A last interval shorter than this says nothing, seconds. */
const LEAST_SPAN = 0.005;
/** A send that takes less than this gets no bar, milliseconds. */
const LONG = 500;

/** Shows a long send on its way: a bar on a terminal, and a report at each interval where one is asked for. */
export class SendWatch {
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #last: (() => void) | null = null;
  #bar: Progress | null = null;
  #stopped = false;

  constructor(tally: SentCounts, count: number, options: SendWatchOptions, output: Output) {
    const { intervalMs } = options;
    if (intervalMs !== undefined) {
      this.#last = reporter(tally, options.json, output);
      this.#every(intervalMs, this.#last);
    } else if (process.stderr.isTTY) {
      this.#timers.push(setTimeout(() => void this.#showBar(tally, count, options.durationMs), LONG));
    }
  }

  /** The last interval is told too, as short as it is. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#last?.();
    this.#bar?.stop();
  }

  /** By count where there is one, else by time; where neither ends it (standard input) only what has gone is told. */
  async #showBar(tally: SentCounts, count: number, durationMs: number | undefined): Promise<void> {
    const begin = performance.now() - LONG;
    const byTime = !Number.isFinite(count) && durationMs !== undefined;
    const bar = await (byTime
      ? createProgress('sending', durationMs / 1000, 's', { showsEta: false }) // it is what is missing of the total
      : createProgress('sending', count, 'datagrams'));
    if (this.#stopped) return bar.stop();
    this.#bar = bar;
    this.#every(BAR_MS, () => bar.update(byTime ? Math.round((performance.now() - begin) / 1000) : tally.datagrams));
  }

  #every(ms: number, report: () => void): void {
    this.#timers.push(setInterval(report, ms));
  }
}

function reporter(tally: SentCounts, json: boolean, output: Output): () => void {
  const begin = performance.now();
  let before = { at: begin, datagrams: 0, octets: 0 };
  return () => {
    const at = performance.now();
    const { datagrams, octets } = tally;
    const span = (at - before.at) / 1000;
    if (span < LEAST_SPAN) return;
    const rate = perSecond(datagrams - before.datagrams, span);
    const bits = perSecond(8 * (octets - before.octets), span);
    const seconds = Math.round((at - begin) / 10) / 100; // in hundredths
    before = { at, datagrams, octets };
    const written = json
      ? output.json({ type: 'interval', seconds, datagrams, datagramsPerSecond: rate, bitsPerSecond: bits })
      : output.line(
          `  ${seconds} s: ${counted(datagrams, 'datagram')}, ${figure(rate)} datagrams/s, ${figure(bits / 1e6)} Mbit/s of payload`,
        );
    written?.catch(() => {}); // a reader that is gone stops the command by its signal
  };
}
