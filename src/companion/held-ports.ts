import { libc } from '../host/libc.js';
import { scopeIdOf } from '../host/sockaddr.js';
import { parseAddress } from '../wire/address.js';
import { bindTo, openUdp } from './socket.js';

/** Ports that are sent from past the kernel, held by UDP sockets that nobody reads: what answers them meets no "unreachable". */
export class HeldPorts implements Disposable {
  readonly #fds: number[] = [];

  /** @throws UfoError EADDRINUSE, EACCES, EMFILE: which is none held then */
  constructor(family: 4 | 6, ports: Iterable<number>, address = family === 4 ? '0.0.0.0' : '::') {
    const { octets, zone } = parseAddress(address)!;
    try {
      for (const port of ports) {
        const fd = openUdp(family);
        this.#fds.push(fd);
        bindTo(fd, { address: octets, port, scopeId: scopeIdOf(zone) });
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds.splice(0)) libc().close(fd);
  }
}
