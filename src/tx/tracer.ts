import { errnoName } from '../errors.js';
import { featureNames } from '../skb/features.js';
import { skbZcopy } from '../skb/fill-page-desc.js';
import { SKB_GSO_UDP } from '../skb/shared-info.js';
import { CHECKSUM_PARTIAL, type SkBuff, skbHeadlen } from '../skb/skbuff.js';

import {
  type DriverName,
  type LinkRequest,
  type LostFrames,
  type NetDevice,
  rowSkb,
  type TxBatch,
} from './net-device.js';
import { traceRow } from './trace-row.js';

/**
 * A device that shows the way of every skb as text, row by row, and passes it on to the device it wraps:
 *
 *     near (SG): skb of 4,028 octets: head 28, frags 4000; checksum complete, cut here into rows
 *       row  0   1500  id 0x04d2  offset     0  len 1480  MF  head 28 | page 3 @0 +1472
 *       row  1   1500  id 0x04d2  offset  1480  len 1480  MF  head 20 | page 3 @1472 +1480
 *       row  2   1088  id 0x04d2  offset  2960  len 1068      head 20 | page 3 @2952 +1048
 *     near: took 3 rows
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
  readonly syscall: string;
  declare readonly notes?: readonly string[];
  readonly #inner: NetDevice;
  readonly #print: (line: string) => void;
  #shown: SkBuff | null = null;

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
    this.syscall = inner.syscall;
    if (inner.ufoKind !== undefined) this.ufoKind = inner.ufoKind;
    if (inner.notes !== undefined) this.notes = inner.notes;
  }

  ufoRefusal(family: 4 | 6): string | null {
    return this.#inner.ufoRefusal?.(family) ?? null;
  }

  linkHeader(request: LinkRequest): Promise<Uint8Array> {
    return this.#inner.linkHeader(request);
  }

  xmit(batch: TxBatch, first: number): number {
    const taken = this.#inner.xmit(batch, first);
    const end = first + Math.max(taken, 0);
    for (let row = first; row < end; row++) {
      this.#showSkb(rowSkb(batch, row));
      this.#print(`  ${traceRow(batch, row)}`);
    }
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

  neighboursMissing(): Promise<boolean> {
    return this.#inner.neighboursMissing?.() ?? Promise.resolve(false);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #showSkb(skb: SkBuff): void {
    if (skb === this.#shown) return;
    this.#shown = skb;
    const features = featureNames(this.features).join(' ') || 'no features';
    this.#print(`${this.name} (${features}): ${describeSkb(skb)}`);
  }
}

/** What an skb is, as the device sees it. */
function describeSkb(skb: SkBuff): string {
  const { frags, gsoSize, gsoType } = skb.shinfo;
  const sizes = frags.length === 0 ? '' : `, ${frags.length === 1 ? 'frag' : 'frags'} ${sizesOf(frags)}`;
  const user = skbZcopy(skb) ? " of the user's pages" : '';
  const checksum = skb.ipSummed === CHECKSUM_PARTIAL ? 'partial, the device sums' : 'complete';
  let cut = 'one packet';
  if (gsoSize > 0) cut = gsoType === SKB_GSO_UDP ? 'handed over whole' : 'cut here';
  const gso = gsoSize > 0 ? `, gsoSize ${gsoSize}` : '';
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
