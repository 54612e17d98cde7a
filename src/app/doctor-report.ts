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
  /** Whether any driver can put fragments of ours on a wire, here and as this user. */
  readonly canSend: boolean;
}

/** Whether one driver would do, here and as this user, and why or why not. */
export interface DriverCheck {
  readonly name: DriverName;
  readonly usable: boolean;
  readonly why: string;
}

export type DriverName = 'raw-socket' | 'packet-socket' | 'af-xdp' | 'virtio-ufo' | 'kernel-udp' | 'pcap-file';
