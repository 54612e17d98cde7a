import type { LookupFunction } from 'node:net';
import { argumentError, typeError } from '../../errors.js';

/** What a socket's own end is made with: dgram's options by dgram's names. */
export interface EndOptions {
  /** Others who say so too may have the same port and address (SO_REUSEADDR); multicast comes to all of them. */
  readonly reuseAddr?: boolean | undefined;
  /** Others who say so too may have the same port (SO_REUSEPORT); the kernel spreads what comes over them. */
  readonly reusePort?: boolean | undefined;
  /** udp6: don't receive what comes by IPv4. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** Octets for datagrams not read yet (SO_RCVBUF, which the kernel doubles); default 4 MiB. */
  readonly recvBufferSize?: number | undefined;
  /** Called for every host, address literals too, with the family 4 or 6; default `dns.lookup`. */
  readonly lookup?: LookupFunction | undefined;
}

/** @throws UfoError for what SO_RCVBUF does not take */
export function checkBufferSize(name: string, value: unknown): asserts value is number {
  checkWhole(name, value, 1, 0x7fff_ffff, 'octets');
}

/** @throws UfoError: TypeError for what is no number, RangeError for one out of range */
export function checkWhole(
  name: string,
  value: unknown,
  least: number,
  most: number,
  unit = '',
): asserts value is number {
  const allowed = `${least} … ${most}${unit && ` ${unit}`}`;
  if (typeof value !== 'number') throw typeError(name, value, allowed);
  if (!Number.isInteger(value) || value < least || value > most) throw argumentError(name, value, allowed);
}
