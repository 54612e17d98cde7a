import type { Fragment } from './fragment.js';
import type { Group } from './group.js';

/** Differs from run to run, so that nobody can prepare keys that all fall into one bucket. */
const hashSeed = Math.floor(Math.random() * 0x1_0000_0000) | 0;

/** Groups by key. A plain Map of strings would cost a string for every fragment. */
export class GroupTable {
  readonly #buckets = new Map<number, Group>();
  /** Fragments mostly come in a row. */
  #last: Group | undefined;

  find(fragment: Fragment): Group | undefined {
    if (this.#last !== undefined && matches(this.#last, fragment.key, fragment.keyLen)) return this.#last;
    let group = this.#buckets.get(hash(fragment.key, fragment.keyLen));
    while (group !== undefined && !matches(group, fragment.key, fragment.keyLen)) group = group.next;
    if (group !== undefined) this.#last = group;
    return group;
  }

  add(group: Group): void {
    const bucket = hash(group.key, group.key.length);
    group.next = this.#buckets.get(bucket);
    this.#buckets.set(bucket, group);
    this.#last = group;
  }

  remove(group: Group): void {
    if (this.#last === group) this.#last = undefined;
    const bucket = hash(group.key, group.key.length);
    let at = this.#buckets.get(bucket);
    if (at === group) {
      if (group.next === undefined) this.#buckets.delete(bucket);
      else this.#buckets.set(bucket, group.next);
    } else {
      while (at !== undefined && at.next !== group) at = at.next;
      if (at !== undefined) at.next = group.next;
    }
    group.next = undefined;
  }
}

function matches(group: Group, key: Int32Array, len: number): boolean {
  const own = group.key;
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
