import type { DriverName, NetDevice } from '../../tx/net-device.js';
import type { ManyOptions } from '../options.js';
import { settledLoss } from '../path/settled-loss.js';
import { StreamCounts } from './counts.js';
import type { Datagram, Failure, SendResult, SendSummary } from './datagram.js';

/** Sums over many datagrams; one closure serves them all. */
export class Tally {
  readonly #driver: DriverName;
  readonly #onDatagram: ((result: SendResult) => void) | undefined;
  readonly #onStopped: ((partial: SendResult) => void) | undefined;
  readonly #counts: StreamCounts;
  /** Datagrams handed over and not settled, and who waits until there are none. */
  #open = 0;
  #idle: (() => void) | null = null;
  readonly #begin = performance.now();
  /** What stopped the stream first. */
  failure: Failure | null = null;

  constructor(
    driver: DriverName,
    { onDatagram, onStopped, counts }: Pick<ManyOptions, 'onDatagram' | 'onStopped' | 'counts'>,
  ) {
    this.#driver = driver;
    this.#onDatagram = onDatagram;
    this.#onStopped = onStopped;
    this.#counts = counts ?? new StreamCounts();
  }

  /** One more is about to be handed over. */
  begin(): void {
    this.#open += 1;
  }

  /** It was not handed over after all. */
  refused(): void {
    this.#counts.failed += 1;
    this.#end();
  }

  /** What `Datagram` calls when it is done. */
  readonly settled = (datagram: Datagram, failure: Failure | null): void => {
    if (failure === null) {
      this.#counts.add(datagram);
      this.#tell(this.#onDatagram, datagram, 0, datagram.joined);
    } else {
      const whole = datagram.taken(failure);
      if (whole > 0) this.#counts.add(datagram.firstOf(whole));
      this.#counts.addStopped(datagram.joined - whole, datagram.fragmentsSent - whole);
      this.failure ??= failure;
      this.#tell(this.#onDatagram, datagram, 0, whole);
      if (!isWithdrawn(datagram, failure)) this.#tell(this.#onStopped, datagram, whole, datagram.joined);
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
  async finish(device: NetDevice): Promise<SendSummary> {
    const { failure } = this;
    // Some interfaces count in their own time, which is not the stream's.
    this.#counts.seconds = (performance.now() - this.#begin) / 1000;
    const { ways, datagrams, failed, fragments, octets, seconds } = this.#counts;
    const lost = await settledLoss([device]);
    const summary = { driver: device.driver, ways, datagrams, failed, fragments, octets, seconds, lost };
    if (failure === null) return summary;
    if (failure.error instanceof Error && Object.isExtensible(failure.error)) Object.assign(failure.error, { summary });
    throw failure.error;
  }

  /** The caller's mistake in a callback ends his stream, not the sender that others share. */
  #tell(listener: ((result: SendResult) => void) | undefined, datagram: Datagram, first: number, end: number): void {
    if (listener === undefined) return;
    try {
      for (let index = first; index < end; index++) listener(datagram.result(this.#driver, index));
    } catch (error) {
      this.failure ??= { error };
    }
  }

  #end(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#idle?.();
  }
}

/** Taken back by its signal while it waited: it is settled before those that are on their way in front of it. */
function isWithdrawn({ signal }: Datagram, { error }: Failure): boolean {
  return signal?.aborted === true && signal.reason === error;
}
