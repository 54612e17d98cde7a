import type { Scenario } from '../scenario.js';

/** What one stretch of sending came to, as the sender itself tells. */
export interface Sent {
  readonly datagrams: number;
  /** IP packets that the kernel has taken. */
  readonly packets: number;
  readonly seconds: number;
  /** Processor time of the sender's process, the kernel's work for it included, seconds; null where unknown. */
  readonly cpuSeconds: number | null;
  /** Peak resident memory of the sender's process, octets; null where unknown. */
  readonly peakRss: number | null;
}

/** A sender that is ready for one scenario. */
export interface Runner {
  /** Sends about so many milliseconds. */
  forMs(ms: number): Promise<Sent>;
  /** Sends so many datagrams. */
  count(datagrams: number): Promise<Sent>;
  stop(): Promise<void>;
}

/** One way of sending that takes part. */
export interface Contestant {
  readonly name: string;
  /** A `driver` of the library, the `command` line with one; a `yardstick` is neither. */
  readonly kind: 'driver' | 'command' | 'yardstick';
  readonly about: string;
  /** Why it does not take part in a scenario; null where it does. */
  skips(scenario: Scenario): string | null;
  start(scenario: Scenario, signal: AbortSignal): Promise<Runner>;
}
