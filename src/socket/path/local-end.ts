import { isIP } from 'node:net';
import { type Companion, openCompanion } from '../../companion/companion.js';
import { type EndpointCall, stateError } from '../dgram/calls.js';
import type { Sender } from '../sender.js';
import { sends } from './choose-driver.js';
import { checkedFamily, resolveHost } from './route-to.js';

const WILDCARD = { 4: '0.0.0.0', 6: '::' } as const;

/** A socket's own end: the companion that holds its port, opened on first use, and what is to be set on it then. */
export class LocalEnd {
  readonly #sender: Sender;
  readonly #opened: (companion: Companion | null) => void;
  #companion: Companion | null = null;
  #bound = false;
  #binding: Promise<void> | null = null;
  #referenced = true;

  /** @param opened called once, with null where the driver has no companion */
  constructor(sender: Sender, opened: (companion: Companion | null) => void) {
    this.#sender = sender;
    this.#opened = opened;
  }

  /** The port is taken. */
  get bound(): boolean {
    return this.#bound;
  }

  get companion(): Companion | null {
    return this.#companion;
  }

  /** @throws UfoError ERR_SOCKET_ALREADY_BOUND */
  check(): void {
    if (this.#bound || this.#binding !== null) throw stateError('ALREADY_BOUND', 'the socket is bound already');
  }

  /** Takes a port and an address; at once where there is no name to look up. */
  async bind(call: EndpointCall<unknown>): Promise<void> {
    this.check();
    this.#binding = this.#bind(call);
    try {
      await this.#binding;
    } finally {
      this.#binding = null;
    }
  }

  /** Open, after a `bind` that is still looking up its name. */
  async ready(): Promise<Companion | null> {
    await this.#binding?.catch(() => {}); // who asked for it is told
    return this.open();
  }

  /** Binds to the sender's local end if that has not been done; null for a driver that has no network. */
  open(): Companion | null {
    if (this.#bound) return this.#companion;
    this.#companion = companionOf(this.#sender); // a port in use today may be free tomorrow
    this.#bound = true;
    this.#companion?.udp.setMulticastLoopback(this.#sender.paths.settings.multicastLoopback);
    this.setReferenced(this.#referenced);
    this.#opened(this.#companion);
    return this.#companion;
  }

  setReferenced(referenced: boolean): void {
    this.#referenced = referenced;
    if (referenced) this.#companion?.ref();
    else this.#companion?.unref();
  }

  async close(): Promise<void> {
    await this.#companion?.close();
  }

  async #bind({ port, address }: EndpointCall<unknown>): Promise<void> {
    const { family, options } = this.#sender;
    const { lookup } = options;
    const host = address ?? (lookup === undefined ? undefined : WILDCARD[family]);
    const known = lookup === undefined && host !== undefined && isIP(host) !== 0;
    if (host === undefined) this.#sender.paths.local = { port, address: null };
    else if (known) this.#sender.paths.local = { port, address: checkedFamily(host, family) };
    else this.#sender.paths.local = { port, address: await resolveHost(host, family, lookup) };
    this.open();
  }
}

function companionOf({ options, family, paths }: Sender): Companion | null {
  if (!sends(options)) return null;
  const { address, port } = paths.local;
  const { interface: interfaceName, reuseAddr, reusePort, ipv6Only = false, recvBufferSize } = options;
  return openCompanion({
    ...{ family, port, reuseAddr, reusePort, ipv6Only, recvBufferSize },
    ...(address === null ? {} : { address }),
    ...(interfaceName === undefined ? {} : { interface: interfaceName }),
  });
}
