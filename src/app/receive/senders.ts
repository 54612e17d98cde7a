import { getSockaddr, zoneText } from '../../host/sockaddr.js';
import { formatAddress } from '../../wire/address.js';
import type { DatagramBatch } from './batch.js';

/** Where a datagram came from. */
export interface Sender {
  /** IPv4 as such, though a socket of IPv6 took it. */
  readonly source: string;
  readonly sourcePort: number;
  /** Both in one. */
  readonly key: string;
}

/** Senders by their socket addresses; the last one is known by its octets, for most datagrams come from whom the one before did. */
export class Senders {
  #name = new Uint8Array(0);
  #last: Sender = { source: '', sourcePort: 0, key: '' };

  of(batch: DatagramBatch, i: number): Sender {
    if (this.#name.length > 0 && batch.isFrom(i, this.#name)) return this.#last;
    this.#name = Uint8Array.from(batch.name(i));
    const { address, port, scopeId } = getSockaddr(this.#name)!; // the kernel's own
    const source = `${formatAddress(address).replace(/^::ffff:(?=\d+\.)/, '')}${zoneText(scopeId)}`;
    this.#last = { source, sourcePort: port, key: `${source} ${port}` };
    return this.#last;
  }
}
