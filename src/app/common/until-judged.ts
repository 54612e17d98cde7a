import { setTimeout as sleep } from 'node:timers/promises';

/** A wire is taken for quiet when nothing has come for so long, milliseconds: more than verdicts are held back. */
const QUIET = 1000;
const LOOK_EVERY = 20;

/** Waits until all that was told to be sent has been judged, or nothing more comes, or the capture has `broken` off. */
export async function untilJudged(
  expectation: { readonly judged: number; readonly told: number },
  broken: AbortSignal,
  beforeLook: () => void = () => {},
): Promise<void> {
  let judged = -1;
  for (let since = 0; expectation.judged < expectation.told && since < QUIET; since += LOOK_EVERY) {
    beforeLook();
    if (broken.aborted) return;
    if (expectation.judged !== judged) since = 0;
    judged = expectation.judged;
    await sleep(LOOK_EVERY);
  }
}
