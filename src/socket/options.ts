import type { DriverOptionValues } from '../options/driver-options.js';
import type { DriverName } from '../tx/driver.js';
import type { FragmentPlan } from '../ufo/plan.js';
import type { EndOptions } from './dgram/options.js';
import type { StreamCounts } from './flight/counts.js';
import type { SendResult } from './flight/datagram.js';

/** How a socket is made; what its datagrams look like and how they leave is `DriverOptionValues`. */
export interface SocketOptions extends DriverOptionValues, EndOptions {
  readonly type: 'udp4' | 'udp6';
  /** How frames leave; default `raw-socket`. `auto` takes the fastest that this machine and what is asked for allow. */
  readonly driver?: DriverName | 'auto' | undefined;
  /** For `auto`: captures on this very interface have to see what is sent, which rules af-xdp out. */
  readonly visible?: boolean | undefined;
  /** Octets of memory that datagrams on their way may stand for; default: what the pool holds, less 48 pages. */
  readonly sendBufferSize?: number | undefined;
  /** User pages of 4,096 octets; default 512. */
  readonly poolPages?: number | undefined;
  /** Aborting it closes the socket: what has not begun to go fails. */
  readonly signal?: AbortSignal | undefined;
}

/** Where one datagram goes; address and port default to those of `connect`. */
export interface To {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  /** Identification of this datagram. IPv4: 1 … 65,535; IPv6: 1 … 2^32 − 1. Not with kernel-udp. */
  readonly ident?: number | undefined;
  /** What becomes of the fragments on purpose; its octets are copied. Not with kernel-udp. */
  readonly plan?: FragmentPlan | undefined;
  /** Aborting ends every wait, and takes the datagram back if its batch has not been started. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Fail with EAGAIN instead of waiting for the send budget or for pages (MSG_DONTWAIT); `drain` tells when to try again.
   * Connect before: the first datagram to a destination still waits until the way there is known.
   */
  readonly nonBlocking?: boolean | undefined;
}

export interface SendOptions extends To {
  /**
   * Send the caller's buffers by address instead of copying them (packet-socket, virtio-ufo, kernel-udp; the others copy).
   * They must not change before the send resolves; at most 17 buffers.
   */
  readonly zerocopy?: boolean | undefined;
}

/** Holds a stream of datagrams to a rate. */
export interface Pacer {
  /** Resolves when a datagram of so many packets and bits (of IP packets) may go; undefined: at once. */
  ready(packets: number, bits: number, signal?: AbortSignal): Promise<void> | undefined;
}

/** One of the flows of a stream; what is left out is as for a stream that has none. */
export interface FlowEnds {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  /** An address and a port to send from, which nobody holds for it; not with kernel-udp. */
  readonly source?: string | undefined;
  readonly sourcePort?: number | undefined;
}

/** Flows that the datagrams of a stream are spread over, all by one interface. */
export interface Flows {
  readonly ends: readonly FlowEnds[];
  /** Which of them datagram `n` (from 0) goes to, as an index of `ends`; default in turn. */
  readonly of?: ((n: number) => number) | undefined;
  /** Datagrams that the kernel took whole, by flow; counted up here: an element for each of `ends`. */
  readonly counts?: Float64Array | undefined;
}

export interface ManyOptions extends To {
  readonly flows?: Flows | undefined;
  readonly pacer?: Pacer | undefined;
  /** Counted in here as they go, to be looked at meanwhile; costs nothing a datagram. */
  readonly counts?: StreamCounts | undefined;
  /** Called for every datagram the kernel has taken whole. */
  readonly onDatagram?: ((result: SendResult) => void) | undefined;
  /**
   * Called for every datagram that was stopped, in its turn: `fragmentsSent` says how far it had got. Not for those that the
   * signal took back before they began.
   */
  readonly onStopped?: ((partial: SendResult) => void) | undefined;
}

export interface FileOptions extends ManyOptions {
  /** Octets of payload in every datagram but the last, 1 … 65,527. */
  readonly datagramSize: number;
  /** First octet of the file to send; default 0. Behind the file's end there is nothing to send, as `fs` has it: no error. */
  readonly offset?: number | undefined;
  /** Octets to send at most, as `fs` has it; default to the file's end. `octets` of the summary says how many went. */
  readonly length?: number | undefined;
  /** Octets the kernel has taken, of how many. */
  readonly onProgress?: ((octets: number, total: number) => void) | undefined;
}

/** A wait that can be ended. */
export interface Wait {
  readonly signal?: AbortSignal | undefined;
}

export interface SocketAddress {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly port: number;
}
