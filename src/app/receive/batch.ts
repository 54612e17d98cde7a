import { ERRNO } from '../../errors.js';
import { MSG_DONTWAIT, MSG_TRUNC, SCM_TIMESTAMPNS, SOL_SOCKET } from '../../host/constants.js';
import { addressOf, lastErrno, libc } from '../../host/libc.js';
import { SOCKADDR_IN6_LEN } from '../../host/sockaddr.js';
import { lastError } from '../../host/socket-calls.js';
import { WASM_PAGE_SIZE, type WasmMemory, webAssembly } from '../../memory/webassembly.js';
import type { GeneratedPayload } from '../../payload/generated.js';
import { JUDGE_LEN, PayloadJudge } from '../../payload/judge.js';

/** Datagrams of one call at most: what a burst brings. */
export const BATCH = 16;
/** Large ones are fewer: the next ones come into memory that a core's second-level cache still holds. */
const CACHED_LEN = 128 << 10;
/** No UDP datagram has more: 65,507 octets by IPv4, 65,527 by IPv6. */
const SLOT_LEN = WASM_PAGE_SIZE;

/** `struct mmsghdr` in 32-bit words: name, namelen, iov, iovlen, control, controllen, flags; then the length received. */
const MMSGHDR_WORDS = 16;
const [MSG_NAME, MSG_NAMELEN, MSG_IOV, MSG_IOVLEN, MSG_CONTROL, MSG_CONTROLLEN, MSG_FLAGS, MSG_LEN] = [
  ...[0, 2, 4, 6],
  ...[8, 10, 12, 14],
] as const;
/** `struct iovec`: base, len. */
const IOVEC_WORDS = 4;
const NAME_WORDS = 8;
/** `struct cmsghdr` (len, level, type: 16 octets) and a `struct timespec`: the one control message that is asked for. */
const CONTROL_WORDS = 8;
const CONTROL_LEN = 4 * CONTROL_WORDS;
const TWO_32 = 0x1_0000_0000;

/**
 * Datagrams as recvmmsg(2) brings them, in memory that never moves, judged where they lie:
 *
 *     | mmsghdr × 16 | iovec × 16 | name × 16 | control × 16 | … 64 KiB | tables of the judge | slot of 64 KiB × 16 |
 *
 * What it tells of a datagram holds until the next `receive`.
 */
export class DatagramBatch {
  readonly #slotLen: number;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #address: number;
  readonly #judge: PayloadJudge;
  /** Messages whose lengths the last call wrote over. */
  #dirty = BATCH;
  /** How many the next call asks for, by those of the last. */
  #room = BATCH;
  #isFull = false;

  /** @param slotLen octets that are taken of a datagram; less than it can have for tests only */
  constructor(slotLen: number = SLOT_LEN) {
    const pages = (SLOTS_AT + BATCH * SLOT_LEN) / WASM_PAGE_SIZE;
    const memory: WasmMemory = new webAssembly.Memory({ initial: pages, maximum: pages });
    this.#slotLen = slotLen;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    this.#address = addressOf(this.#bytes);
    this.#judge = new PayloadJudge(memory, WASM_PAGE_SIZE);
    for (let i = 0; i < BATCH; i++) this.#layOut(i);
  }

  /** Takes at most `most` datagrams that wait at `fd`; 0 where none does. @throws UfoError of the system */
  receive(fd: number, most: number): number {
    for (let i = 0; i < this.#dirty; i++) this.#open(i);
    const asked = Math.min(most, this.#room);
    const count = libc().recvmmsg(fd, this.#address, asked, MSG_DONTWAIT, null);
    this.#dirty = Math.max(0, count);
    this.#isFull = count === asked;
    if (count < 0 && lastErrno() !== ERRNO.EAGAIN) throw lastError('recvmmsg');
    if (count > 0) this.#room = Math.max(1, Math.min(BATCH, Math.floor(CACHED_LEN / this.#longest(count))));
    return this.#dirty;
  }

  /** Whether the last call brought all it asked for: more may wait. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /**
   * Sends the datagrams from `first` to `end` back to where they came from, as many as the socket has room for now, and gives how
   * many; −1: the first of them cannot be sent, and errno says why.
   */
  sendBack(fd: number, first: number, end: number): number {
    for (let i = first; i < end; i++) {
      const at = MMSGHDR_WORDS * i;
      this.#words[IOVECS_AT / 4 + IOVEC_WORDS * i + 2] = this.lengthOf(i);
      this.#words[at + MSG_CONTROLLEN] = 0;
    }
    return libc().sendmmsg(fd, this.#address + 4 * MMSGHDR_WORDS * first, end - first, MSG_DONTWAIT);
  }

  /** Octets of datagram `i` that are here. */
  lengthOf(i: number): number {
    return this.#words[MMSGHDR_WORDS * i + MSG_LEN]!;
  }

  /** Whether it had more. */
  isCut(i: number): boolean {
    return (this.#words[MMSGHDR_WORDS * i + MSG_FLAGS]! & MSG_TRUNC) !== 0;
  }

  payload(i: number): Uint8Array {
    const at = slotAt(i);
    return this.#bytes.subarray(at, at + this.lengthOf(i));
  }

  /** What its payload says of itself. */
  inspect(i: number): GeneratedPayload | null {
    return this.#judge.inspect(slotAt(i), this.lengthOf(i));
  }

  /** The socket address that it came from, 28 octets. */
  name(i: number): Uint8Array {
    const at = NAMES_AT + 4 * NAME_WORDS * i;
    return this.#bytes.subarray(at, at + SOCKADDR_IN6_LEN);
  }

  /** Whether it came from the one whose address `name` once gave. */
  isFrom(i: number, name: Uint8Array): boolean {
    const at = NAMES_AT + 4 * NAME_WORDS * i;
    for (let octet = 0; octet < SOCKADDR_IN6_LEN; octet++) if (this.#bytes[at + octet] !== name[octet]) return false;
    return true;
  }

  /** When the kernel had it, milliseconds since the epoch; null where the kernel did not say. */
  cameAt(i: number): number | null {
    const at = CONTROLS_AT / 4 + CONTROL_WORDS * i;
    const words = this.#words;
    const told = words[MMSGHDR_WORDS * i + MSG_CONTROLLEN]! >= CONTROL_LEN;
    if (!told || words[at + 2] !== SOL_SOCKET || words[at + 3] !== SCM_TIMESTAMPNS) return null;
    return (words[at + 5]! * TWO_32 + words[at + 4]!) * 1000 + words[at + 6]! / 1e6;
  }

  #longest(count: number): number {
    let most = 1;
    for (let i = 0; i < count; i++) most = Math.max(most, this.lengthOf(i));
    return most;
  }

  #layOut(i: number): void {
    const at = MMSGHDR_WORDS * i;
    this.#putAddress(at + MSG_NAME, NAMES_AT + 4 * NAME_WORDS * i);
    this.#putAddress(at + MSG_IOV, IOVECS_AT + 4 * IOVEC_WORDS * i);
    this.#putAddress(at + MSG_CONTROL, CONTROLS_AT + CONTROL_LEN * i);
    this.#putAddress(IOVECS_AT / 4 + IOVEC_WORDS * i, slotAt(i));
    this.#words[at + MSG_IOVLEN] = 1;
  }

  /** Makes message `i` ready to be received into. */
  #open(i: number): void {
    const at = MMSGHDR_WORDS * i;
    this.#words[at + MSG_NAMELEN] = SOCKADDR_IN6_LEN;
    this.#words[at + MSG_CONTROLLEN] = CONTROL_LEN;
    this.#words[IOVECS_AT / 4 + IOVEC_WORDS * i + 2] = this.#slotLen;
  }

  /** Two words: a BigInt costs more. */
  #putAddress(word: number, offset: number): void {
    const address = this.#address + offset;
    this.#words[word] = address; // ToUint32: the low half
    this.#words[word + 1] = address / TWO_32;
  }
}

const IOVECS_AT = 4 * MMSGHDR_WORDS * BATCH;
const NAMES_AT = IOVECS_AT + 4 * IOVEC_WORDS * BATCH;
const CONTROLS_AT = NAMES_AT + 4 * NAME_WORDS * BATCH;
const SLOTS_AT = WASM_PAGE_SIZE + JUDGE_LEN;

function slotAt(i: number): number {
  return SLOTS_AT + SLOT_LEN * i;
}
