import { median } from './statistics.js';

const RUNS = 5;

/**
 * Nanoseconds of this process's own processor time for one call of `work`, median of five runs of `ms` milliseconds after
 * one that warms up. Processor time, because others may be using the cores too. `work` is called `batch` times between looks
 * at the clock.
 */
export function nsPerCall(ms: number, batch: number, work: () => void): number {
  const times: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    let calls = 0;
    const begin = process.cpuUsage();
    for (const end = performance.now() + ms; performance.now() < end; calls += batch) {
      for (let i = 0; i < batch; i++) work();
    }
    const { user, system } = process.cpuUsage(begin);
    if (run > 0) times.push(((user + system) * 1000) / calls);
  }
  return median(times);
}
