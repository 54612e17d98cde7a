import { refuseUnknown } from '../checks.js';
import { argumentError } from '../errors.js';
import {
  checkValues,
  DRIVER_OPTIONS,
  type DriverOptionName,
  firstRefusal,
  refuseNotHonoured,
} from '../options/driver-options.js';
import { DRIVERS } from '../tx/driver.js';
import { ALL_TRAITS } from '../tx/drivers.js';
import type { SocketOptions } from './options.js';
import { isDriver, possibleDrivers } from './path/choose-driver.js';

/** What a socket takes beside what it tells its driver: each with what is allowed, where a value is not. */
const OWN: Readonly<Record<Exclude<keyof SocketOptions, DriverOptionName>, (value: unknown) => string | null>> = {
  type: (value) => (value === 'udp4' || value === 'udp6' ? null : 'udp4 or udp6'),
  driver: (value) =>
    value === undefined || value === 'auto' || isDriver(value) ? null : `one of ${DRIVERS.join(', ')}, auto`,
  visible: flag,
  reuseAddr: flag,
  reusePort: flag,
  ipv6Only: flag,
  lookup: (value) => (value === undefined || typeof value === 'function' ? null : 'a function as dns.lookup'),
  recvBufferSize: (value) => atLeastOne(value, 'octet'),
  sendBufferSize: (value) => atLeastOne(value, 'octet'),
  poolPages: (value) => atLeastOne(value, 'page'),
  signal: (value) => (value === undefined || value instanceof AbortSignal ? null : 'an AbortSignal'),
};
const KNOWN: readonly string[] = [...Object.keys(OWN), ...Object.keys(DRIVER_OPTIONS)];

/**
 * Everything about a socket's options that can be known before anything is opened.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT: an unknown option (with the nearest name), a value that is none, an option of the
 *   other family, or one that the driver would not honour (with those that would)
 */
export function checkSocketOptions(options: SocketOptions): void {
  refuseUnknown(options, KNOWN, 'createSocket');
  for (const [name, wanted] of Object.entries(OWN)) {
    const value: unknown = Reflect.get(options, name);
    const allowed = wanted(value);
    if (allowed !== null) throw argumentError(name, value, allowed);
  }
  const family = options.type === 'udp4' ? 4 : 6;
  checkValues(options, family);
  const possible = possibleDrivers(options);
  if (possible.some((one) => firstRefusal(options, family, one) === null)) return;
  const [only] = possible;
  if (possible.length === 1) refuseNotHonoured(options, family, only!, ALL_TRAITS);
  const reasons = possible.map((one) => {
    const { option, why } = firstRefusal(options, family, one)!;
    return `${one.name}: \`${option}\`: ${why}`;
  });
  throw argumentError('driver', 'auto', 'a driver that can do all of this at once', reasons.join('\n  '));
}

function flag(value: unknown): string | null {
  return value === undefined || typeof value === 'boolean' ? null : 'true or false';
}

function atLeastOne(value: unknown, unit: string): string | null {
  return value === undefined || (Number.isInteger(value) && (value as number) >= 1) ? null : `1 ${unit} or more`;
}
