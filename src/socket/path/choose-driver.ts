import { firstRefusal } from '../../options/driver-options.js';
import { DRIVERS, type DriverName, type DriverTraits } from '../../tx/driver.js';
import { DRIVER_TRAITS } from '../../tx/drivers.js';
import { iterateOptions } from '../../wire/ipv4-options.js';
import type { SocketOptions } from '../options.js';

/** A driver that `auto` may take, or why it is passed over. */
export interface Candidate {
  readonly driver: DriverName;
  /** null: it can do what was asked. */
  readonly refusal: string | null;
}

export const DEFAULT_DRIVER: DriverName = 'raw-socket';

/**
 * The order that `auto` tries them in, fastest first as `udp-ufo bench` measures them. Whole datagrams handed to the kernel
 * are fastest, but only where the kernel cuts as was asked for; otherwise our own cutting is, by AF_XDP first. What needs no
 * privilege comes last: it has no say in the cutting.
 */
const BY_SPEED: readonly DriverName[] = ['virtio-ufo', 'af-xdp', 'packet-socket', 'raw-socket', 'kernel-udp'];

/** Those whose packets pass the kernel's IP layer on the way out: they reach this very host. */
const BY_IP: ReadonlySet<DriverName> = new Set(['raw-socket', 'kernel-udp']);

/** What a driver cannot do as asked beyond the options it honours; null where it can. */
const LIMITS: Partial<Record<DriverName, (options: SocketOptions, family: 4 | 6) => string | null>> = {
  'virtio-ufo': ufoRefusal,
};

/** The drivers in the order that `auto` tries them. @param toSelf datagrams are for this very host */
export function candidates(options: SocketOptions, family: 4 | 6, toSelf = false): Candidate[] {
  return BY_SPEED.map((driver) => ({
    driver,
    refusal:
      toSelf && !BY_IP.has(driver)
        ? 'the kernel drops what is put on lo below its IP layer as a martian packet'
        : refusalOf(DRIVER_TRAITS[driver], options, family),
  }));
}

/** The drivers that may be meant: the one asked for, or all that `auto` may take. */
export function possibleDrivers({ driver = DEFAULT_DRIVER }: SocketOptions): readonly DriverTraits[] {
  return (driver === 'auto' ? BY_SPEED : [driver]).map((name) => DRIVER_TRAITS[name]);
}

/** Whether datagrams go to a network; a file asks no routes and holds no port. */
export function sends(options: SocketOptions): boolean {
  return possibleDrivers(options).some((driver) => driver.sends);
}

export function isDriver(name: unknown): name is DriverName {
  return DRIVERS.includes(name as DriverName);
}

function refusalOf(traits: DriverTraits, options: SocketOptions, family: 4 | 6): string | null {
  const refusal = firstRefusal(options, family, traits);
  if (refusal !== null) return `${refusal.option}: ${refusal.why}`;
  if (options.visible === true && !traits.seenByCaptures) return 'captures on the same interface do not see it';
  return LIMITS[traits.name]?.(options, family) ?? null;
}

/** What the kernel's UFO cannot do as asked; the datagram would be cut here, and AF_XDP does that faster. */
function ufoRefusal(options: SocketOptions, family: 4 | 6): string | null {
  if (options.checksum === false) return 'without a UDP checksum there is nothing to offload';
  if ((options.extensionHeaders ?? []).length > 0) return "the kernel's UFO miscounts IPv6 extension headers";
  if (family === 6 && options.idents !== undefined) return 'the kernel picks IPv6 fragment ids itself';
  for (const { type, copied } of iterateOptions(options.options ?? new Uint8Array(0))) {
    if (!copied && type > 1) return 'the kernel would repeat IPv4 options without the copied flag';
  }
  return null;
}
