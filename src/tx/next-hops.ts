import { anyUnresolved } from '../host/neighbour.js';
import { formatAddress } from '../wire/address.js';
import type { LinkRequest } from './link-request.js';

/** The neighbours that a device above the IP stack sends to: finding them is the kernel's business; what waits for them is lost. */
export class NextHops {
  readonly #interface: string;
  readonly #addresses = new Set<string>();

  constructor(interfaceName: string) {
    this.#interface = interfaceName;
  }

  add({ destination, route }: LinkRequest): void {
    this.#addresses.add(route?.gateway ?? formatAddress(destination));
  }

  /** Whether one of them does not answer; null where the kernel's table cannot be read. */
  missing(): Promise<boolean | null> {
    return anyUnresolved(this.#interface, this.#addresses).catch(() => null);
  }
}
