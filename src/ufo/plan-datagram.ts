import { checkObject } from '../checks.js';
import { argumentError, typeError } from '../errors.js';
import { skbCopyBits } from '../skb/copy-bits.js';
import { skbAddForeignFrag } from '../skb/fill-page-desc.js';
import { kfreeSkb } from '../skb/release.js';
import { allocSkb, type SkBuff } from '../skb/skbuff.js';
import { skbSetOwnerW } from '../skb/wmem.js';
import { type FlowHeaders, flowHeaders } from './flow-headers.js';
import { skbChecksumHelp } from './make-skb.js';
import type { FragmentPlan, PlannedFragment } from './plan.js';
import { PlannedRows } from './planned-rows.js';
import { ufo4Headers } from './ufo4.js';
import { ufo6Headers } from './ufo6.js';

/** A datagram whose plan has been carried out: an skb over the plan's octets, and the rows to be made of it. */
export interface PlannedDatagram {
  readonly skb: SkBuff;
  readonly rows: PlannedRows;
}

const MAX_HEADER_LEN = 65_535;
const MAX_DELAY = 0x7fff_ffff;

/**
 * The fragments of the datagram in `skb` (`ipMakeSkb`) by its plan, each with octets of its own; the skb is not changed but
 * for its checksum.
 */
export function planFragments(skb: SkBuff, plan: FragmentPlan): readonly PlannedFragment[] {
  const { family, linkHeader, mtu } = skb.flow!;
  skbChecksumHelp(skb);
  const { pseudoSum } = flowHeaders(skb.flow!);
  const ident = skb.shinfo.fragId;
  const context = { family, linkLen: linkHeader.length, mtu, ident, pseudoSum };
  const planned = plan.apply(plainFragments(skb), context);
  if (!Array.isArray(planned)) throw typeError('plan: what apply returned', planned, 'an array of fragments');
  planned.forEach(checkFragment);
  return planned;
}

/**
 * Carries a plan out, and takes over `skb`, whose octets are copied: its user pages are told that they did not go out as
 * they are. The plan's octets are one foreign page of the new skb, which the same socket is charged for.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT for what is no fragment; ENOMEM; whatever the plan throws. `skb` is freed then, too
 */
export function planDatagram(skb: SkBuff, plan: FragmentPlan): PlannedDatagram {
  try {
    const fragments = planFragments(skb, plan);
    const payloads = joinedPayloads(fragments);
    const planned = allocSkb(skb.pool, 0);
    planned.flow = skb.flow;
    skbAddForeignFrag(planned, payloads);
    planned.shinfo.gsoSize = skb.shinfo.gsoSize;
    planned.shinfo.gsoSegs = fragments.length;
    planned.shinfo.fragId = skb.shinfo.fragId;
    if (skb.sk !== null) skbSetOwnerW(planned, skb.sk);
    return { skb: planned, rows: new PlannedRows(planned, fragments) };
  } finally {
    kfreeSkb(skb);
  }
}

/** What would go out without a plan, a fragment an object (the slow twin of `Segmenter`); a datagram that fits is one. */
function plainFragments(skb: SkBuff): PlannedFragment[] {
  const headers = flowHeaders(skb.flow!);
  const { linkLen, networkLen } = headers;
  const { gsoSize } = skb.shinfo;
  const payload = new Uint8Array(skb.len - linkLen - networkLen);
  skbCopyBits(skb, linkLen + networkLen, payload);
  if (gsoSize === 0) {
    const header = new Uint8Array(linkLen + networkLen);
    skbCopyBits(skb, 0, header);
    return [{ header, payload, delay: 0 }];
  }
  const fragments: PlannedFragment[] = [];
  for (let offset = 0; offset < payload.length; offset += gsoSize) {
    const part = payload.subarray(offset, offset + gsoSize);
    const header = fragmentHeader(headers, skb.shinfo.fragId, offset, part.length, payload.length);
    fragments.push({ header, payload: part, delay: 0 });
  }
  return fragments;
}

function fragmentHeader(headers: FlowHeaders, ident: number, offset: number, len: number, total: number): Uint8Array {
  const { flow, linkLen, linkWords, fragmentHeadLen } = headers;
  const words = new Uint32Array(headers.first.length);
  const write = flow.family === 4 ? ufo4Headers : ufo6Headers;
  const network = linkWords * 4;
  write(headers, words, network, ident, offset, len, offset + len < total);
  return new Uint8Array(words.buffer, network - linkLen, fragmentHeadLen);
}

function joinedPayloads(fragments: readonly PlannedFragment[]): Uint8Array {
  const joined = new Uint8Array(fragments.reduce((sum, { payload }) => sum + payload.length, 0));
  let at = 0;
  for (const { payload } of fragments) {
    joined.set(payload, at);
    at += payload.length;
  }
  return joined;
}

/** Plans are programs of users, too. */
function checkFragment(fragment: PlannedFragment, index: number): void {
  checkObject(`plan: fragment ${index}`, fragment, 'an object with header, payload and delay');
  const { header, payload, delay } = fragment;
  if (!(header instanceof Uint8Array) || header.length < 1 || header.length > MAX_HEADER_LEN) {
    throw argumentError(`plan: header of fragment ${index}`, header, `a Uint8Array of 1 … ${MAX_HEADER_LEN} octets`);
  }
  if (!(payload instanceof Uint8Array)) {
    throw argumentError(`plan: payload of fragment ${index}`, payload, 'a Uint8Array');
  }
  if (!(delay >= 0 && delay <= MAX_DELAY)) {
    throw argumentError(`plan: delay of fragment ${index}`, delay, `0 … ${MAX_DELAY} milliseconds`);
  }
}
