import { errnoName, type UfoError } from '../errors.js';
import { skbClone } from '../skb/clone.js';
import { featureNames, NETIF_F_HW_CSUM } from '../skb/features.js';
import { skbZcopy } from '../skb/fill-page-desc.js';
import type { Flow } from '../skb/flow.js';
import { consumeSkb } from '../skb/release.js';
import { SKB_GSO_UDP, SKB_GSO_UDP_L4 } from '../skb/shared-info.js';
import { CHECKSUM_PARTIAL, type SkBuff, skbHeadlen } from '../skb/skbuff.js';
import type { DriverName, LinkRequest, LostFrames, NetDevice, TxBatch } from './net-device.js';
import { traceRow } from './trace-row.js';

/**
 * A device that shows every datagram as a packet tap gets it, and its way row by row, as text, and passes all on to the
 * device it wraps:
 *
 *     near (SG): skb of 4028 octets: head 28, frag 4000, copied for the tap; checksum partial, summed here; cut here, gsoSize 1480
 *       row  0   1500  id 0x04d2  offset     0  len 1480  MF  head 28 | page 3 @0 +1472
 *       row  1   1500  id 0x04d2  offset  1480  len 1480  MF  head 20 | page 3 @1472 +1480
 *       row  2   1068  id 0x04d2  offset  2960  len 1048      head 20 | page 3 @2952 +1048
 *     near: took 3 rows
 *
 * What it keeps is a clone, as the kernel's taps do (`dev_queue_xmit_nit`), and has the same price: a zero-copy datagram's
 * user pages are copied for it, and its sender is told so.
 */
export class Tracer implements NetDevice {
  readonly name: string;
  readonly driver: DriverName;
  readonly ifindex: number;
  readonly mtu: number;
  readonly features: number;
  declare readonly ufoKind?: 'kernel-ufo' | 'device-ufo';
  readonly writesHeaders: boolean;
  readonly rightsIpv4Headers: boolean;
  readonly seenByCaptures: boolean;
  readonly zerocopy: boolean;
  declare readonly notes?: readonly string[];
  readonly #inner: NetDevice;
  readonly #print: (line: string) => void;
  /** Clones of datagrams that the device has not been asked to take yet. */
  readonly #clones: SkBuff[] = [];

  /** @param print gets one line at a time, without its end */
  constructor(inner: NetDevice, print: (line: string) => void) {
    this.#inner = inner;
    this.#print = print;
    this.name = inner.name;
    this.driver = inner.driver;
    this.ifindex = inner.ifindex;
    this.mtu = inner.mtu;
    this.features = inner.features;
    this.writesHeaders = inner.writesHeaders;
    this.rightsIpv4Headers = inner.rightsIpv4Headers ?? false;
    this.seenByCaptures = inner.seenByCaptures;
    this.zerocopy = inner.zerocopy;
    if (inner.ufoKind !== undefined) this.ufoKind = inner.ufoKind;
    if (inner.notes !== undefined) this.notes = inner.notes;
  }

  /** As of the last call: it changes with what is sent. */
  get syscall(): string {
    return this.#inner.syscall;
  }

  packetMtu(interfaceMtu: number): number {
    return this.#inner.packetMtu?.(interfaceMtu) ?? interfaceMtu;
  }

  usoRefusal(flow: Flow, payloadLen: number): string | null | undefined {
    return this.#inner.usoRefusal?.(flow, payloadLen);
  }

  ufoRefusal(family: 4 | 6): string | null {
    return this.#inner.ufoRefusal?.(family) ?? null;
  }

  linkHeader(request: LinkRequest): Promise<Uint8Array> {
    return this.#inner.linkHeader(request);
  }

  tap(skb: SkBuff): void {
    const copied = skbZcopy(skb);
    try {
      const clone = skbClone(skb);
      this.#clones.push(clone);
      const features = featureNames(this.features).join(' ') || 'no features';
      this.#print(`${this.name} (${features}): ${describe(clone, copied, this.features)}`);
    } catch (error) {
      this.#print(`${this.name}: no clone for the tap (${(error as UfoError).code})`);
    }
  }

  xmit(batch: TxBatch, first: number): number {
    this.#drop();
    const taken = this.#inner.xmit(batch, first);
    const end = first + Math.max(taken, 0);
    for (let row = first; row < end; row++) this.#print(`  ${traceRow(batch, row)}`);
    if (taken > 0) this.#print(`${this.name}: took ${taken} ${taken === 1 ? 'row' : 'rows'}`);
    else this.#print(`${this.name}: refused row ${first} with ${errnoName(-taken)}`);
    return taken;
  }

  writable(signal?: AbortSignal): Promise<void> {
    return this.#inner.writable(signal);
  }

  setMulticastLoopback(on: boolean): void {
    this.#inner.setMulticastLoopback?.(on);
  }

  lost(): LostFrames {
    return this.#inner.lost();
  }

  get taken(): number {
    return this.#inner.taken ?? 0;
  }

  neighboursMissing(): Promise<boolean | null> {
    return this.#inner.neighboursMissing?.() ?? Promise.resolve(false);
  }

  close(): Promise<void> {
    this.#drop();
    return this.#inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #drop(): void {
    for (const clone of this.#clones) consumeSkb(clone);
    this.#clones.length = 0;
  }
}

/** What an skb is, as the tap sees it. */
function describe(skb: SkBuff, copied: boolean, features: number): string {
  const { frags, gsoSize, gsoSegs, gsoType } = skb.shinfo;
  const sizes = frags.length === 0 ? '' : `, ${frags.length === 1 ? 'frag' : 'frags'} ${sizesOf(frags)}`;
  const user = copied ? ', copied for the tap' : '';
  const several = gsoSegs > 1; // one alone where others could have been joined with it has a gsoSize, too
  const cutHere = several && gsoType !== SKB_GSO_UDP && gsoType !== SKB_GSO_UDP_L4;
  const summer = cutHere || (features & NETIF_F_HW_CSUM) === 0 ? 'summed here' : 'the device sums';
  const checksum = skb.ipSummed === CHECKSUM_PARTIAL ? `partial, ${summer}` : 'complete';
  const whole = gsoType === SKB_GSO_UDP_L4 ? `${gsoSegs} datagrams handed over joined` : 'handed over whole';
  const cut = cutHere ? 'cut here' : several ? whole : 'one packet';
  const gso = several ? `, gsoSize ${gsoSize}` : '';
  return `skb of ${skb.len} octets: head ${skbHeadlen(skb)}${sizes}${user}; checksum ${checksum}; ${cut}${gso}`;
}

/** `4096 × 12 + 300`: equal frags in a row are counted. */
function sizesOf(frags: readonly { readonly size: number }[]): string {
  const parts: string[] = [];
  for (let i = 0; i < frags.length; ) {
    const { size } = frags[i]!;
    let same = 1;
    while (frags[i + same]?.size === size) same += 1;
    parts.push(same > 1 ? `${size} × ${same}` : `${size}`);
    i += same;
  }
  return parts.join(' + ');
}
