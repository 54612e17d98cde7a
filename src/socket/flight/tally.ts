import type { DriverName, NetDevice } from '../../tx/net-device.js';
import type { ManyOptions } from '../options.js';
import { StreamCounts } from './counts.js';
import type { Datagram, Failure, SendResult, SendSummary } from './datagram.js';

/** Sums over many datagrams; one closure serves them all. */
export class Tally {
  readonly #driver: DriverName;
  readonly #onDatagram: ((result: SendResult) => void) | undefined;
  readonly #counts: StreamCounts;
  /** Datagrams handed over and not settled, and who waits until there are none. */
  #open = 0;
  #idle: (() => void) | null = null;
  /** What stopped the stream first. */
  failure: Failure | null = null;
  /** Packets taken, those of failed datagrams included. */
  #fragments = 0;
  /** Datagrams that failed, the first one included: those behind it were on their way already. */
  failed = 0;

  constructor(driver: DriverName, { onDatagram, counts }: Pick<ManyOptions, 'onDatagram' | 'counts'>) {
    this.#driver = driver;
    this.#onDatagram = onDatagram;
    this.#counts = counts ?? new StreamCounts();
  }

  /** One more is about to be handed over. */
  begin(): void {
    this.#open += 1;
  }

  /** It was not handed over after all. */
  refused(): void {
    this.failed += 1;
    this.#end();
  }

  /** What `Datagram` calls when it is done. */
  readonly settled = (datagram: Datagram, failure: Failure | null): void => {
    this.#fragments += datagram.fragmentsSent;
    if (failure !== null) {
      this.failed += 1;
      this.failure ??= failure;
    } else {
      this.#counts.add(datagram);
      this.#tell(datagram);
    }
    this.#end();
  };

  /** Resolves when all that was handed over is settled. */
  idle(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  /** @throws the first failure, with the summary as `summary` where it is an error object */
  finish(device: NetDevice): SendSummary {
    const { failed, failure } = this;
    const { ways, datagrams, octets } = this.#counts;
    const fragments = this.#fragments;
    const summary = { driver: device.driver, ways, datagrams, failed, fragments, octets, lost: device.lost() };
    if (failure === null) return summary;
    if (failure.error instanceof Error && Object.isExtensible(failure.error)) Object.assign(failure.error, { summary });
    throw failure.error;
  }

  /** The caller's mistake in a callback ends his stream, not the sender that others share. */
  #tell(datagram: Datagram): void {
    if (this.#onDatagram === undefined) return;
    try {
      this.#onDatagram(datagram.result(this.#driver));
    } catch (error) {
      this.failure ??= { error };
    }
  }

  #end(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#idle?.();
  }
}
