import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PagePool } from '../../src/memory/page-pool.js';
import { UserMemory } from '../../src/memory/user-memory.js';
import { UserPages } from '../../src/socket/pages.js';

/** Pages of which none lies beside the next. */
function inPieces(len: number): { pages: UserPages; pool: PagePool } {
  const pool = new PagePool(new UserMemory({ pages: 9 }));
  const all = Array.from({ length: 9 }, () => pool.allocPage());
  for (const page of all.filter((one) => one % 2 === 0)) pool.putPage(page);
  return { pages: UserPages.take(pool, len), pool };
}
const octets = (pages: UserPages): Buffer => Buffer.concat(pages.buffers);

describe('pages in pieces', () => {
  it('are as long as was asked for, and written across their borders', () => {
    const { pages } = inPieces(3 * 4096 + 5);
    assert.deepEqual(
      pages.buffers.map(({ length }) => length),
      [4096, 4096, 4096, 5],
    );
    const want = Buffer.alloc(3 * 4096 + 5);
    octets(pages).fill(0);
    for (const buffer of pages.buffers) buffer.fill(0);
    for (const [offset, len] of [
      [0, 3],
      [4090, 12],
      [4096, 4096],
      [8190, 4100],
      [3 * 4096, 5],
      [100, 12_000],
    ] as const) {
      const part = Buffer.from(Array.from({ length: len }, (_, i) => (i * 7 + offset) & 0xff));
      pages.write(part, offset);
      part.copy(want, offset);
      assert.deepEqual(octets(pages), want, `${len} at ${offset}`);
    }
    pages.write('', pages.len);
    assert.throws(() => pages.write('x', pages.len), /octets: got .*at most 0/s);
    assert.throws(() => pages.write('x', pages.len + 1), /offset/);
    assert.throws(() => pages.write('x', -1), /offset/);
  });

  it('go on from any octet', () => {
    const { pages } = inPieces(2 * 4096 + 5);
    for (const [i, buffer] of pages.buffers.entries()) buffer.fill(i + 1);
    for (const offset of [0, 1, 4095, 4096, 4097, 8192, 8196, 8197]) {
      assert.deepEqual(Buffer.concat(pages.rest(offset)), octets(pages).subarray(offset), `from ${offset}`);
    }
    assert.deepEqual(pages.rest(pages.len), []);
  });

  it('are not to be had where too few are free, whole or in pieces, and go back all', () => {
    const { pages, pool } = inPieces(4 * 4096);
    assert.equal(pool.freePages, 1);
    assert.throws(() => UserPages.take(pool, 4097), { code: 'ENOMEM', message: /2 pages asked for, 1 free/ });
    const release = pages.hold(pool);
    pages[Symbol.dispose]();
    pages[Symbol.dispose]();
    assert.deepEqual([pages.disposed, pool.freePages], [true, 1]);
    release();
    assert.equal(pool.freePages, 5);
    const misused = [
      () => pages.check(pool),
      () => pages.hold(pool),
      () => pages.write('x'),
      () => pages.write(''),
      () => pages.rest(0),
      () => pages.buffers,
    ];
    for (const call of misused) assert.throws(call, { code: 'ERR_UFO_DISPOSED' }, String(call));
    assert.equal(pool.freePages, 5);
    const other = new PagePool(new UserMemory({ pages: 1 }));
    assert.throws(() => UserPages.take(other, 1).check(pool), /another socket/);
    for (const len of [0, 17 * 4096 + 1, 1.5]) assert.throws(() => UserPages.take(pool, len), /len/);
  });
});
