import { lastErrno, libc } from '../../host/libc.js';
import { putSockaddr } from '../../host/sockaddr.js';
import type { Flow } from '../../skb/flow.js';
import { MmsgVector } from '../mmsghdr.js';
import { rowSkb, type TxBatch } from '../net-device.js';
import { callLimit, sendVector } from '../send-batch.js';

/**
 * Sends by the package's own descriptor, which the package has no call for: up to 256 packets in one sendmmsg(2), gathered
 * by the kernel from where they lie, to a destination that the socket is connected to. A raw socket may be connected again
 * and again; that filters only what it receives, which is nothing.
 */
export class MmsgSender {
  readonly #fd: number;
  readonly #ifindex: number;
  readonly #vector = new MmsgVector();
  readonly #address: Uint8Array = new Uint8Array(128);
  readonly #view: DataView = new DataView(this.#address.buffer);
  /** The destination of a flow: flows to one share it. */
  #connected: Uint8Array | null = null;
  /** The one that the last `send` failed of. */
  syscall: 'sendmmsg' | 'connect' = 'sendmmsg';

  /** @param ifindex the scope of link-local destinations */
  constructor(fd: number, ifindex: number) {
    this.#fd = fd;
    this.#ifindex = ifindex;
  }

  /** Rows from `first` on that go to one destination: how many were taken, or −errno. */
  send(batch: TxBatch, first: number): number {
    const flow = rowSkb(batch, first).flow!;
    if (flow.destination !== this.#connected) {
      const refused = this.#connect(flow);
      if (refused < 0) return refused;
    }
    this.syscall = 'sendmmsg';
    const vector = this.#vector;
    vector.reset();
    const end = callLimit(batch, first);
    for (let row = first; row < end && rowSkb(batch, row).flow!.destination === flow.destination; row++) {
      vector.pushMessage();
      vector.pushRow(batch, row);
    }
    return sendVector(this.#fd, vector);
  }

  /** The port must be 0: for raw sockets it is the protocol. */
  #connect(flow: Flow): number {
    const len = putSockaddr(this.#view, 0, flow.destination, 0, this.#ifindex);
    this.#connected = null;
    if (libc().connect(this.#fd, this.#address, len) < 0) {
      const errno = lastErrno();
      this.syscall = 'connect';
      return -errno;
    }
    this.#connected = flow.destination;
    return 0;
  }
}
