import { AF_INET, SIOCGIFMTU, SOCK_CLOEXEC, SOCK_DGRAM } from '../host/constants.js';
import { libc } from '../host/libc.js';
import { openSocket } from '../host/socket-calls.js';

const IFNAMSIZ = 16;
const IFREQ_LEN = 40;

/**
 * The MTU of an interface as it is now, for drivers whose kernel side does not check it: AF_XDP sends what it is given, and
 * a datagram to be cut goes out in pieces as large as it says. One ioctl(2), 0.3 µs, which a call of xmit can afford.
 */
export class MtuWatch {
  readonly #ifreq: DataView = new DataView(new ArrayBuffer(IFREQ_LEN)); // struct ifreq: name, then the MTU
  readonly #bytes: Uint8Array;
  #fd: number;
  #mtu: number;

  constructor(name: string, mtu: number) {
    this.#bytes = new Uint8Array(this.#ifreq.buffer);
    this.#bytes.set(Buffer.from(name, 'latin1').subarray(0, IFNAMSIZ - 1));
    this.#mtu = mtu;
    this.#fd = openSocket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  }

  /** Octets; what it was last, where it can't be read any more (the interface was renamed or has gone). */
  read(): number {
    if (libc().ioctl(this.#fd, SIOCGIFMTU, this.#bytes) === 0) this.#mtu = this.#ifreq.getInt32(IFNAMSIZ, true);
    return this.#mtu;
  }

  close(): void {
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
  }
}
