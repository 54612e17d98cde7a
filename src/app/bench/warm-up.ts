import type { Runner } from './contestants/contestant.js';

/** Where others use the processor, a stretch by the clock holds little of it: so many are enough, whatever they held. */
const MOST = 8;

/**
 * Lets a sender send until it has used so many milliseconds of processor time: the code is compiled then, which takes about
 * 700 ms of a stream, and what it reads is in the caches.
 */
export async function warmUp(runner: Runner, ms: number): Promise<void> {
  let used = 0;
  for (let stretch = 0; stretch < MOST && used < ms; stretch++) {
    const { cpuSeconds, seconds } = await runner.forMs(ms);
    used += 1000 * (cpuSeconds ?? seconds);
  }
}
