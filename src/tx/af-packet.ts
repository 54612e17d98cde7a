import { ERRNO } from '../errors.js';
import { AF_PACKET, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_RAW } from '../host/constants.js';
import { addressOf, libc } from '../host/libc.js';
import { explainEperm } from '../host/privileges.js';
import { lastError, openSocket, setSendBuffer } from '../host/socket-calls.js';
import type { Link } from './link.js';

/** `struct sockaddr_ll`: family, protocol (big-endian), ifindex, hatype, pkttype, halen, addr[8]. */
export const SOCKADDR_LL_LEN = 20;

/**
 * An AF_PACKET socket for whole frames out of one interface. Protocol 0: it sends and receives nothing, so that no frame of
 * a busy interface is ever copied to it; the kernel (5.1 or later) reads each frame's protocol from its Ethernet header.
 * `headless`: packets begin at IP, and each message must name its protocol (`PacketNames`).
 * @throws UfoError EPERM without CAP_NET_RAW; ENODEV, ENXIO where the interface has gone.
 */
export function openPacketFd(ifindex: number, sendBufferSize: number, headless = false): number {
  const type = headless ? SOCK_DGRAM : SOCK_RAW;
  const fd = openSocket(AF_PACKET, type | SOCK_CLOEXEC, 0, () => explainEperm('AF_PACKET sockets'));
  try {
    setSendBuffer(fd, sendBufferSize);
    const address = sockaddrLl(0, ifindex);
    if (libc().bind(fd, address, address.length) < 0) throw lastError('bind');
    return fd;
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/** The socket addresses by which a message names its protocol, one a family; made once, they never move. */
export class PacketNames {
  readonly #octets: Uint8Array = new Uint8Array(128); // larger than 64 octets, see host/libc
  readonly #address: number = addressOf(this.#octets);

  constructor(link: Link, ifindex: number) {
    for (const family of [4, 6] as const) {
      this.#octets.set(sockaddrLl(link.protocol(family), ifindex), offsetOf(family));
    }
  }

  addressOf(family: 4 | 6): number {
    return this.#address + offsetOf(family);
  }
}

function offsetOf(family: 4 | 6): number {
  return family === 4 ? 0 : SOCKADDR_LL_LEN;
}

export function sockaddrLl(protocol: number, ifindex: number): Uint8Array {
  const address = new Uint8Array(SOCKADDR_LL_LEN);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol);
  view.setInt32(4, ifindex, true);
  return address;
}

/** −ENXIO is what a packet socket says once its interface has been deleted; callers know it as "no such device". */
export function deviceGone(result: number): number {
  return result === -ERRNO.ENXIO ? -ERRNO.ENODEV : result;
}
