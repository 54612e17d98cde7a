import { ERRNO } from '../../errors.js';
import { findInterface } from '../../host/interfaces.js';
import type { PagePool } from '../../memory/page-pool.js';
import type { NetDevice } from '../../tx/net-device.js';
import { Transmitter } from '../flight/transmitter.js';
import type { Turnstile } from '../flight/turnstile.js';

/** One device that a socket sends by, and the queue in front of it. */
export class Channel {
  readonly device: NetDevice;
  readonly transmitter: Transmitter;
  /** Largest IP packet of the device as far as we know; lower once the device has refused one. */
  mtu: number;
  #stale = false;
  #refreshing: Promise<void> | null = null;

  /** @param ending of plans' delays, as `Transmitter` has it */
  constructor(device: NetDevice, pool: PagePool, turnstile: Turnstile, ending?: AbortSignal) {
    this.device = device;
    const refused = (errno: number): void => {
      this.#stale ||= errno === ERRNO.EMSGSIZE && device.ifindex > 0;
    };
    this.transmitter = new Transmitter(device, pool, turnstile, refused, ending);
    this.mtu = device.mtu;
  }

  /** The device said EMSGSIZE: `refresh` before the next datagram. */
  get stale(): boolean {
    return this.#stale;
  }

  /** Reads the interface's MTU again, once for all who ask meanwhile: they go on in the order of asking. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async close(): Promise<void> {
    await this.transmitter.idle();
    await this.device.close();
  }

  async #refresh(): Promise<void> {
    const { mtu } = await findInterface(this.device.name);
    this.mtu = Math.min(this.device.packetMtu?.(mtu) ?? mtu, this.device.mtu);
    this.#stale = false;
  }
}
