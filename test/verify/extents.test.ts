import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Extents } from '../../src/verify/reassembly/extents.js';
import { Random } from '../fuzz/random.js';

const SPACE = 40;

/** The same as a flag an octet. */
class Flags {
  readonly there = new Array<boolean>(SPACE).fill(false);

  /** start, end, start, end, … of those in `[from, to)`. */
  ranges(from = 0, to = SPACE): number[] {
    const bounds: number[] = [];
    for (let at = from; at < to; at++) {
      if (!this.there[at]) continue;
      const start = at;
      while (at + 1 < to && this.there[at + 1]) at++;
      bounds.push(start, at + 1);
    }
    return bounds;
  }
}

describe('extents', () => {
  it('are what a flag an octet is, whatever is added in whatever order', () => {
    for (let execution = 0; execution < 600; execution++) {
      const random = new Random(5, execution);
      const extents = new Extents();
      const flags = new Flags();
      for (let times = 1 + random.below(12); times > 0; times--) {
        const start = random.below(SPACE);
        const end = Math.min(SPACE, start + random.below(8));
        const [from, to] = [random.below(SPACE), random.below(SPACE)].sort((a, b) => a - b) as [number, number];
        assert.equal(extents.intersects(from, to), flags.ranges(from, to).length > 0);
        if (from < to) assert.deepEqual(extents.covered(from, to), flags.ranges(from, to));
        extents.add(start, end);
        flags.there.fill(true, start, end);
        const bounds = flags.ranges();
        // Neighbours are one range: what is told of holes and overlaps hangs on it.
        assert.equal(extents.count, bounds.length / 2);
        assert.equal(extents.end, bounds.at(-1) ?? 0);
        for (let i = 0; i < bounds.length; i += 2) assert.equal(extents.rangeEnd(bounds[i]!), bounds[i + 1]);
        const total = random.below(SPACE);
        assert.equal(extents.covers(total), flags.there.slice(0, total).every(Boolean));
        assert.deepEqual(extents.holes(total), holes(bounds, total));
        assert.deepEqual(extents.holes(-1), [...holes(bounds, extents.end), [extents.end, null]]);
      }
    }
  });
});

function holes(bounds: readonly number[], total: number): [number, number][] {
  const list: [number, number][] = [];
  for (let i = 0, at = 0; i <= bounds.length && at < total; i += 2) {
    const start = Math.min(total, bounds[i] ?? total);
    if (start > at) list.push([at, start]);
    at = bounds[i + 1] ?? total;
  }
  return list;
}
