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

/** Senders whose names are kept. */
const MOST_KEPT = 4096;

/** Senders by their socket addresses; the last one by its octets alone, for most datagrams come from whom the one before did. */
export class Senders {
  readonly #known = new Map<string, Sender>();
  #name = new Uint8Array(0);
  #last: Sender = { source: '', sourcePort: 0, key: '' };

  of(batch: DatagramBatch, i: number): Sender {
    if (this.#name.length > 0 && batch.isFrom(i, this.#name)) return this.#last;
    this.#name = Uint8Array.from(batch.name(i));
    this.#last = this.#named(this.#name);
    return this.#last;
  }

  #named(name: Uint8Array<ArrayBuffer>): Sender {
    const octets = Buffer.from(name.buffer).toString('latin1');
    const known = this.#known.get(octets);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_KEPT) this.#known.clear();
    const sender = senderOf(name);
    this.#known.set(octets, sender);
    return sender;
  }
}

function senderOf(name: Uint8Array): Sender {
  const { address, port, scopeId } = getSockaddr(name)!; // the kernel's own
  const source = `${formatAddress(address).replace(/^::ffff:(?=\d+\.)/, '')}${zoneText(scopeId)}`;
  return { source, sourcePort: port, key: `${source} ${port}` };
}
