import { writeSync } from 'node:fs';
import { ERRNO } from '../../errors.js';
import { POLLOUT } from '../../host/constants.js';
import { libc } from '../../host/libc.js';
import { writeError } from '../../host/write-error.js';

const POLL_MS = 100;

/**
 * Writes all of `octets`, waiting for a reader as long as it takes: the kernel's ring fills meanwhile, and its drops are
 * counted. A pipe that our parent has made non-blocking is waited for by poll(2).
 * @throws UfoError of the system, with `path`: ENOSPC, EPIPE
 */
export function writeFully(fd: number, octets: Uint8Array, path: string): void {
  for (let from = 0; from < octets.length; ) {
    try {
      from += writeSync(fd, octets, from, octets.length - from);
    } catch (error) {
      const { errno = -ERRNO.EIO, code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') throw writeError(-errno, path);
      waitWritable(fd);
    }
  }
}

function waitWritable(fd: number): void {
  const pollfd = new DataView(new ArrayBuffer(8)); // struct pollfd { int fd; short events, revents }
  pollfd.setInt32(0, fd, true);
  pollfd.setInt16(4, POLLOUT, true);
  libc().poll(new Uint8Array(pollfd.buffer), 1, POLL_MS);
}
