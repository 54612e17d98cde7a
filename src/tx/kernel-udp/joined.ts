import { ERRNO, errnoName } from '../../errors.js';
import { IPPROTO_UDP, UDP_SEGMENT } from '../../host/constants.js';
import { activeFeatures } from '../../host/device-features.js';
import { addressOf } from '../../host/libc.js';
import type { Flow } from '../../skb/flow.js';
import { SKB_GSO_UDP_L4 } from '../../skb/shared-info.js';
import { MAX_MESSAGES, type MmsgVector } from '../mmsghdr.js';
import { rowLen, rowSkb, type TxBatch } from '../net-device.js';

/** `struct cmsghdr { size_t len; int level, type; u16 size; }`, and its space. */
const CMSG_LEN = 18;
const CMSG_SPACE = 24;
/** The feature's name in ethtool: NETIF_F_GSO_UDP_L4. */
const UDP_SEGMENTATION = 'tx-udp-segmentation';
/** What `udp_send_skb` and what is below it say to what they cannot cut; EMSGSIZE where the path is narrower than a datagram. */
const REFUSALS: ReadonlySet<number> = new Set([ERRNO.EINVAL, ERRNO.EIO, ERRNO.EMSGSIZE, ERRNO.EOPNOTSUPP]);

/**
 * Datagrams that are joined (`JoinedSkb`), in one message (UDP_SEGMENT), which the kernel cuts into packets again just before
 * the driver: one way through the stack for up to 64 of them. The last may be shorter.
 *
 *     message   | payload | payload | payload | shorter |      control   | cmsghdr: UDP_SEGMENT | length of the first |
 */
export class JoinedDatagrams {
  readonly #interface: string;
  /** Why nothing is to be joined, null for no reason; undefined until somebody asks. */
  #refused: string | null | undefined;
  readonly #rows = new Int32Array(MAX_MESSAGES);
  /** A control message each. */
  readonly #controls = new DataView(new ArrayBuffer(MAX_MESSAGES * CMSG_SPACE));
  readonly #address = addressOf(new Uint8Array(this.#controls.buffer));
  #messages = 0;

  constructor(interfaceName: string) {
    this.#interface = interfaceName;
    for (let at = 0; at < this.#controls.byteLength; at += CMSG_SPACE) {
      this.#controls.setBigUint64(at, BigInt(CMSG_LEN), true);
      this.#controls.setInt32(at + 8, IPPROTO_UDP, true);
      this.#controls.setInt32(at + 12, UDP_SEGMENT, true);
    }
  }

  /** Why datagrams of this length are not to be joined; null where they may. */
  refusal({ checksum }: Flow, payloadLen: number): string | null {
    if (payloadLen === 0) return 'empty ones have nothing to be cut at';
    if (!checksum) return 'without a UDP checksum there is nothing to offload';
    if (this.#refused === undefined) this.#refused = usoObstacle(this.#interface);
    return this.#refused;
  }

  /** Whether a failed send was the kernel's refusal to cut; from then on nothing is joined. */
  refuse(errno: number): boolean {
    if (!REFUSALS.has(errno)) return false;
    this.#refused = `the kernel refused joined datagrams out of ${this.#interface} (${errnoName(errno)})`;
    return true;
  }

  reset(): void {
    this.#messages = 0;
  }

  /** Adds to the message just opened a row, or all up to `end` that are joined with it; how many. */
  push(vector: MmsgVector, batch: TxBatch, row: number, end: number): number {
    const message = this.#messages++;
    const joined = rowSkb(batch, row).shinfo.gsoType === SKB_GSO_UDP_L4 && this.#refused === null;
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

/** Why joined datagrams would not leave an interface one by one; null where the kernel cuts them in front of it. */
export function usoObstacle(name: string): string | null {
  try {
    if (!activeFeatures(name).has(UDP_SEGMENTATION)) return null;
  } catch {
    return `nobody knows whether ${name} cuts joined datagrams`;
  }
  return `${name} takes joined ones as they are (ethtool -K ${name} ${UDP_SEGMENTATION} off lets the kernel cut them)`;
}
