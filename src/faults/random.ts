/**
 * Numbers in [0, 1) that a seed fixes (mulberry32): a plan gives the same packets each time it is run. `turn` counts the
 * datagrams that a plan was applied to, so that the second is not shuffled as the first was.
 */
export function seededRandom(seed: number, turn: number): () => number {
  let state = (Math.imul(seed ^ 0x6d2b_79f5, 0x9e37_79b1) ^ Math.imul(turn + 1, 0x85eb_ca77)) | 0;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
