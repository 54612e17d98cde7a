import { PagePool } from '../../src/memory/page-pool.js';
import { UserMemory } from '../../src/memory/user-memory.js';
import { allocSkb, type SkBuff, skbReserve } from '../../src/skb/skbuff.js';
import type { Sock } from '../../src/skb/sock.js';
import { skbSetOwnerW } from '../../src/skb/wmem.js';

/** A pool whose n-th allocation from now fails. */
export class FaultyPool extends PagePool {
  /** Allocations that still succeed. */
  budget: number = Number.POSITIVE_INFINITY;

  constructor(pages = 128) {
    super(new UserMemory({ pages, arenaLen: 4096 }));
  }

  override allocPage(): number {
    return this.#spend() ? super.allocPage() : -1;
  }

  override allocRun(count: number): number {
    if (count === 1) return this.allocPage();
    return this.#spend() ? super.allocRun(count) : -1;
  }

  /** Free pages hold 0xee, so that a stale read shows. */
  override putPage(page: number): void {
    super.putPage(page);
    if (!this.isForeign(page) && this.pageCount(page) === 0) {
      this.memory.bytes.fill(0xee, this.offsetOf(page), this.offsetOf(page) + 4096);
    }
  }

  /** Runs `action` again and again, failing one allocation later each time, until it succeeds; gives the failures. */
  failEach(action: () => void, afterFailure: (error: { code: string }) => void): number {
    for (let failures = 0; ; failures++) {
      this.budget = failures;
      try {
        action();
        return failures;
      } catch (error) {
        afterFailure(error as { code: string });
      } finally {
        this.budget = Number.POSITIVE_INFINITY;
      }
    }
  }

  #spend(): boolean {
    if (this.budget <= 0) return false;
    this.budget -= 1;
    return true;
  }
}

/** An empty skb with 128 octets of head room, owned by `sk`. */
export function newSkb(pool: PagePool, sk: Sock | null = null): SkBuff {
  const skb = allocSkb(pool, 1024);
  skbReserve(skb, 128);
  if (sk !== null) skbSetOwnerW(skb, sk);
  return skb;
}

/** Octets that differ from one place to the next. */
export function pattern(len: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: len }, (_, i) => (i * 131 + (i >>> 8) * 17 + seed * 29) & 0xff);
}

/** All octets of an skb, by a walk of the tests' own. */
export function octetsOf(skb: SkBuff): Uint8Array {
  const parts: Uint8Array[] = [skb.pool.memory.bytes.slice(skb.data, skb.tail)];
  for (const { page, offset, size } of skb.shinfo.frags) {
    const octets = new Uint8Array(size);
    skb.pool.copyOut(page, offset, size, octets, 0);
    parts.push(octets);
  }
  for (let part = skb.shinfo.fragList; part !== null; part = part.next) parts.push(octetsOf(part));
  return Uint8Array.from(Buffer.concat(parts));
}

/** Everything that a failed call must leave as it was. */
export function stateOf(skb: SkBuff): unknown {
  const { pool, shinfo, sk, data, tail, len, dataLen, truesize, forwardAlloc, users, head, end } = skb;
  return {
    ...{ data, tail, len, dataLen, truesize, forwardAlloc, users, head, end },
    frags: shinfo.frags.map((frag) => ({ ...frag, refs: pool.pageCount(frag.page) })),
    shinfo: { ...shinfo, frags: null },
    wmemAlloc: sk?.wmemAlloc,
    freePages: pool.freePages,
    foreignPages: pool.foreignPages,
    octets: shinfo.frags.map((frag) => {
      const octets = new Uint8Array(frag.size);
      pool.copyOut(frag.page, frag.offset, frag.size, octets, 0);
      return octets;
    }),
  };
}
