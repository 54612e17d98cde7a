import { ERRNO, UfoError } from '../../errors.js';
import { interfaceOf, type NetworkInterface } from '../../host/interfaces.js';
import { addressOf } from '../../host/libc.js';
import { putSockaddr, SOCKADDR_IN6_LEN } from '../../host/sockaddr.js';
import { SEND_BUFFER } from '../../host/socket-calls.js';
import { NETIF_F_SG } from '../../skb/features.js';
import type { Flow } from '../../skb/flow.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { FRAGMENT_HEADER_LEN } from '../../wire/ipv6-extension.js';
import * as udp from '../../wire/udp.js';
import { Backpressure } from '../backpressure.js';
import { LossCounters } from '../loss-counters.js';
import { MAX_MESSAGES, MmsgVector } from '../mmsghdr.js';
import { type LinkRequest, type LostFrames, type NetDevice, rowLen, rowSkb, type TxBatch } from '../net-device.js';
import { NextHops } from '../next-hops.js';
import { callLimit, sendVector } from '../send-batch.js';
import { JoinedDatagrams } from './joined.js';
import { UdpPort } from './port.js';

/** ICMP errors can come as fast as datagrams go. */
const MAX_TRIES = 8;

export interface KernelUdpOptions {
  /** The interface that the kernel's routes lead to: for MTU and loss counters. */
  readonly interface: string | NetworkInterface;
  readonly family: 4 | 6;
  /** Send by this interface only, whatever the routes say. */
  readonly bound?: boolean;
  /** A UDP socket bound to the flows' source port, which stays its owner's; without it the device opens its own. */
  readonly fd?: number;
  /**
   * Called after a failed send by `fd`: takes what waits in its error queue, and says how many ICMP errors of earlier
   * datagrams that were.
   */
  readonly takeErrors?: () => number;
  /** What a user should know of it. */
  readonly notes?: readonly string[];
  /** Octets of SO_SNDBUF of own sockets; 8 MiB by default, as far as the kernel allows. */
  readonly sendBufferSize?: number;
}

/**
 * Ordinary UDP sockets: a row is a payload without any header, and the kernel makes headers and fragments. The yardstick,
 * and what one takes who wants no control or has no privilege. `traits.ts` says what it honours.
 */
export class KernelUdp implements NetDevice {
  readonly name: string;
  readonly driver = 'kernel-udp';
  readonly ifindex: number;
  readonly mtu: number;
  readonly features: number = NETIF_F_SG;
  readonly writesHeaders = false;
  readonly seenByCaptures = true;
  readonly zerocopy = false;
  syscall = 'sendmmsg';
  readonly notes: readonly string[];
  readonly #sendBufferSize: number;
  /** The interface that sockets are bound to, if any. */
  readonly #device: string | null;
  readonly #shared: UdpPort | null;
  readonly #takeErrors: (() => number) | undefined;
  /** By source address and port. */
  readonly #ports = new Map<string, UdpPort>();
  #lastFlow: Flow | null = null;
  #lastPort: UdpPort | null = null;
  readonly #vector = new MmsgVector();
  readonly #names = new DataView(new ArrayBuffer(MAX_MESSAGES * SOCKADDR_IN6_LEN));
  readonly #address = addressOf(new Uint8Array(this.#names.buffer));
  readonly #joined: JoinedDatagrams;
  readonly #backpressure = new Backpressure();
  readonly #loss: LossCounters;
  readonly #hops: NextHops;

  constructor(
    { name, ifindex, mtu }: NetworkInterface,
    { family, bound = false, fd, takeErrors, notes = [], sendBufferSize = SEND_BUFFER }: KernelUdpOptions,
  ) {
    this.name = name;
    this.notes = notes;
    this.ifindex = ifindex;
    this.mtu = mtu;
    this.#sendBufferSize = sendBufferSize;
    this.#device = bound ? name : null;
    this.#shared = fd === undefined ? null : new UdpPort(fd, family, { device: this.#device });
    this.#takeErrors = takeErrors;
    this.#joined = new JoinedDatagrams(name);
    this.#loss = new LossCounters(name);
    this.#hops = new NextHops(name);
  }

  usoRefusal(flow: Flow, payloadLen: number): string | null | undefined {
    return packetsOf(flow, payloadLen) > 1 ? undefined : this.#joined.gate.refusal(flow, payloadLen);
  }

  /** None: the kernel writes it. */
  async linkHeader(request: LinkRequest): Promise<Uint8Array> {
    this.#hops.add(request);
    return new Uint8Array(0);
  }

  xmit(batch: TxBatch, first: number): number {
    const flow = flowOf(batch, first);
    if (flow.options.length > 0 || flow.extensionHeaders.length > 0) return -ERRNO.EOPNOTSUPP;
    const port = this.#portOf(flow);
    if (typeof port === 'number') return port;
    const sent = this.#sendRows(batch, first, port);
    this.#backpressure.note(sent);
    if (sent === -ERRNO.ENOBUFS) this.#loss.refused += 1; // a packet of it was dropped, the datagram is sent again
    for (let row = first; row < first + sent; row++) {
      const packets = packetsOf(flowOf(batch, row), rowLen(batch, row));
      this.#loss.taken += packets;
      // With a fragment that is dropped the kernel gives up the rest of the datagram, uncounted (ip_do_fragment).
      if (packets > this.#loss.largest) this.#loss.largest = packets;
    }
    return sent;
  }

  /** How many rows were taken, at least 1, or −errno. Where the kernel will not have them joined they go one by one for good. */
  #sendRows(batch: TxBatch, first: number, port: UdpPort): number {
    this.#fill(batch, first, port);
    const sent = this.#sendNow(port);
    if (sent > 0) {
      this.#loss.largest = Math.max(this.#loss.largest, this.#joined.longest);
      return this.#joined.rows(sent);
    }
    if (this.#joined.rowsOf(0) === 1 || !this.#joined.gate.refuse(-sent)) return sent;
    this.#fill(batch, first, port);
    return this.#sendNow(port);
  }

  /** An ICMP error of an earlier datagram makes the next send fail, which has not been tried then. */
  #sendNow(port: UdpPort): number {
    let sent = sendVector(port.fd, this.#vector);
    for (let tries = 0; isFailure(sent) && (this.#takeErrors?.() ?? 0) > 0 && tries < MAX_TRIES; tries++) {
      sent = sendVector(port.fd, this.#vector);
    }
    return sent;
  }

  async writable(signal?: AbortSignal): Promise<void> {
    if (this.#lastPort !== null) await this.#backpressure.wait(this.#lastPort.fd, signal);
  }

  /** What a full queue below the socket refuses the kernel counts as sent (`udp_send_skb`); so `socket` can't be known. */
  lost(): LostFrames {
    return { ...this.#loss.read(), socket: null };
  }

  get taken(): number {
    return this.#loss.taken;
  }

  neighboursMissing(): Promise<boolean | null> {
    return this.#hops.missing();
  }

  async close(): Promise<void> {
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
    this.#lastFlow = null;
    this.#lastPort = null;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Rows from `first` on that leave by the same socket with the same settings; a destination is written once a run. */
  #fill(batch: TxBatch, first: number, port: UdpPort): void {
    const vector = this.#vector;
    vector.reset();
    this.#joined.reset();
    const end = callLimit(batch, first);
    let named: Flow | null = null;
    let at = -SOCKADDR_IN6_LEN;
    let nameLen = 0;
    for (let row = first; row < end; ) {
      const flow = flowOf(batch, row);
      if (flow !== named) {
        if (named !== null && (!port.fits(flow) || !sameSource(flow, named) || flow.options.length > 0)) return;
        at += SOCKADDR_IN6_LEN;
        nameLen = putSockaddr(this.#names, at, flow.destination, flow.destinationPort, this.ifindex);
        named = flow;
      }
      vector.pushMessage(this.#address + at, nameLen);
      row += this.#joined.push(vector, batch, row, end);
    }
  }

  /** The socket for a flow, set up for it; −errno where there can be none. */
  #portOf(flow: Flow): UdpPort | number {
    this.syscall = 'sendmmsg';
    if (flow === this.#lastFlow) return this.#lastPort!;
    try {
      const port = this.#shared ?? this.#ownPort(flow);
      port.prepare(flow, this.ifindex);
      this.#lastFlow = flow;
      this.#lastPort = port;
      return port;
    } catch (error) {
      this.#lastFlow = null; // some of its settings may be another's by now
      if (!(error instanceof UfoError) || error.errno === undefined) throw error;
      this.syscall = error.syscall!;
      return error.errno;
    }
  }

  #ownPort(flow: Flow): UdpPort {
    const key = `${flow.source.join('.')}:${flow.sourcePort}`;
    let port = this.#ports.get(key);
    if (port === undefined) {
      port = UdpPort.open(flow, this.ifindex, this.#sendBufferSize, this.#device);
      this.#ports.set(key, port);
    }
    return port;
  }
}

/** Opens the device; sockets follow with the first datagram of a source. @throws UfoError for an unknown interface. */
export async function openKernelUdp(options: KernelUdpOptions): Promise<KernelUdp> {
  return new KernelUdp(await interfaceOf(options.interface), options);
}

function isFailure(sent: number): boolean {
  return sent < 0 && sent !== -ERRNO.EAGAIN && sent !== -ERRNO.ENOBUFS;
}

function flowOf(batch: TxBatch, row: number): Flow {
  return rowSkb(batch, row).flow!;
}

function sameSource(a: Flow, b: Flow): boolean {
  return (
    a.sourcePort === b.sourcePort && a.source.length === b.source.length && a.source.every((o, i) => o === b.source[i])
  );
}

/** Packets that the kernel's IP layer makes of a payload: as many as ours, but its last one may fill an MTU that is not rounded. */
function packetsOf({ family, mtu }: Flow, payloadLen: number): number {
  const networkLen = family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN;
  const total = udp.HEADER_LEN + payloadLen;
  if (networkLen + total <= mtu) return 1;
  const last = mtu - networkLen - (family === 6 ? FRAGMENT_HEADER_LEN : 0);
  return 1 + Math.ceil((total - last) / (last & ~7));
}
