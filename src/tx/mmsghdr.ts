import { addressOf } from '../host/libc.js';
import { type RowVisitor, walkRow } from '../memory/gather-row.js';
import type { PagePool } from '../memory/page-pool.js';
import type { TxBatch } from './net-device.js';

/** Messages that we give one sendmmsg(2). It would take 1,024 (UIO_MAXIOV), 6% slower: these arrays leave the cache then. */
export const MAX_MESSAGES = 256;
/** What a row can need: a virtio_net_hdr, a header, and 18 pieces (17 frags and the linear part). */
const MAX_IOVECS = 20 * MAX_MESSAGES;

const TWO_32 = 0x1_0000_0000;

/**
 * `struct mmsghdr` of LP64 in 32-bit words; the kernel reads it where it is, native (little-endian) order:
 *
 *      0       2          4        6           8            10             12         14        16
 *     +-------+----------+--------+-----------+------------+--------------+----------+---------+
 *     |msg_name|namelen,-|msg_iov |msg_iovlen |msg_control |msg_controllen|msg_flags,-|msg_len,-|
 *     +-------+----------+--------+-----------+------------+--------------+----------+---------+
 */
const MMSGHDR_WORDS = 16;
const MMSGHDR_LEN = MMSGHDR_WORDS * 4;
const MSG_NAME = 0;
const MSG_NAMELEN = 2;
const MSG_IOV = 4;
const MSG_IOVLEN = 6;
const MSG_CONTROL = 8;
const MSG_CONTROLLEN = 10;
/** `struct iovec` in 32-bit words: base (2), len (2). */
const IOVEC_WORDS = 4;
const IOVEC_LEN = IOVEC_WORDS * 4;

/**
 * The arrays for sendmmsg(2), made once and filled again for every call: one ArrayBuffer that never moves. Addresses are
 * doubles and are stored as two words, because a BigInt for each of 512 addresses and more per call costs more than the rest.
 *
 *     | mmsghdr × 256 | iovec × 5,120 |
 */
export class MmsgVector implements RowVisitor {
  readonly #words = new Uint32Array((MAX_MESSAGES * MMSGHDR_LEN + MAX_IOVECS * IOVEC_LEN) / 4);
  readonly #address = addressOf(this.#words);
  /** Messages filled so far, and iovecs. */
  messages = 0;
  #iovecs = 0;
  /** Of the row being pushed. */
  #pool: PagePool | null = null;

  /** Where the first message begins, for sendmmsg. */
  get address(): number {
    return this.#address;
  }

  reset(): void {
    this.messages = 0;
    this.#iovecs = 0;
  }

  /** Opens a message to the socket's own destination, or to the socket address at `name`. */
  pushMessage(name = 0, nameLen = 0): void {
    const at = this.messages++ * MMSGHDR_WORDS;
    this.#putAddress(at + MSG_NAME, name);
    this.#words[at + MSG_NAMELEN] = nameLen;
    this.#putAddress(at + MSG_IOV, this.#address + MAX_MESSAGES * MMSGHDR_LEN + this.#iovecs * IOVEC_LEN);
    this.#words[at + MSG_IOVLEN] = 0;
    this.#words[at + MSG_CONTROLLEN] = 0;
  }

  /** Adds `len` octets at `address` to the last message. */
  pushIovec(address: number, len: number): void {
    const at = (MAX_MESSAGES * MMSGHDR_LEN) / 4 + this.#iovecs++ * IOVEC_WORDS;
    this.#putAddress(at, address);
    this.#words[at + 2] = len;
    this.#words[(this.messages - 1) * MMSGHDR_WORDS + MSG_IOVLEN]! += 1;
  }

  /** Gives the last message ancillary data. */
  setControl(address: number, len: number): void {
    const at = (this.messages - 1) * MMSGHDR_WORDS;
    this.#putAddress(at + MSG_CONTROL, address);
    this.#words[at + MSG_CONTROLLEN] = len;
  }

  /** Adds a row to the last message: its header, where it has one, then its pieces, where they lie. */
  pushRow({ table, pool }: TxBatch, row: number): void {
    this.#pool = pool;
    walkRow(table, pool, row, this);
  }

  inMemory(offset: number, len: number): void {
    this.pushIovec(this.#pool!.memory.address + offset, len);
  }

  inForeign(page: number, offset: number, len: number): void {
    this.pushIovec(this.#pool!.addressOf(page) + offset, len);
  }

  #putAddress(word: number, address: number): void {
    this.#words[word] = address; // ToUint32: the low half
    this.#words[word + 1] = address / TWO_32;
  }
}
