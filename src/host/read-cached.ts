import { RWF_NOWAIT } from './constants.js';
import { libc } from './libc.js';

/** One `struct iovec`: base, length. */
const iovec = new BigUint64Array(new ArrayBuffer(128), 0, 2);

/**
 * Reads as much of a file as lies in the page cache and can thus be had without waiting, up to `len` octets, to `address`;
 * −1 where nothing can, or the file system has no such way (RWF_NOWAIT: Linux 4.14, most disk file systems).
 */
export function readCached(fd: number, address: number, len: number, position: number): number {
  iovec[0] = BigInt(address);
  iovec[1] = BigInt(len);
  return libc().preadv2(fd, iovec, 1, position, RWF_NOWAIT);
}
