import { IPPROTO_UDP, UDP_SEGMENT } from '../../host/constants.js';
import { addressOf } from '../../host/libc.js';
import { SKB_GSO_UDP_L4 } from '../../skb/shared-info.js';
import { MAX_MESSAGES, type MmsgVector } from '../mmsghdr.js';
import { rowLen, rowSkb, type TxBatch } from '../net-device.js';
import { UsoGate } from '../uso.js';

/** `struct cmsghdr { size_t len; int level, type; u16 size; }`, and its space. */
const CMSG_LEN = 18;
const CMSG_SPACE = 24;

/**
 * Datagrams that are joined (`JoinedSkb`), in one message (UDP_SEGMENT), which the kernel cuts into packets again just before
 * the driver: one way through the stack for up to 64 of them. The last may be shorter.
 *
 *     message   | payload | payload | payload | shorter |      control   | cmsghdr: UDP_SEGMENT | length of the first |
 */
export class JoinedDatagrams {
  readonly gate: UsoGate;
  readonly #rows = new Int32Array(MAX_MESSAGES);
  /** A control message each. */
  readonly #controls = new DataView(new ArrayBuffer(MAX_MESSAGES * CMSG_SPACE));
  readonly #address = addressOf(new Uint8Array(this.#controls.buffer));
  #messages = 0;

  constructor(interfaceName: string) {
    this.gate = new UsoGate(interfaceName);
    for (let at = 0; at < this.#controls.byteLength; at += CMSG_SPACE) {
      this.#controls.setBigUint64(at, BigInt(CMSG_LEN), true);
      this.#controls.setInt32(at + 8, IPPROTO_UDP, true);
      this.#controls.setInt32(at + 12, UDP_SEGMENT, true);
    }
  }

  reset(): void {
    this.#messages = 0;
  }

  /** Adds to the message just opened a row, or all up to `end` that are joined with it; how many. */
  push(vector: MmsgVector, batch: TxBatch, row: number, end: number): number {
    const message = this.#messages++;
    const joined = rowSkb(batch, row).shinfo.gsoType === SKB_GSO_UDP_L4 && this.gate.open;
    const next = joined ? rowsEnd(batch, row, end) : row + 1;
    this.#rows[message] = next - row;
    if (next === row + 1) vector.pushRow(batch, row);
    else {
      vector.pushIovec(rowAddress(batch, row), octetsOf(batch, row, next));
      this.#controls.setUint16(message * CMSG_SPACE + 16, rowLen(batch, row), true);
      vector.setControl(this.#address + message * CMSG_SPACE, CMSG_SPACE);
    }
    return next - row;
  }

  rowsOf(message: number): number {
    return this.#rows[message]!;
  }

  /** Rows of the first messages. */
  rows(messages: number): number {
    let rows = 0;
    for (let message = 0; message < messages; message++) rows += this.#rows[message]!;
    return rows;
  }

  /** Datagrams of the longest message. */
  get longest(): number {
    let most = 1;
    for (let message = 0; message < this.#messages; message++) most = Math.max(most, this.#rows[message]!);
    return most;
  }
}

/** Behind the last row that belongs with this one. */
function rowsEnd({ table }: TxBatch, row: number, end: number): number {
  let next = row + 1;
  while (next < end && table.owner[next] === table.owner[row]) next++;
  return next;
}

/** Joined datagrams lie one behind the other in a head. */
function rowAddress({ table, pool }: TxBatch, row: number): number {
  const piece = table.firstPiece[row]!;
  return pool.memory.address + pool.offsetOf(table.piecePage[piece]!) + table.pieceOffset[piece]!;
}

function octetsOf(batch: TxBatch, row: number, end: number): number {
  return (end - row - 1) * rowLen(batch, row) + rowLen(batch, end - 1);
}
