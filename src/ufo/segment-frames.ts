import { rowOctets } from '../memory/gather-row.js';
import type { PagePool } from '../memory/page-pool.js';
import { SegmentTable } from '../memory/segment-table.js';
import type { Flow } from '../skb/flow.js';
import { kfreeSkb } from '../skb/release.js';
import { allocSkb, type SkBuff, skbPut, skbReserve } from '../skb/skbuff.js';
import type { Frame } from '../wire/frame.js';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../wire/link-layer.js';
import { checkPayloadLen, headersRoom, ipMakeSkb, skbChecksumHelp } from './make-skb.js';
import type { FragmentPlan } from './plan.js';
import { planFragments } from './plan-datagram.js';
import { pushWhole, Segmenter } from './segment.js';

/**
 * The frames of one datagram, as they would go on the wire, without a device: each in a buffer of its own. They begin with
 * the flow's link header (Ethernet) or, where it has none, with the IP header.
 * @throws what `ipMakeSkb` throws, before memory is taken where it is too long; ENOMEM where the pool holds no run of pages for it.
 */
export function* segmentFrames(
  pool: PagePool,
  flow: Flow,
  ident: number,
  payload: Uint8Array,
  plan?: FragmentPlan,
): Generator<Frame, void> {
  checkPayloadLen(flow, payload.length);
  const room = headersRoom(flow);
  const skb = allocSkb(pool, room + payload.length);
  try {
    skbReserve(skb, room);
    pool.memory.bytes.set(payload, skbPut(skb, payload.length));
    ipMakeSkb(skb, flow, ident);
    if (plan !== undefined) {
      yield* plannedFrames(skb, plan);
      return;
    }
    skbChecksumHelp(skb);
    yield* cut(pool, skb);
  } finally {
    kfreeSkb(skb);
  }
}

function* cut(pool: PagePool, skb: SkBuff): Generator<Frame, void> {
  const table = new SegmentTable(pool.memory);
  if (skb.shinfo.gsoType === 0) {
    pushWhole(table, skb, 0);
    yield* rows(pool, table, skb);
    return;
  }
  const segmenter = new Segmenter();
  segmenter.begin(skb, 0);
  for (let done = false; !done; table.reset()) {
    done = segmenter.run(table);
    yield* rows(pool, table, skb);
  }
}

function* rows(pool: PagePool, table: SegmentTable, skb: SkBuff): Generator<Frame, void> {
  const linktype = linktypeOf(skb);
  for (let row = 0; row < table.rows; row++) yield frame(rowOctets(table, pool, row), linktype, 0);
}

/** Frames of a plan are stamped with the time since the first, where the plan delays any. */
function* plannedFrames(skb: SkBuff, plan: FragmentPlan): Generator<Frame, void> {
  const linktype = linktypeOf(skb);
  let milliseconds = 0;
  for (const { header, payload, delay } of planFragments(skb, plan)) {
    const bytes = new Uint8Array(header.length + payload.length);
    bytes.set(header);
    bytes.set(payload, header.length);
    milliseconds += delay;
    yield frame(bytes, linktype, milliseconds);
  }
}

function frame(bytes: Uint8Array, linktype: number, milliseconds: number): Frame {
  const { length } = bytes;
  const seconds = Math.floor(milliseconds / 1000);
  const nanoseconds = Math.round((milliseconds - seconds * 1000) * 1e6);
  return { bytes, offset: 0, caplen: length, len: length, linktype, seconds, nanoseconds };
}

function linktypeOf(skb: SkBuff): number {
  return skb.flow!.linkHeader.length > 0 ? LINKTYPE_ETHERNET : LINKTYPE_RAW;
}
