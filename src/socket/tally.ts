import type { UfoError } from '../errors.js';
import type { DriverName, NetDevice } from '../tx/net-device.js';
import type { Datagram, SendResult, SendSummary } from './datagram.js';
import type { Way } from './way.js';

/** Sums over many datagrams; one closure serves them all. */
export class Tally {
  readonly #driver: DriverName;
  readonly #onDatagram: ((result: SendResult) => void) | undefined;
  readonly #ways = new Map<Way, string>();
  /** What stopped the first datagram that failed. */
  failure: UfoError | null = null;
  datagrams = 0;
  fragments = 0;
  octets = 0;
  /** Datagrams that failed, the first one included: those behind it were on their way already. */
  failed = 0;

  constructor(driver: DriverName, onDatagram?: (result: SendResult) => void) {
    this.#driver = driver;
    this.#onDatagram = onDatagram;
  }

  /** What `Datagram` calls when it is done. */
  readonly settled = (datagram: Datagram, error: UfoError | null): void => {
    this.fragments += datagram.fragmentsSent;
    if (error !== null) {
      this.failed += 1;
      this.failure ??= error;
      return;
    }
    this.datagrams += 1;
    this.octets += datagram.octets;
    if (!this.#ways.has(datagram.chosen.way)) this.#ways.set(datagram.chosen.way, datagram.chosen.why);
    this.#onDatagram?.(datagram.result(this.#driver));
  };

  /** @throws the first failure, with the summary as `summary` */
  finish(device: NetDevice): SendSummary {
    const { datagrams, failed, fragments, octets } = this;
    const ways = [...this.#ways].map(([way, why]) => ({ way, why }));
    const summary = { driver: device.driver, ways, datagrams, failed, fragments, octets, lost: device.lost() };
    if (this.failure !== null) throw Object.assign(this.failure, { summary });
    return summary;
  }
}
