import type { SocketOptions } from '../options.js';

/** Multicast that was told nothing stays on its link, as with every UDP socket of the kernel's. */
const MULTICAST_TTL = 1;

/** What can be changed about the way of datagrams after a socket was made. */
export class PathSettings {
  /** Undefined: the flow's default. */
  ttl: number | undefined;
  multicastTtl: number;
  /** The interface that groups without a zone go by; undefined: where the routes lead. */
  multicastInterface: string | undefined;
  /** Members of a group on this host get what is sent to it. */
  multicastLoopback = true;
  /** Broadcast addresses may be sent to, as with every UDP socket only when told (SO_BROADCAST, RFC 1122 §3.3.6). */
  broadcast = false;

  constructor({ ttl }: SocketOptions) {
    this.ttl = ttl;
    this.multicastTtl = ttl ?? MULTICAST_TTL;
  }
}
