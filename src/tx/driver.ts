import type { Capability } from '../host/privileges.js';
import type { DriverOptionName, Honours } from '../options/driver-options.js';

/** Every driver; a new one is a name here, a `traits.ts` in its folder and a row in `drivers.ts` and `socket/path/open-device`. */
export const DRIVERS = [
  'raw-socket',
  'packet-socket',
  'af-xdp',
  'xdp-live',
  'virtio-ufo',
  'kernel-udp',
  'pcap-file',
] as const;
export type DriverName = (typeof DRIVERS)[number];

/**
 * What can be known of a driver without opening or even loading it. Whoever has to tell drivers apart asks for one of these
 * properties, never for the name.
 */
export interface DriverTraits extends Honours {
  readonly name: DriverName;
  /** What it is good for, for people. */
  readonly summary: string;
  /** The options it does as told; all others are refused. */
  readonly honours: readonly DriverOptionName[];
  /** Rows are packets with headers of ours, cut by us or as we say; otherwise payloads, and the kernel does the rest. */
  readonly writesHeaders: boolean;
  /** Captures on the interface that packets leave by see them. */
  readonly seenByCaptures: boolean;
  /** It has a network to send to: routes are asked, and a companion holds the port. */
  readonly sends: boolean;
  /** It needs a UMEM in user memory. */
  readonly usesUmem: boolean;
  /** It has a ring whose slots lie in user memory. */
  readonly usesSlots?: true;
  /** It works in worker threads, not on the main thread of a process only. */
  readonly inThreads: boolean;
  /** What it takes to open it; null: nothing. */
  readonly needs: Capability | null;
  /** What it takes for every frame it sends, not for opening only. */
  readonly needsForEach?: readonly Capability[];
}
