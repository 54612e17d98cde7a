import { argumentError, ERRNO } from '../../errors.js';
import { detectConntrack } from '../../host/conntrack.js';
import { libc } from '../../host/libc.js';
import { isLoopback } from '../../host/own-networks.js';
import { isLinkLocal, putSockaddr, SOCKADDR_IN6_LEN } from '../../host/sockaddr.js';
import { SEND_BUFFER } from '../../host/socket-calls.js';
import type { PagePool } from '../../memory/page-pool.js';
import { NETIF_F_SG } from '../../skb/features.js';
import type { Flow } from '../../skb/flow.js';
import { formatAddress, parseAddress } from '../../wire/address.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { ROUTING } from '../../wire/ipv6-extension.js';
import { LossCounters } from '../loss-counters.js';
import { type LinkRequest, type LostFrames, type NetDevice, rowLen, rowSkb, type TxBatch } from '../net-device.js';
import { NextHops } from '../next-hops.js';
import { descriptorOf } from './descriptor.js';
import { FrameSlot } from './frame-slot.js';
import { MmsgSender } from './mmsg-sender.js';
import type { RawSocket } from './module.js';
import { errnoOf, interfaceIndex, openRawIp, purgeErrorQueue, setMulticastLoop } from './options.js';
import { RawSocketWait } from './wait.js';

export interface RawSocketOptions {
  readonly family: 4 | 6;
  /** The interface that packets leave by, for the device's name and its drop counter. */
  readonly interface?: string;
  /** Send by `interface` whatever the routes say; without it the kernel routes each packet. */
  readonly bound?: boolean;
  /** Rules may choose by it where it is this host's: what the header says is nothing to them. */
  readonly source?: string | undefined;
  /** Largest IP packet, octets: the interface's MTU. */
  readonly mtu: number;
  /** The pool that batches come from. The device keeps a run of `mtu` octets of it until it is closed. */
  readonly pool: PagePool;
  /** Octets of SO_SNDBUF; 8 MiB by default, as far as the kernel allows. */
  readonly sendBufferSize?: number;
  /** Only the package's own calls, as where its descriptor cannot be found. */
  readonly packageCalls?: boolean;
}

/** The loop gets its turn at least this often, milliseconds; looked at every SLICE_ROWS rows. */
const SLICE_MS = 5;
const SLICE_ROWS = 32;
const NO_LINK_HEADER = new Uint8Array(0);

/**
 * The default driver: npm raw-socket with the IP header included. Routing, neighbours and netfilter are the kernel's as
 * usual. It lives on Node's main thread only (the package uses libuv's default loop).
 * @throws UfoError EPERM without CAP_NET_RAW, ENODEV, ENOMEM (pool), ERR_UFO_UNSUPPORTED where the package is not built.
 */
export async function openRawSocket(options: RawSocketOptions): Promise<NetDevice> {
  const { family, interface: name, bound = false, mtu } = options;
  if (!Number.isInteger(mtu) || mtu < 28 || mtu > 65_575) throw argumentError('mtu', mtu, '28 … 65575 octets');
  const ifindex = name === undefined ? 0 : interfaceIndex(name);
  const slot = new FrameSlot(options.pool, mtu);
  try {
    const sendBufferSize = options.sendBufferSize ?? SEND_BUFFER;
    return new RawSocketDevice(
      options,
      ifindex,
      openRawIp({ family, bindTo: bound ? name : undefined, sendBufferSize }),
      slot,
    );
  } catch (error) {
    slot.release();
    throw error;
  }
}

class RawSocketDevice implements NetDevice {
  readonly name: string;
  readonly driver = 'raw-socket';
  readonly ifindex: number;
  readonly mtu: number;
  readonly features: number;
  readonly writesHeaders = true;
  readonly rightsIpv4Headers = true;
  readonly seenByCaptures = true;
  readonly zerocopy = false;
  readonly notes: readonly string[];
  readonly #family: 4 | 6;
  readonly #bound: boolean;
  readonly #socket: RawSocket;
  /** Null where the descriptor of the package's socket cannot be found. */
  readonly #sender: MmsgSender | null;
  readonly #slot: FrameSlot;
  readonly #wait: RawSocketWait;
  readonly #losses: LossCounters;
  readonly #hops: NextHops;
  readonly #addresses = new WeakMap<Flow, string>();
  #lastFlow: Flow | null = null;
  #lastAddress = '';
  #closed = false;

  constructor(options: RawSocketOptions, ifindex: number, socket: RawSocket, slot: FrameSlot) {
    this.name = options.interface ?? '';
    this.ifindex = ifindex;
    this.mtu = options.mtu;
    this.#family = options.family;
    this.#bound = options.bound ?? false;
    this.#socket = socket;
    const fd = options.packageCalls === true ? null : descriptorOf(socket.wrap);
    if (fd !== null && options.source !== undefined) bindSource(fd, options.source);
    this.#sender = fd === null ? null : new MmsgSender(fd, ifindex);
    this.features = fd === null ? 0 : NETIF_F_SG; // sendmmsg(2) gathers
    this.#slot = slot;
    this.#losses = new LossCounters(this.name);
    this.#hops = new NextHops(this.name);
    this.notes = conntrackNotes(options.family);
    this.#wait = new RawSocketWait(socket.wrap, () => purgeErrorQueue(socket.wrap, options.family));
  }

  get syscall(): string {
    return this.#sender?.syscall ?? 'sendto';
  }

  get taken(): number {
    return this.#losses.taken;
  }

  async linkHeader(request: LinkRequest): Promise<Uint8Array> {
    const { destination } = request;
    this.#hops.add(request);
    if (this.#family === 6 && !this.#bound && isLinkLocal(destination)) {
      const want = 'an interface with a link-local destination';
      throw argumentError('interface', undefined, want, `for example ${formatAddress(destination)}%eth0`);
    }
    return NO_LINK_HEADER;
  }

  xmit(batch: TxBatch, first: number): number {
    if (this.#closed) return -ERRNO.EBADF;
    const { flow } = rowSkb(batch, first);
    if (this.#sender !== null && flow !== null && !hasSourceRoute(flow))
      return this.#note(this.#sender.send(batch, first));
    return this.#xmitByPackage(batch, first);
  }

  #xmitByPackage(batch: TxBatch, first: number): number {
    const { rows } = batch.table;
    const deadline = performance.now() + SLICE_MS;
    for (let row = first; row < rows; row++) {
      const result = this.#send(batch, row);
      if (result < 0) return row > first ? row - first : result;
      if (row % SLICE_ROWS === 0 && performance.now() > deadline) return row - first + 1;
    }
    return rows - first;
  }

  writable(signal?: AbortSignal): Promise<void> {
    return this.#closed ? Promise.resolve() : this.#wait.wait(signal);
  }

  setMulticastLoopback(on: boolean): void {
    setMulticastLoop(this.#socket.wrap, this.#family, on);
  }

  lost(): LostFrames {
    return this.#losses.read();
  }

  neighboursMissing(): Promise<boolean | null> {
    return this.#hops.missing();
  }

  /** sendto(2) has copied every row taken, so there is nothing to wait for. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#wait.wakeAll();
    this.#socket.wrap.close();
    this.#slot.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** 0 or −errno. */
  #send(batch: TxBatch, row: number): number {
    const at = this.#slot.place(batch.table, row);
    if (at < 0) return -ERRNO.EMSGSIZE;
    try {
      this.#socket.wrap.send(this.#slot.octets, at, rowLen(batch, row), this.#addressOf(batch, row, at), ignore);
      return Math.min(0, this.#note(1));
    } catch (error) {
      return this.#note(errnoOf(error));
    }
  }

  /** Takes what a send came to: packets, or −errno. */
  #note(result: number): number {
    if (result > 0) this.#losses.taken += result;
    else if (result === -ERRNO.ENOBUFS) this.#losses.refused += 1;
    else if (result !== -ERRNO.EAGAIN) purgeErrorQueue(this.#socket.wrap, this.#family);
    this.#wait.note(Math.min(0, result));
    return result;
  }

  /** The text of where this row goes next, kept per flow: making it costs more than sending. */
  #addressOf(batch: TxBatch, row: number, frame: number): string {
    const flow = rowSkb(batch, row).flow;
    if (flow !== null && flow === this.#lastFlow) return this.#lastAddress;
    const known = flow === null ? undefined : this.#addresses.get(flow);
    const address = known ?? this.#nextAddress(flow, frame);
    if (flow !== null && known === undefined) this.#addresses.set(flow, address);
    this.#lastFlow = flow;
    this.#lastAddress = address;
    return address;
  }

  #nextAddress(flow: Flow | null, frame: number): string {
    if (flow !== null && !hasSourceRoute(flow)) return formatAddress(flow.destination);
    const at = this.#family === 4 ? ipv4.DESTINATION : ipv6.DESTINATION;
    return formatAddress(this.#slot.octets, frame + at, this.#family);
  }
}

/** IPv4 fragments pass netfilter's reassembly by IP_NODEFRAG; IPv6 ones do not. */
function conntrackNotes(family: 4 | 6): readonly string[] {
  const { explanation } = family === 6 ? detectConntrack() : { explanation: null };
  return explanation === null ? [] : [explanation];
}

/** Where a route is in the header, its first hop is what the IP header names. Options may hold one, so they count. */
function hasSourceRoute(flow: Flow): boolean {
  return flow.options.length > 0 || flow.extensionHeaders.some(({ type }) => type === ROUTING);
}

/** One of another host is refused, and no rule's business; a link-local one would bind to an interface, one of lo to this host. */
function bindSource(fd: number, source: string): void {
  const parsed = parseAddress(source);
  if (parsed === null || isLoopback(parsed) || isLinkLocal(parsed.octets)) return;
  const name = new Uint8Array(SOCKADDR_IN6_LEN);
  libc().bind(fd, name, putSockaddr(new DataView(name.buffer), 0, parsed.octets, 0));
}

function ignore(): void {}
