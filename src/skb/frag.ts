import { FIRST_FOREIGN, type PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import type { SkbFrag } from './shared-info.js';

/** Pages that a frag holds a reference on: those of the run it touches; a foreign page is one, whatever its length. */
function fragPages(frag: SkbFrag): number {
  if (frag.page >= FIRST_FOREIGN) return 1;
  const end = frag.offset + frag.size;
  return end <= PAGE_SIZE ? 1 : Math.ceil(end / PAGE_SIZE);
}

/** Octets of memory that a frag stands for, whole pages. */
export function fragTruesize(frag: SkbFrag): number {
  return Math.max(1, Math.ceil((frag.offset + frag.size) / PAGE_SIZE)) * PAGE_SIZE;
}

/** One more reference on every page of a frag (skb_frag_ref). */
export function skbFragRef(pool: PagePool, frag: SkbFrag): void {
  for (let i = fragPages(frag) - 1; i >= 0; i--) pool.getPage(frag.page + i);
}

/** Gives them back, the last page first, so that the free list hands them out ascending again. */
export function skbFragUnref(pool: PagePool, frag: SkbFrag): void {
  for (let i = fragPages(frag) - 1; i >= 0; i--) pool.putPage(frag.page + i);
}
