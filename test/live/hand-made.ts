import { PagePool } from '../../src/memory/page-pool.js';
import { SegmentTable } from '../../src/memory/segment-table.js';
import { PAGE_SIZE, UserMemory, type UserMemoryOptions } from '../../src/memory/user-memory.js';
import type { Flow } from '../../src/skb/flow.js';
import { SKB_GSO_UDP } from '../../src/skb/shared-info.js';
import { allocSkb, CHECKSUM_PARTIAL, type SkBuff } from '../../src/skb/skbuff.js';
import { parseAddress } from '../../src/wire/address.js';
import { addSums, finishChecksum, pseudoHeaderSum, sumOctets, udpChecksumField } from '../../src/wire/checksum.js';
import * as ipv4 from '../../src/wire/ipv4.js';
import * as ipv6 from '../../src/wire/ipv6.js';
import * as extension from '../../src/wire/ipv6-extension.js';
import * as udp from '../../src/wire/udp.js';

/** A datagram for `HandMade`: payload in foreign pages or copied into the pool's, cut by hand, without src/ufo. */
export interface HandMadeDatagram {
  readonly flow: Flow;
  readonly payload: Uint8Array;
  readonly ident?: number;
  readonly foreign?: boolean;
}

export function makeFlow(source: string, destination: string, destinationPort: number, more: Partial<Flow> = {}): Flow {
  const from = parseAddress(source)!;
  return {
    family: from.family,
    source: from.octets,
    destination: parseAddress(destination)!.octets,
    sourcePort: 1111,
    destinationPort,
    ttl: 64,
    tos: 0,
    flowLabel: 0,
    dontFragment: false,
    options: new Uint8Array(0),
    extensionHeaders: [],
    linkHeader: new Uint8Array(0),
    mtu: 1500,
    checksum: true,
    ...more,
  };
}

/** A payload that differs in every octet position from its neighbours and from datagram to datagram. */
export function payloadOf(len: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: len }, (_, i) => (i * 31 + (i >>> 8) * 7 + seed) & 0xff);
}

/** Batches of rows as the UFO stage would make them, from a plain second implementation of it. */
export class HandMade {
  readonly memory: UserMemory;
  readonly pool: PagePool;
  readonly table: SegmentTable;
  readonly skbs: SkBuff[] = [];

  constructor(options: UserMemoryOptions = {}) {
    this.memory = new UserMemory(options);
    this.pool = new PagePool(this.memory);
    this.table = new SegmentTable(this.memory);
  }

  /** One row per fragment. */
  pushFragments(datagram: HandMadeDatagram): void {
    const { flow, payload } = datagram;
    const pages = this.#pagesOf(datagram);
    const ipLen = flow.family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN;
    const total = payload.length + udp.HEADER_LEN;
    const cut = ipLen + total > flow.mtu;
    const fragLen = flow.family === 6 && cut ? extension.FRAGMENT_HEADER_LEN : 0;
    const gsoSize = cut ? (flow.mtu - ipLen - fragLen) & ~7 : total;
    for (let offset = 0; offset < total; offset += gsoSize) {
      const len = Math.min(gsoSize, total - offset);
      const headLen = flow.linkHeader.length + ipLen + fragLen + (offset === 0 ? udp.HEADER_LEN : 0);
      const network = this.#pushHead(flow, headLen);
      this.#ipHeader(datagram, network, offset, len, offset + len < total, fragLen > 0);
      if (offset === 0) this.#udpHeader(datagram, network + ipLen + fragLen, false);
      const from = Math.max(0, offset - udp.HEADER_LEN);
      this.#pushPieces(pages, datagram, from, offset + len - udp.HEADER_LEN - from);
    }
  }

  /** One row for the whole datagram, to be cut by the kernel at `gsoSize` octets of IP payload. */
  pushWhole(datagram: HandMadeDatagram, gsoSize: number): void {
    const { flow, payload } = datagram;
    const pages = this.#pagesOf(datagram);
    const ipLen = flow.family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN;
    const network = this.#pushHead(flow, flow.linkHeader.length + ipLen + udp.HEADER_LEN);
    this.#ipHeader(datagram, network, 0, payload.length + udp.HEADER_LEN, false, false);
    this.#udpHeader(datagram, network + ipLen, true);
    this.#pushPieces(pages, datagram, 0, payload.length);
    const skb = this.skbs.at(-1)!;
    skb.data = network - flow.linkHeader.length;
    skb.networkHeader = network;
    skb.transportHeader = network + ipLen;
    skb.ipSummed = CHECKSUM_PARTIAL;
    skb.csumOffset = udp.CHECKSUM;
    if (payload.length + udp.HEADER_LEN <= gsoSize) return;
    skb.shinfo.gsoType = SKB_GSO_UDP;
    skb.shinfo.gsoSize = gsoSize;
  }

  /** One row of payload without any header. */
  pushPayload(datagram: HandMadeDatagram): void {
    const pages = this.#pagesOf(datagram);
    this.table.pushRow(this.skbs.length - 1, 0, 0);
    this.#pushPieces(pages, datagram, 0, datagram.payload.length);
  }

  #pagesOf({ flow, payload, foreign }: HandMadeDatagram): number {
    const skb = allocSkb(this.pool, 128);
    skb.flow = flow;
    this.skbs.push(skb);
    if (foreign === true) return this.pool.adoptForeign(payload);
    const first = this.pool.allocRun(Math.max(1, Math.ceil(payload.length / PAGE_SIZE)));
    if (first < 0) throw new Error('the test asks for more pages than its pool has');
    this.memory.bytes.set(payload, this.pool.offsetOf(first));
    return first;
  }

  #pushHead(flow: Flow, headLen: number): number {
    const network = this.table.pushRow(this.skbs.length - 1, headLen, flow.linkHeader.length);
    this.memory.bytes.set(flow.linkHeader, network - flow.linkHeader.length);
    return network;
  }

  #pushPieces(first: number, { foreign }: HandMadeDatagram, from: number, len: number): void {
    if (len === 0) return;
    if (foreign === true) {
      this.table.pushPiece(first, from, len);
      return;
    }
    for (let at = from; at < from + len; ) {
      const piece = Math.min(from + len - at, PAGE_SIZE - (at % PAGE_SIZE));
      this.table.pushPiece(first + Math.floor(at / PAGE_SIZE), at % PAGE_SIZE, piece);
      at += piece;
    }
  }

  #ipHeader(
    { flow, ident = 7 }: HandMadeDatagram,
    base: number,
    offset: number,
    len: number,
    more: boolean,
    frag: boolean,
  ) {
    const { view } = this.memory;
    const { source, destination, ttl, tos } = flow;
    if (flow.family === 4) {
      const fragOff = (more ? ipv4.MF : 0) | (offset >>> 3);
      view.setUint16(base, 0x4500 | tos);
      ipv4.setTotLen(view, base, ipv4.HEADER_LEN + len);
      ipv4.setIdent(view, base, ident);
      ipv4.setFragOff(view, base, fragOff);
      ipv4.setTtl(view, base, ttl);
      ipv4.setProtocol(view, base, udp.PROTOCOL);
      ipv4.setSource(view, base, source);
      ipv4.setDestination(view, base, destination);
      ipv4.setChecksum(view, base, 0);
      ipv4.setChecksum(view, base, finishChecksum(sumOctets(this.memory.bytes, base, ipv4.HEADER_LEN)));
      return;
    }
    ipv6.setClassAndFlow(view, base, tos, 0);
    ipv6.setPayloadLen(view, base, len + (frag ? extension.FRAGMENT_HEADER_LEN : 0));
    ipv6.setNextHeader(view, base, frag ? extension.FRAGMENT : udp.PROTOCOL);
    ipv6.setHopLimit(view, base, ttl);
    ipv6.setSource(view, base, source);
    ipv6.setDestination(view, base, destination);
    if (!frag) return;
    const at = base + ipv6.HEADER_LEN;
    extension.setFragNextHeader(view, at, udp.PROTOCOL);
    extension.setFragOff(view, at, offset >>> 3, more);
    extension.setFragIdent(view, at, ident);
  }

  #udpHeader({ flow, payload }: HandMadeDatagram, base: number, partial: boolean): void {
    const { view, bytes } = this.memory;
    const length = payload.length + udp.HEADER_LEN;
    udp.setSourcePort(view, base, flow.sourcePort);
    udp.setDestinationPort(view, base, flow.destinationPort);
    udp.setLength(view, base, length);
    udp.setChecksum(view, base, 0);
    const pseudo = pseudoHeaderSum(flow.source, flow.destination, udp.PROTOCOL, length);
    const sum = addSums(addSums(pseudo, sumOctets(bytes, base, udp.HEADER_LEN)), sumOctets(payload));
    udp.setChecksum(view, base, partial ? pseudo : udpChecksumField(sum));
  }
}
