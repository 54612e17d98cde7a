import { ERRNO } from '../../errors.js';
import { PACKET_QDISC_BYPASS, SOL_PACKET } from '../../host/constants.js';
import { interfaceOf, type NetworkInterface } from '../../host/interfaces.js';
import { libc } from '../../host/libc.js';
import { SEND_BUFFER, setSockOptInt } from '../../host/socket-calls.js';
import type { UserMemory } from '../../memory/user-memory.js';
import { NETIF_F_SG } from '../../skb/features.js';
import { deviceGone, openPacketFd, PacketNames, SOCKADDR_LL_LEN } from '../af-packet.js';
import { anyLink } from '../any-link.js';
import { Backpressure } from '../backpressure.js';
import type { EthernetOptions } from '../ethernet-link.js';
import type { Link } from '../link.js';
import { LinkWatch } from '../link-watch.js';
import { LossCounters } from '../loss-counters.js';
import { MmsgVector } from '../mmsghdr.js';
import { type LinkRequest, type LostFrames, type NetDevice, rowSkb, type TxBatch } from '../net-device.js';
import { callLimit, sendVector } from '../send-batch.js';
import { TransmitRing } from './transmit-ring.js';

export interface PacketSocketOptions extends EthernetOptions {
  readonly interface: string | NetworkInterface;
  /** Octets of SO_SNDBUF; 8 MiB by default, as far as the kernel allows. */
  readonly sendBufferSize?: number;
  /**
   * Past the queueing discipline, straight into the driver: about 5% faster, no shaping, and unseen by captures on this
   * interface.
   */
  readonly qdiscBypass?: boolean;
  /** The memory that all rows will lie in, for a faster way where it has `slots`. */
  readonly memory?: UserMemory;
}

/**
 * Whole frames through AF_PACKET, with an Ethernet header, or from IP on where the interface has none. Frames that fit a slot
 * of the transmit ring and go at once are copied there, a system call for up to 128 (`TransmitRing`). All others: one
 * sendmmsg(2) for up to 256 frames, each gathered by the kernel from the header arena and the user pages (`packet_snd`), with
 * no copy of ours. Either way the kernel copies into its own skb during the call, and a frame it refuses stays ours.
 */
export class PacketSocket implements NetDevice {
  readonly name: string;
  readonly driver = 'packet-socket';
  readonly ifindex: number;
  readonly mtu: number;
  readonly features: number = NETIF_F_SG;
  readonly writesHeaders = true;
  readonly seenByCaptures: boolean;
  readonly zerocopy = false;
  readonly syscall = 'sendmmsg';
  #fd: number;
  readonly #link: Link;
  /** Null where the kernel reads the protocol from the Ethernet header. */
  readonly #names: PacketNames | null;
  readonly #vector = new MmsgVector();
  readonly #backpressure = new Backpressure();
  readonly #loss: LossCounters;
  readonly #ring: TransmitRing | null;
  /** The ring is not asked for the MTU. */
  readonly #linkWatch: LinkWatch | null;

  constructor(
    fd: number,
    { name, ifindex, mtu }: NetworkInterface,
    link: Link,
    ring: TransmitRing | null,
    seenByCaptures: boolean,
  ) {
    this.#fd = fd;
    this.#ring = ring;
    this.#linkWatch = ring === null ? null : new LinkWatch(name, mtu);
    this.name = name;
    this.seenByCaptures = seenByCaptures;
    this.ifindex = ifindex;
    this.mtu = link.mtu;
    this.#link = link;
    this.#names = link.headless ? new PacketNames(link, ifindex) : null;
    this.#loss = new LossCounters(name);
  }

  packetMtu(interfaceMtu: number): number {
    return this.#link.packetMtu(interfaceMtu);
  }

  linkHeader(request: LinkRequest): Promise<Uint8Array> {
    return this.#link.header(request);
  }

  xmit(batch: TxBatch, first: number): number {
    const end = callLimit(batch, first);
    const sent = this.#byRing(first, end) || this.#bySendmmsg(batch, first, end);
    this.#backpressure.note(sent);
    if (sent > 0) this.#loss.taken += sent;
    return sent;
  }

  /** Rows that the ring took, or −ENOBUFS; 0: none, sendmmsg(2) takes them or says why not. */
  #byRing(first: number, end: number): number {
    const ring = this.#ring;
    if (ring === null) return 0;
    // The kernel checks no length of a frame behind a virtio_net_hdr.
    const taken = ring.send(first, end, this.#link.maxFrameLen(this.#linkWatch!.mtu()));
    if (ring.errno !== ERRNO.ENOBUFS) return taken;
    this.#loss.refused += 1;
    return taken || -ERRNO.ENOBUFS;
  }

  #bySendmmsg(batch: TxBatch, first: number, end: number): number {
    const vector = this.#vector;
    vector.reset();
    for (let row = first; row < end; row++) {
      if (this.#names === null) vector.pushMessage();
      else vector.pushMessage(this.#names.addressOf(rowSkb(batch, row).flow!.family), SOCKADDR_LL_LEN);
      vector.pushRow(batch, row);
    }
    const sent = deviceGone(sendVector(this.#fd, vector));
    if (sent === -ERRNO.ENOBUFS) this.#loss.refused += 1;
    return sent;
  }

  writable(signal?: AbortSignal): Promise<void> {
    return this.#backpressure.wait(this.#fd, signal);
  }

  lost(): LostFrames {
    return this.#loss.read();
  }

  /** Frames are the kernel's own once taken, nothing to wait for. */
  async close(): Promise<void> {
    if (this.#fd < 0) return;
    libc().close(this.#fd);
    this.#ring?.close();
    this.#linkWatch?.close();
    this.#fd = -1;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Opens a packet socket on an interface.
 * @throws UfoError EPERM without CAP_NET_RAW, ERR_UFO_INVALID_ARGUMENT for an unknown interface or a MAC where the link has
 * none, ERR_UFO_UNSUPPORTED where it is neither Ethernet nor IP.
 */
export async function openPacketSocket(options: PacketSocketOptions): Promise<PacketSocket> {
  const networkInterface = await interfaceOf(options.interface);
  const link = anyLink(networkInterface, options);
  const { sendBufferSize = SEND_BUFFER, qdiscBypass = false, memory } = options;
  const { ifindex } = networkInterface;
  const fd = openPacketFd(ifindex, sendBufferSize, link.headless);
  let ring: TransmitRing | null = null;
  try {
    if (qdiscBypass) setSockOptInt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
    if (memory !== undefined && !link.headless)
      ring = TransmitRing.open({ ifindex, memory, sendBufferSize, qdiscBypass });
    return new PacketSocket(fd, networkInterface, link, ring, !qdiscBypass);
  } catch (error) {
    ring?.close();
    libc().close(fd);
    throw error;
  }
}
