import type { RemoteInfo } from 'node:dgram';
import type { IcmpError } from '../companion/icmp-error.js';

/** What a socket tells, by name. */
export interface SocketEvents {
  /** A datagram came to the socket's port; fragments of it were put together by the kernel. */
  message: [payload: Buffer, from: RemoteInfo];
  /** The port is taken, and datagrams can come. */
  listening: [];
  connect: [];
  /**
   * What failed with nobody waiting for it, and, where the socket is connected, what ICMP said of its peer. Without a listener
   * it becomes a warning of the process, one for each code, and never ends it.
   */
  error: [error: Error];
  /** What ICMP said of a datagram to anybody; `error.address` and `error.port` are whom it concerns. Anybody can forge it. */
  icmp: [error: IcmpError];
  /** A send that said EAGAIN is worth trying again. */
  drain: [];
  close: [];
}
