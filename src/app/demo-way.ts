import { PagePool } from '../memory/page-pool.js';
import { SegmentTable } from '../memory/segment-table.js';
import { PAGE_SIZE, UserMemory } from '../memory/user-memory.js';
import { NETIF_F_SG } from '../skb/features.js';
import { createFlow, type FlowOptions } from '../skb/flow.js';
import { kfreeSkb } from '../skb/release.js';
import { Sock } from '../skb/sock.js';
import { buildSkb, copied, datagramTruesize } from '../socket/build.js';
import { skbChecksumHelp } from '../ufo/make-skb.js';
import { Segmenter } from '../ufo/segment.js';
import * as ipv4 from '../wire/ipv4.js';

/** One fragment as the software UFO stage makes it: headers of its own, payload borrowed from the user pages. */
export interface WayStep {
  readonly index: number;
  /** Octets of IP payload in front of this fragment's. */
  readonly offset: number;
  /** Octets of its IP payload. */
  readonly len: number;
  readonly moreFrags: boolean;
  readonly ident: number;
  /** Octets of headers written for it. */
  readonly headerLen: number;
  /** Where its payload lies, by user page. */
  readonly borrows: readonly { readonly page: number; readonly from: number; readonly to: number }[];
}

/** The way of one IPv4 datagram through skb and UFO stage, fragment by fragment, read from what was made. */
export function datagramWay(options: FlowOptions, ident: number, payload: Uint8Array): WayStep[] {
  const pool = new PagePool(new UserMemory({ pages: 64 }));
  const flow = createFlow(options);
  const sock = new Sock();
  const data = copied([payload]);
  const truesize = datagramTruesize(flow, data, NETIF_F_SG);
  sock.charge(truesize);
  const skb = buildSkb(sock, pool, flow, ident, data, NETIF_F_SG, truesize);
  skbChecksumHelp(skb);
  const table = new SegmentTable(pool.memory);
  const segmenter = new Segmenter();
  segmenter.begin(skb, 0);
  segmenter.run(table);
  const firstPage = table.piecePage[0]!;
  const steps = Array.from({ length: table.rows }, (_, row) => wayStep(table, row, firstPage));
  kfreeSkb(skb);
  return steps;
}

function wayStep(table: SegmentTable, row: number, firstPage: number): WayStep {
  const { view } = table.memory;
  const head = table.headOffset[row]!;
  const borrows = [];
  for (let piece = table.firstPiece[row]!; piece < table.firstPiece[row + 1]!; piece++) {
    const page = table.piecePage[piece]! - firstPage;
    borrows.push(...byPage(page, table.pieceOffset[piece]!, table.pieceLen[piece]!));
  }
  return {
    index: row + 1,
    offset: 8 * ipv4.getFragOff(view, head),
    len: ipv4.getTotLen(view, head) - ipv4.getHeaderLen(view, head),
    moreFrags: ipv4.getMoreFrags(view, head),
    ident: ipv4.getIdent(view, head),
    headerLen: table.headLen[row]!,
    borrows,
  };
}

/** A piece may run over several adjoining pages. */
function byPage(page: number, offset: number, len: number): WayStep['borrows'] {
  const parts = [];
  for (let left = len, at = page * PAGE_SIZE + offset; left > 0; ) {
    const from = at % PAGE_SIZE;
    const take = Math.min(left, PAGE_SIZE - from);
    parts.push({ page: Math.floor(at / PAGE_SIZE), from, to: from + take });
    at += take;
    left -= take;
  }
  return parts;
}
