import { ERRNO, systemError } from '../errors.js';
import { readOrNull } from '../host/read-or-null.js';

/** @throws UfoError EHOSTUNREACH: `address` is this host's, and what goes out of `interfaceName` does not come back to it */
export function refuseOwnAddress(address: string, interfaceName: string): never {
  throw systemError(ERRNO.EHOSTUNREACH, 'connect', {
    address,
    reason: `an address of this very host, which no frame out of ${interfaceName} reaches`,
    hint: 'use the driver raw-socket or auto, without naming an interface',
  });
}

/**
 * Frames put on lo below the IP layer come in as if from a wire, and the kernel drops an IPv4 packet from an address of its
 * own as a martian (`fib_validate_source`), uncounted, unless it has been told otherwise. IPv6 knows no such check.
 * @throws UfoError EHOSTUNREACH with what to set
 */
export function refuseMartian(source: Uint8Array, destination: Uint8Array, address: string): void {
  if (destination.length !== 4) return;
  const loopback = source[0] === 127 || destination[0] === 127;
  const wanted = ['accept_local', ...(loopback ? ['route_localnet'] : [])];
  const missing = wanted.filter((name) => !isOn('all', name) && !isOn('lo', name));
  if (missing.length === 0) return;
  const set = missing.map((name) => `net.ipv4.conf.lo.${name}=1`).join(' ');
  throw systemError(ERRNO.EHOSTUNREACH, 'connect', {
    address,
    reason: 'an address of this very host: the kernel drops what is put on lo below its IP layer as a martian packet',
    hint: `use the driver raw-socket or auto; or let the kernel take it: sysctl -w ${set}`,
  });
}

/** Of the calling thread's network namespace. */
function isOn(where: 'all' | 'lo', name: string): boolean {
  const text = readOrNull(`/proc/sys/net/ipv4/conf/${where}/${name}`);
  return text !== null && text.trim() !== '0';
}
