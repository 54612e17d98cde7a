import type { Fragment } from './fragment.js';
import type { Keyed } from './keyed.js';

/** Differs from run to run, so that nobody can prepare keys that all fall into one bucket. */
const hashSeed = Math.floor(Math.random() * 0x1_0000_0000) | 0;

/** Datagrams by key. A plain Map of strings would cost a string for every fragment. */
export class GroupTable {
  readonly #buckets = new Map<number, Keyed>();
  /** Fragments mostly come in a row. */
  #last: Keyed | undefined;

  find({ key, keyLen }: Fragment): Keyed | undefined {
    if (this.#last !== undefined && matches(this.#last, key, keyLen)) return this.#last;
    let one = this.#buckets.get(hash(key, keyLen));
    while (one !== undefined && !matches(one, key, keyLen)) one = one.next;
    if (one !== undefined) this.#last = one;
    return one;
  }

  /** Whether nothing has the fragment's key, nor one that looks like it. */
  isFree({ key, keyLen }: Fragment): boolean {
    return !this.#buckets.has(hash(key, keyLen));
  }

  /** `latest`: whether fragments of it are to be expected next. */
  add(one: Keyed, { key, keyLen }: KeyWords, latest: boolean): void {
    const bucket = hash(key, keyLen);
    one.hash = bucket;
    one.next = this.#buckets.get(bucket);
    this.#buckets.set(bucket, one);
    if (latest) this.#last = one;
  }

  remove(one: Keyed): void {
    if (this.#last === one) this.#last = undefined;
    let at = this.#buckets.get(one.hash);
    if (at === one) {
      if (one.next === undefined) this.#buckets.delete(one.hash);
      else this.#buckets.set(one.hash, one.next);
    } else {
      while (at !== undefined && at.next !== one) at = at.next;
      if (at !== undefined) at.next = one.next;
    }
    one.next = undefined;
  }
}

interface KeyWords {
  readonly key: Int32Array;
  readonly keyLen: number;
}

function matches(one: Keyed, key: Int32Array, len: number): boolean {
  const own = one.key;
  if (own.length !== len) return false;
  for (let i = 0; i < len; i++) if (own[i] !== key[i]) return false;
  return true;
}

function hash(key: Int32Array, len: number): number {
  let h = hashSeed;
  for (let i = 0; i < len; i++) {
    h = Math.imul(h ^ key[i]!, 0x9e3779b1);
    h ^= h >>> 15;
  }
  return h;
}
