import { IP_RECVERR, IPPROTO_IP, IPPROTO_IPV6, IPV6_RECVERR, MSG_DONTWAIT, MSG_ERRQUEUE } from '../host/constants.js';
import { addressOf, libc } from '../host/libc.js';
import { getSockaddr, type SocketEndpoint } from '../host/sockaddr.js';

/** Where an entry of the error queue comes from (`ee_origin` of <linux/errqueue.h>). */
export const SO_EE_ORIGIN_ICMP = 2;
export const SO_EE_ORIGIN_ICMP6 = 3;

/** What the kernel tells of a datagram that came to grief. */
export interface SocketError {
  /** Positive. */
  readonly errno: number;
  readonly origin: number;
  /** Type and code of the ICMP message. */
  readonly type: number;
  readonly code: number;
  /** EMSGSIZE: the new path MTU, octets. */
  readonly info: number;
  /** Where the datagram was going. */
  readonly destination: SocketEndpoint | null;
  /** Who sent the ICMP message. */
  readonly offender: SocketEndpoint | null;
}

/** Entries taken at one go: a flood of ICMP must not keep the loop. */
const MOST = 256;

/**
 * The buffers of recvmsg(2), in one piece that never moves:
 *
 *     0 msghdr (56)   64 iovec (16)   96 name (32)   128 control (512)   640 quoted payload (128)
 */
const IOVEC = 64;
const NAME = 96;
const NAME_LEN = 32;
const CONTROL = 128;
const CONTROL_LEN = 512;
const PAYLOAD = 640;
const PAYLOAD_LEN = 128;

/** `struct cmsghdr`: len (8), level, type; data begins at 16. `struct sock_extended_err`, 16 octets, then a sockaddr. */
const CMSG_DATA = 16;
const EXTENDED_ERR_LEN = 16;

/** Reads the error queue of UDP sockets, which IP_RECVERR fills with ICMP errors. */
export class ErrorQueue {
  readonly #bytes = new Uint8Array(PAYLOAD + PAYLOAD_LEN);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #address = addressOf(this.#bytes);

  /** All that is waiting, oldest first, at most 256. While an entry is left the socket polls POLLERR. */
  drain(fd: number): SocketError[] {
    const errors: SocketError[] = [];
    for (let i = 0; i < MOST; i++) {
      this.#fillHeader();
      if (libc().recvmsg(fd, this.#bytes, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
      const error = this.#parse();
      if (error !== null) errors.push(error);
    }
    return errors;
  }

  /** `struct msghdr`: name, namelen, iov, iovlen, control, controllen, flags. */
  #fillHeader(): void {
    this.#putAddress(0, NAME);
    this.#view.setUint32(8, NAME_LEN, true);
    this.#putAddress(16, IOVEC);
    this.#putLen(24, 1);
    this.#putAddress(32, CONTROL);
    this.#putLen(40, CONTROL_LEN);
    this.#view.setUint32(48, 0, true);
    this.#putAddress(IOVEC, PAYLOAD);
    this.#putLen(IOVEC + 8, PAYLOAD_LEN);
  }

  #putAddress(at: number, offset: number): void {
    this.#view.setBigUint64(at, BigInt(this.#address + offset), true);
  }

  #putLen(at: number, len: number): void {
    this.#view.setBigUint64(at, BigInt(len), true);
  }

  #parse(): SocketError | null {
    const name = this.#bytes.subarray(NAME, NAME + Math.min(NAME_LEN, this.#view.getUint32(8, true)));
    const control = this.#bytes.subarray(CONTROL, CONTROL + Number(this.#view.getBigUint64(40, true)));
    return parseControl(control, getSockaddr(name));
  }
}

/** Finds the extended error among control messages as recvmsg(2) leaves them. */
export function parseControl(control: Uint8Array, destination: SocketEndpoint | null): SocketError | null {
  const view = new DataView(control.buffer, control.byteOffset, control.length);
  for (let at = 0; at + CMSG_DATA + EXTENDED_ERR_LEN <= control.length; ) {
    const len = view.getUint32(at, true);
    if (len < CMSG_DATA || at + len > control.length) return null;
    const level = view.getInt32(at + 8, true);
    const type = view.getInt32(at + 12, true);
    if ((level === IPPROTO_IP && type === IP_RECVERR) || (level === IPPROTO_IPV6 && type === IPV6_RECVERR)) {
      return parseExtendedError(control.subarray(at + CMSG_DATA, at + len), destination);
    }
    at += (len + 7) & ~7;
  }
  return null;
}

function parseExtendedError(octets: Uint8Array, destination: SocketEndpoint | null): SocketError | null {
  if (octets.length < EXTENDED_ERR_LEN) return null;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return {
    errno: view.getUint32(0, true),
    origin: view.getUint8(4),
    type: view.getUint8(5),
    code: view.getUint8(6),
    info: view.getUint32(8, true),
    destination,
    offender: getSockaddr(octets.subarray(EXTENDED_ERR_LEN)),
  };
}
