import { ERRNO, UfoError } from '../../errors.js';
import {
  MSG_DONTWAIT,
  PACKET_QDISC_BYPASS,
  PACKET_TX_RING,
  PACKET_VERSION,
  PACKET_VNET_HDR,
  SOL_PACKET,
  TPACKET_V2,
} from '../../host/constants.js';
import { lastErrno, libc } from '../../host/libc.js';
import { lastError, setSockOptInt } from '../../host/socket-calls.js';
import { PAGE_SIZE, type Region, type UserMemory } from '../../memory/user-memory.js';
import { openPacketFd } from '../af-packet.js';
import { createFrameKernel, type FrameKernel } from '../frame-kernel.js';
import { mapOver, unmapFrom } from '../mapping.js';

/** Octets of a slot; frame-kernel.wat knows it too. */
const SLOT = 2048;
/** Where a frame begins in its slot: behind a `struct tpacket2_hdr`, aligned, and a virtio_net_hdr. */
const FRAME = 42;
/** Words of `struct tpacket2_hdr` that we touch: `tp_status`. */
const SLOT_WORDS = SLOT / 4;
const TP_STATUS_AVAILABLE = 0;
const TP_STATUS_SEND_REQUEST = 1;
const TP_STATUS_WRONG_FORMAT = 4;

/** Memories whose slots are a ring of somebody's. */
const inUse = new WeakSet<UserMemory>();

export interface TransmitRingOptions {
  readonly ifindex: number;
  readonly memory: UserMemory;
  readonly sendBufferSize: number;
  readonly qdiscBypass: boolean;
}

/**
 * A packet socket's transmit ring (`tpacket_snd`), by which the kernel takes frames without a message, an iovec and a check
 * of each for every one of them. It is shown frames behind a virtio_net_hdr that declares all of the frame to be header:
 * headers it copies into its skb at once, where it would lend out the ring's pages otherwise, which a veth copies anyway,
 * page by page. So a frame is the kernel's own when `send` returns, as with sendmmsg(2).
 *
 * Only for what goes at once: a slot is free again when the frame has left. Where a queue holds frames back, and for
 * whatever does not fit a slot, `send` takes nothing, and the caller goes the other way.
 *
 *     slot   | tpacket2_hdr | virtio_net_hdr | link, IP, … header | payload |        in the memory's region `slots`
 */
export class TransmitRing {
  readonly #fd: number;
  readonly #memory: UserMemory;
  readonly #kernel: FrameKernel;
  /** Slots less one, a power of two less one. */
  readonly #mask: number;
  /** Number of the next slot to fill: where the kernel looks next, too. */
  #next = 0;
  /** What the kernel said of the last `send`: an errno, 0 where it took all it was shown. */
  errno = 0;

  private constructor(fd: number, memory: UserMemory, kernel: FrameKernel) {
    this.#fd = fd;
    this.#memory = memory;
    this.#kernel = kernel;
    this.#mask = memory.slots.len / SLOT - 1;
  }

  /** Null where this memory has no slots to spare, or the machine no such ring. */
  static open({ ifindex, memory, sendBufferSize, qdiscBypass }: TransmitRingOptions): TransmitRing | null {
    const kernel = memory.slots.len === 0 || inUse.has(memory) ? null : createFrameKernel(memory.wasm);
    if (kernel === null) return null;
    const fd = openPacketFd(ifindex, sendBufferSize);
    try {
      if (qdiscBypass) setSockOptInt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
      askForRing(fd, memory.slots);
      mapOver(memory, memory.slots, fd, 0);
    } catch (error) {
      libc().close(fd);
      if (error instanceof UfoError) return null;
      throw error;
    }
    inUse.add(memory);
    return new TransmitRing(fd, memory, kernel);
  }

  /** Sends rows `[first, end)` up to one that is not for the ring, or that the kernel refuses; how many it took. */
  send(first: number, end: number, longest: number): number {
    const slots = this.#memory.slots.offset;
    const columns = this.#memory.table.offset;
    const fitting = Math.min(longest, SLOT - FRAME);
    this.errno = 0;
    let row = first;
    while (row < end && this.errno === 0) {
      const last = this.#kernel.fillSlots(slots, this.#mask, this.#next, columns, row, end, fitting);
      if (last === row) break;
      this.#next += last - row;
      if (libc().send(this.#fd, null, 0, MSG_DONTWAIT) < 0) this.errno = lastErrno();
      const left = this.#takeBack(last - row);
      if (left > 0) this.errno ||= ERRNO.EAGAIN;
      row = last - left;
    }
    return row - first;
  }

  close(): void {
    inUse.delete(this.#memory);
    unmapFrom(this.#memory, this.#memory.slots);
    libc().close(this.#fd);
  }

  /** Of the last `filled` slots: those that the kernel left, from the one it looks at next on, are ours again; how many. */
  #takeBack(filled: number): number {
    const { words, slots } = this.#memory;
    let left = 0;
    for (; left < filled; left++) {
      const at = (slots.offset >>> 2) + ((this.#next - 1) & this.#mask) * SLOT_WORDS;
      const status = words[at]!;
      if (status !== TP_STATUS_SEND_REQUEST && status !== TP_STATUS_WRONG_FORMAT) break;
      words[at] = TP_STATUS_AVAILABLE;
      this.#next -= 1;
    }
    return left;
  }
}

/** In blocks of a page: the kernel finds those also when its memory is in pieces. */
function askForRing(fd: number, { len }: Region): void {
  setSockOptInt(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V2);
  setSockOptInt(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
  // struct tpacket_req: block_size, block_nr, frame_size, frame_nr
  const request = Uint32Array.of(PAGE_SIZE, len / PAGE_SIZE, SLOT, len / SLOT);
  if (libc().setsockopt(fd, SOL_PACKET, PACKET_TX_RING, request, request.byteLength) < 0) throw lastError('setsockopt');
}
