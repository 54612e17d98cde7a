import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Extents } from '../../../src/verify/reassembly/extents.js';
import { Fragment } from '../../../src/verify/reassembly/fragment.js';
import { Reuse } from '../../../src/verify/reassembly/reuse.js';

/** Of a sender that has an ident again after 8 datagrams and 4 ms, its fragments in order, up or down. */
function known(order: { readonly up: boolean; readonly down: boolean }): Reuse {
  const reuse = new Reuse();
  reuse.good(order);
  reuse.again(9, 0.005, 1);
  reuse.again(8, 0.004, 1.1);
  return reuse;
}

const piece = (offset: number, more = true): Fragment => Object.assign(new Fragment(), { offset, len: 80, more });

/** Pieces of 80 octets that came, the latest at the end. */
function progress(...offsets: readonly number[]) {
  const extents = new Extents();
  for (const offset of offsets) extents.add(offset, offset + 80);
  return { extents, lastOffset: offsets.at(-1)! };
}

describe('a fragment of a sender with few idents', () => {
  const up = known({ up: true, down: false });
  const down = known({ up: false, down: true });

  it('is of another datagram where one is in its place, octet by octet', () => {
    assert.equal(up.isNext(progress(0, 80, 160), piece(80), 8, 0.001), true);
    assert.equal(up.isNext(progress(0, 160), piece(80), 8, 0.001), false);
  });

  it('may be of the same where it overlaps in part, unless an ident has had the time to come again', () => {
    const shifted = Object.assign(piece(40), { len: 160 });
    assert.deepEqual(
      [0.0019, 0.002].map((seconds) => up.isNext(progress(0, 160), shifted, 8, seconds)),
      [false, true],
    );
  });

  it('begins one where it is the first in the order of its sender, out of turn', () => {
    const seen = progress(160);
    assert.deepEqual([up.isNext(seen, piece(0), 8, 0.001), up.isNext(seen, piece(80), 8, 0.001)], [true, false]);
    const seenDown = progress(80);
    assert.equal(down.isNext(seenDown, piece(160, false), 8, 0.001), true);
    assert.equal(down.isNext(seenDown, piece(160), 8, 0.001), false);
    assert.equal(down.isNext(seenDown, piece(0), 8, 0.001), false, 'in turn');
  });

  it('is of the same while half of the datagrams between, and of the time, are still to come', () => {
    const seen = progress(0, 80);
    const isNext = (between: number, seconds: number): boolean => up.isNext(seen, piece(80), between, seconds);
    assert.deepEqual([isNext(2, 0.001), isNext(3, 0.001), isNext(2, 0.002)], [false, true, true]);
  });

  it('says nothing before an ident came again twice, nor once that is longer ago than a datagram is waited for', () => {
    const reuse = new Reuse();
    reuse.good({ up: true, down: false });
    reuse.again(8, 0.004, 1);
    assert.equal(reuse.isNext(progress(0, 80), piece(80), 8, 0.001), false);
    reuse.again(8, 0.004, 1.1);
    assert.equal(reuse.isNext(progress(0, 80), piece(80), 8, 0.001), true);
    reuse.forget(31, 30);
    assert.equal(reuse.known, true);
    reuse.forget(31.2, 30);
    assert.equal(reuse.known, false);
  });

  it('may be by its place where no good one of that sender had one there', () => {
    const seen = progress(80);
    const mayBe = (reuse: Reuse): boolean[] => [0, 160].map((offset) => reuse.mayBeNext(seen, piece(offset)));
    assert.deepEqual(mayBe(up), [true, false]);
    assert.deepEqual(mayBe(down), [false, true]);
    assert.deepEqual(mayBe(known({ up: true, down: true })), [false, false]);
  });
});
