import type { DriverName } from '../../tx/net-device.js';

/** One thing looked at. `warning` works but will surprise; `missing` is not there. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'missing';
  /** What was found. */
  readonly value: string;
  /** What to do, where something is to be done. */
  readonly hint?: string;
}

/** Everything `udp-ufo doctor` knows; the same as JSON. */
export interface DoctorReport {
  readonly node: string;
  readonly kernel: string;
  readonly packages: readonly Check[];
  readonly privileges: readonly Check[];
  readonly network: readonly Check[];
  /** Null unless an interface was named. */
  readonly interface: { readonly name: string; readonly checks: readonly Check[] } | null;
  readonly peers: readonly Check[];
  readonly drivers: readonly DriverCheck[];
  readonly auto: readonly AutoChoice[];
  /** Whether any driver can put fragments of ours on a wire, here and as this user. */
  readonly canSend: boolean;
}

/** Whether one driver would do, here and as this user, and why or why not. */
export interface DriverCheck {
  readonly name: DriverName;
  readonly usable: boolean;
  readonly why: string;
  /** Options of `send` that it honours, as they are typed without their hyphens. */
  readonly honours: readonly string[];
}

/** What `--driver auto` takes for one kind of wish. */
export interface AutoChoice {
  readonly wish: string;
  /** Null where no driver can. */
  readonly driver: DriverName | null;
  /** Why the faster ones are passed over; what it does where none is. */
  readonly why: string;
}
