import { ERRNO, type UfoError, unsupportedError } from '../../errors.js';
import { PACKET_VNET_HDR, SOL_PACKET } from '../../host/constants.js';
import { activeFeatures } from '../../host/device-features.js';
import { interfaceOf, type NetworkInterface } from '../../host/interfaces.js';
import { addressOf, libc } from '../../host/libc.js';
import { SEND_BUFFER, setSockOptInt } from '../../host/socket-calls.js';
import { NETIF_F_HW_CSUM, NETIF_F_SG, NETIF_F_UFO } from '../../skb/features.js';
import type { Flow } from '../../skb/flow.js';
import { SKB_GSO_UDP, SKB_GSO_UDP_L4 } from '../../skb/shared-info.js';
import { CHECKSUM_PARTIAL, type SkBuff } from '../../skb/skbuff.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { FRAGMENT_HEADER_LEN } from '../../wire/ipv6-extension.js';
import * as udp from '../../wire/udp.js';
import * as virtio from '../../wire/virtio-net-hdr.js';
import { deviceGone, openPacketFd, PacketNames, SOCKADDR_LL_LEN } from '../af-packet.js';
import { anyLink } from '../any-link.js';
import { Backpressure } from '../backpressure.js';
import type { EthernetOptions } from '../ethernet-link.js';
import type { Link } from '../link.js';
import { LinkWatch } from '../link-watch.js';
import { LossCounters } from '../loss-counters.js';
import { MAX_MESSAGES, MmsgVector } from '../mmsghdr.js';
import { type LinkRequest, type LostFrames, type NetDevice, rowLen, rowSkb, type TxBatch } from '../net-device.js';
import { callLimit, sendVector } from '../send-batch.js';
import { UsoGate, usoObstacle } from '../uso.js';
import { type GsoKind, probeGso } from './virtio-probe.js';

export interface VirtioUfoOptions extends EthernetOptions {
  readonly interface: string | NetworkInterface;
  /** Octets of SO_SNDBUF; 8 MiB by default, as far as the kernel allows. */
  readonly sendBufferSize?: number;
}

/** The feature's name in ethtool; its bit is NETIF_F_GSO_UDP, the kernel's name for what was NETIF_F_UFO. */
const UDP_FRAGMENTATION = 'tx-udp-fragmentation';
/** Room for a virtio_net_hdr; they need not be aligned, but don't share a word with the next. */
const VNET_STRIDE = 12;

/**
 * UFO proper: a datagram of up to 64 KiB goes to the kernel whole, behind a virtio_net_hdr that says how to cut it. The
 * kernel cuts just before the driver (kernel-ufo), or leaves it to the interface (device-ufo). Equal datagrams that are
 * joined go in the same way, to be cut apart (kernel-uso), and frames that are not to be cut behind an empty header.
 *
 *     iovec   | virtio_net_hdr | link, IP, UDP header | user page | user page | …
 *
 * Every message names its protocol: the kernel cuts IPv6 through a socket of another protocol with ENOMEM, so one socket
 * bound to a protocol would serve one family; with the name in each message one socket serves both and receives nothing.
 */
export class VirtioUfo implements NetDevice {
  readonly name: string;
  readonly driver = 'virtio-ufo';
  readonly ifindex: number;
  readonly mtu: number;
  readonly features: number = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_UFO;
  readonly ufoKind: 'kernel-ufo' | 'device-ufo';
  readonly writesHeaders = true;
  readonly seenByCaptures = true;
  readonly zerocopy = false;
  readonly syscall = 'sendmmsg';
  #fd: number;
  readonly #link: Link;
  readonly #names: PacketNames;
  readonly #refusals: { 4: string | null; 6: string | null };
  readonly #uso: { 4: UsoGate; 6: UsoGate };
  readonly #vector = new MmsgVector();
  /** A virtio_net_hdr a message. */
  readonly #headers = new DataView(new ArrayBuffer(MAX_MESSAGES * VNET_STRIDE));
  readonly #address = addressOf(new Uint8Array(this.#headers.buffer));
  readonly #backpressure = new Backpressure();
  readonly #loss: LossCounters;
  readonly #linkWatch: LinkWatch;
  #begun = false;

  constructor(fd: number, { name, ifindex, mtu }: NetworkInterface, link: Link, ufo: UfoSupport) {
    this.#fd = fd;
    this.name = name;
    this.ifindex = ifindex;
    this.mtu = link.mtu;
    this.ufoKind = ufo.kind;
    this.#link = link;
    this.#refusals = { 4: ufo.refusal4, 6: ufo.refusal6 };
    this.#uso = { 4: new UsoGate(name, ufo.usoRefusal4), 6: new UsoGate(name, ufo.usoRefusal6) };
    this.#names = new PacketNames(link, ifindex);
    this.#loss = new LossCounters(name);
    this.#linkWatch = new LinkWatch(name, mtu);
  }

  ufoRefusal(family: 4 | 6): string | null {
    return this.#refusals[family];
  }

  usoRefusal(flow: Flow, payloadLen: number): string | null | undefined {
    const { family, mtu, options, extensionHeaders } = flow;
    const headerLen = (family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN) + udp.HEADER_LEN;
    if (options.length > 0 || extensionHeaders.length > 0 || headerLen + payloadLen > mtu) return undefined;
    return this.#uso[family].refusal(flow, payloadLen);
  }

  packetMtu(interfaceMtu: number): number {
    return this.#link.packetMtu(interfaceMtu);
  }

  linkHeader(request: LinkRequest): Promise<Uint8Array> {
    return this.#link.header(request);
  }

  xmit(batch: TxBatch, first: number): number {
    if (!this.#begun) this.#begin();
    const vector = this.#vector;
    vector.reset();
    const end = callLimit(batch, first);
    const longest = this.#link.maxFrameLen(this.#linkWatch.mtu());
    for (let row = first; row < end; row++) {
      const skb = rowSkb(batch, row);
      const header = vector.messages * VNET_STRIDE;
      if (this.#putHeader(header, skb, rowLen(batch, row)) > longest) break;
      vector.pushMessage(this.#names.addressOf(skb.flow!.family), SOCKADDR_LL_LEN);
      vector.pushIovec(this.#address + header, virtio.HEADER_LEN);
      vector.pushRow(batch, row);
    }
    if (vector.messages === 0) return -ERRNO.EMSGSIZE;
    const sent = deviceGone(sendVector(this.#fd, vector));
    if (sent < 0) this.#learnRefusal(rowSkb(batch, first), -sent);
    this.#backpressure.note(sent);
    if (sent === -ERRNO.ENOBUFS) this.#loss.refused += 1;
    this.#countTaken(batch, first, sent);
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
    this.#linkWatch.close();
    this.#fd = -1;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Empty for a frame that is whole; a datagram is only to be cut where it is longer than one piece. Returns the octets of
   * the longest frame it will be cut into, 0 where it is not cut: those the kernel checks itself.
   */
  #putHeader(at: number, skb: SkBuff, frameLen: number): number {
    const headers = this.#headers;
    for (let i = 0; i < virtio.HEADER_LEN; i += 2) headers.setUint16(at + i, 0);
    if (skb.ipSummed !== CHECKSUM_PARTIAL) return 0;
    const csumStart = skb.flow!.linkHeader.length + skb.transportHeader - skb.networkHeader;
    virtio.setFlags(headers, at, virtio.F_NEEDS_CSUM);
    virtio.setCsumStart(headers, at, csumStart);
    virtio.setCsumOffset(headers, at, skb.csumOffset);
    const { gsoType, gsoSize } = skb.shinfo;
    const joined = gsoType === SKB_GSO_UDP_L4;
    if (!joined && ((gsoType & SKB_GSO_UDP) === 0 || frameLen - csumStart <= gsoSize)) return 0;
    virtio.setGsoType(headers, at, joined ? virtio.GSO_UDP_L4 : virtio.GSO_UDP);
    virtio.setHdrLen(headers, at, csumStart + udp.HEADER_LEN);
    virtio.setGsoSize(headers, at, gsoSize);
    if (joined) return csumStart + udp.HEADER_LEN + gsoSize;
    return csumStart + gsoSize + (skb.flow!.family === 6 ? FRAGMENT_HEADER_LEN : 0);
  }

  /** The probes of senders that opened the interface since have been counted as dropped (`probeGso`). */
  #begin(): void {
    this.#loss.restart();
    this.#begun = true;
  }

  /** In the packets that the interface will count: the kernel cuts before it, and an interface that cuts counts wholes. */
  #countTaken(batch: TxBatch, first: number, sent: number): void {
    for (let row = first; row < first + sent; row++) {
      const packets = this.#packetsOf(rowSkb(batch, row), rowLen(batch, row));
      this.#loss.taken += packets;
      this.#loss.largest = Math.max(this.#loss.largest, packets);
    }
  }

  #packetsOf({ shinfo, flow, transportHeader, networkHeader }: SkBuff, frameLen: number): number {
    const { gsoType, gsoSize, gsoSegs } = shinfo;
    if (gsoType === SKB_GSO_UDP_L4) return gsoSegs;
    if (this.ufoKind !== 'kernel-ufo' || (gsoType & SKB_GSO_UDP) === 0) return 1;
    return Math.ceil((frameLen - flow!.linkHeader.length - (transportHeader - networkHeader)) / gsoSize);
  }

  /**
   * The probe was too hopeful: this datagram fails, the next ones are cut in software. With joined ones all that are in it
   * fail, and the next ones go one by one.
   */
  #learnRefusal({ shinfo, flow }: SkBuff, errno: number): void {
    if (shinfo.gsoType === SKB_GSO_UDP_L4) this.#uso[flow!.family].refuse(errno);
    if ((shinfo.gsoType & SKB_GSO_UDP) === 0 || errno !== ERRNO.EINVAL) return;
    this.#refusals[flow!.family] = `${this.name} refused a datagram to be cut (EINVAL)`;
  }
}

interface UfoSupport {
  readonly kind: 'kernel-ufo' | 'device-ufo';
  readonly refusal4: string | null;
  readonly refusal6: string | null;
  /** The same of joined datagrams (USO). */
  readonly usoRefusal4: string | null;
  readonly usoRefusal6: string | null;
}

/**
 * Opens an interface for datagrams to be cut below us, and finds out whether it can be done: `ufoRefusal` says why not.
 * @throws UfoError EPERM without CAP_NET_RAW, ERR_UFO_INVALID_ARGUMENT for an unknown interface, ERR_UFO_UNSUPPORTED where
 *   it is neither Ethernet nor IP.
 */
export async function openVirtioUfo(options: VirtioUfoOptions): Promise<VirtioUfo> {
  const networkInterface = await interfaceOf(options.interface);
  const link = anyLink(networkInterface, options);
  if (networkInterface.linkType === 'ppp') throw noVnetHeader(networkInterface);
  const ufo = ufoSupport(networkInterface, link);
  const fd = openPacketFd(networkInterface.ifindex, options.sendBufferSize ?? SEND_BUFFER);
  try {
    setSockOptInt(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
    return new VirtioUfo(fd, networkInterface, link, ufo);
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/**
 * PACKET_VNET_HDR is for SOCK_RAW alone, where the kernel takes the first octets of a packet for the header that PPP makes
 * itself.
 */
function noVnetHeader({ name }: NetworkInterface): UfoError {
  return unsupportedError(`${name}: datagrams to be cut can't be handed to a PPP link`, 'use packet-socket');
}

/**
 * All that is to be asked with CAP_NET_RAW, at once: who sends may drop it as soon as the device is open. Nothing is asked
 * where the interface cuts by itself, for there the probe would go out.
 */
function ufoSupport({ name, ifindex }: NetworkInterface, link: Link): UfoSupport {
  const probe = (kind: GsoKind, family: 4 | 6): string | null => probeGso(kind, ifindex, link, family);
  const obstacle = usoObstacle(name);
  const uso = {
    usoRefusal4: obstacle ?? probe(virtio.GSO_UDP_L4, 4),
    usoRefusal6: obstacle ?? probe(virtio.GSO_UDP_L4, 6),
  };
  if (activeFeatures(name).has(UDP_FRAGMENTATION)) {
    return { kind: 'device-ufo', refusal4: null, refusal6: null, ...uso };
  }
  return { kind: 'kernel-ufo', refusal4: probe(virtio.GSO_UDP, 4), refusal6: probe(virtio.GSO_UDP, 6), ...uso };
}
