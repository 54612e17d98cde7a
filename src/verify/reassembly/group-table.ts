import type { WholeDatagram } from '../whole/datagram.js';
import type { Fragment } from './fragment.js';
import { Group } from './group.js';

type Entry = Group | WholeDatagram;

/** Differs from run to run, so that nobody can prepare keys that all fall into one bucket. */
const hashSeed = Math.floor(Math.random() * 0x1_0000_0000) | 0;

/** Groups by key. A plain Map of strings would cost a string for every fragment. */
export class GroupTable {
  readonly #buckets = new Map<number, Entry>();
  /** Fragments mostly come in a row. */
  #last: Group | undefined;

  find(fragment: Fragment): Entry | undefined {
    const { key, keyLen } = fragment;
    if (this.#last !== undefined && matches(this.#last, key, keyLen)) return this.#last;
    let entry = this.#buckets.get(hash(key, keyLen));
    while (entry !== undefined && !matches(entry, key, keyLen)) entry = entry.next;
    if (entry instanceof Group) this.#last = entry;
    return entry;
  }

  /** Whether nothing has the fragment's key, nor one that looks like it. */
  isFree({ key, keyLen }: Fragment): boolean {
    return !this.#buckets.has(hash(key, keyLen));
  }

  add(group: Group): void {
    this.#put(group, hash(group.key, group.key.length));
    this.#last = group;
  }

  /** `fragment` has its key. */
  addWhole(whole: WholeDatagram, { key, keyLen }: Fragment): void {
    whole.hash = hash(key, keyLen);
    this.#put(whole, whole.hash);
  }

  remove(entry: Entry): void {
    if (this.#last === entry) this.#last = undefined;
    const bucket = entry instanceof Group ? hash(entry.key, entry.key.length) : entry.hash;
    let at = this.#buckets.get(bucket);
    if (at === entry) {
      if (entry.next === undefined) this.#buckets.delete(bucket);
      else this.#buckets.set(bucket, entry.next);
    } else {
      while (at !== undefined && at.next !== entry) at = at.next;
      if (at !== undefined) at.next = entry.next;
    }
    entry.next = undefined;
  }

  #put(entry: Entry, bucket: number): void {
    entry.next = this.#buckets.get(bucket);
    this.#buckets.set(bucket, entry);
  }
}

function matches(entry: Entry, key: Int32Array, len: number): boolean {
  const own = entry.key;
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
