import type { LookupFunction } from 'node:net';
import { checkWhole } from '../../checks.js';

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
