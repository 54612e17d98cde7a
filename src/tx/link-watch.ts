import { AF_INET, IFF_RUNNING, IFF_UP, SIOCGIFFLAGS, SIOCGIFMTU, SOCK_CLOEXEC, SOCK_DGRAM } from '../host/constants.js';
import { libc } from '../host/libc.js';
import { openSocket } from '../host/socket-calls.js';

const IFNAMSIZ = 16;
const IFREQ_LEN = 40;
const WORKS = IFF_UP | IFF_RUNNING;

/**
 * An interface as it is now, for drivers whose kernel side does not look: AF_XDP sends what it is given, a datagram to be cut
 * goes out in pieces as large as it says, and what is redirected to an interface without a carrier vanishes uncounted. An
 * ioctl(2) each, 0.3 µs, which a call of xmit can afford.
 */
export class LinkWatch {
  readonly #ifreq: DataView = new DataView(new ArrayBuffer(IFREQ_LEN)); // struct ifreq: name, then the answer
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
  mtu(): number {
    if (libc().ioctl(this.#fd, SIOCGIFMTU, this.#bytes) === 0) this.#mtu = this.#ifreq.getInt32(IFNAMSIZ, true);
    return this.#mtu;
  }

  /** Set up, and the other end of the wire is there. */
  works(): boolean {
    if (libc().ioctl(this.#fd, SIOCGIFFLAGS, this.#bytes) < 0) return false;
    return (this.#ifreq.getUint16(IFNAMSIZ, true) & WORKS) === WORKS;
  }

  close(): void {
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
  }
}
