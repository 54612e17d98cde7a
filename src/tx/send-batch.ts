import { ERRNO } from '../errors.js';
import { MSG_DONTWAIT } from '../host/constants.js';
import { lastErrno, libc } from '../host/libc.js';
import { MAX_MESSAGES, type MmsgVector } from './mmsghdr.js';
import { rowLen, type TxBatch } from './net-device.js';

/** Octets that one call hands over at most: 64 full datagrams, about 5 ms of the kernel's work at MTU 1500. */
const MAX_CALL_OCTETS = 4 << 20;

/** The row behind the last one that a single call should carry, so that the caller is back in its event loop in time. */
export function callLimit(batch: TxBatch, first: number): number {
  const last = Math.min(batch.table.rows, first + MAX_MESSAGES);
  let row = first;
  for (let octets = 0; row < last && octets < MAX_CALL_OCTETS; row++) octets += rowLen(batch, row);
  return row;
}

/** sendmmsg(2) of all messages in `vector`, not blocking: how many were taken (at least 1), or −errno. */
export function sendVector(fd: number, vector: MmsgVector): number {
  const sent = libc().sendmmsg(fd, vector.address, vector.messages, MSG_DONTWAIT);
  if (sent > 0) return sent;
  const errno = lastErrno();
  return errno === ERRNO.EINTR ? -ERRNO.EAGAIN : -errno;
}
