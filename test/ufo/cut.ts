import { gatherRow } from '../../src/memory/gather-row.js';
import { PagePool } from '../../src/memory/page-pool.js';
import { SegmentTable } from '../../src/memory/segment-table.js';
import { PAGE_SIZE, UserMemory } from '../../src/memory/user-memory.js';
import { skbFillPageDesc } from '../../src/skb/fill-page-desc.js';
import type { Flow } from '../../src/skb/flow.js';
import { kfreeSkb } from '../../src/skb/release.js';
import { allocSkb, type SkBuff, skbPut, skbReserve } from '../../src/skb/skbuff.js';
import { headersRoom, ipMakeSkb, skbChecksumHelp } from '../../src/ufo/make-skb.js';
import { pushWhole, Segmenter } from '../../src/ufo/segment.js';

/** Packets behind each other in one buffer: packet i is `bytes[start[i] … start[i + 1])`. Good until the next cut. */
export interface Packets {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly start: number[];
}

/** Where the payload lies: in the head, or in frags of these sizes, which begin `shift` octets into their pages. */
export type Layout =
  | 'linear'
  | { readonly frags: readonly number[]; readonly shift: number; readonly foreign: boolean };

/**
 * Cuts datagrams as a sender would, and gathers their frames as a device would. Every other one's rows are all written one
 * by one, as where there are no vector instructions.
 */
export class Cutter {
  readonly pool = new PagePool(new UserMemory({ pages: 128 }));
  /** Batches that the last datagram took. */
  batches = 0;
  readonly #tables = [new SegmentTable(this.pool.memory), new SegmentTable(this.pool.memory, null)];
  #turn = 0;
  #table = this.#tables[0]!;
  readonly #segmenter = new Segmenter();
  readonly #bytes = new Uint8Array(4 << 20);
  readonly #view = new DataView(this.#bytes.buffer);

  /** The frames of one datagram. `partial` leaves the UDP checksum to a device. */
  cut(flow: Flow, ident: number, payload: Uint8Array, layout: Layout = 'linear', partial = false): Packets {
    const skb = this.build(flow, payload, layout);
    try {
      ipMakeSkb(skb, flow, ident);
      if (!partial) skbChecksumHelp(skb);
      return this.frames(skb);
    } finally {
      kfreeSkb(skb);
    }
  }

  /** An skb with the payload and head room for the flow's headers. */
  build(flow: Flow, payload: Uint8Array, layout: Layout): SkBuff {
    const room = headersRoom(flow);
    const skb = allocSkb(this.pool, layout === 'linear' ? room + payload.length : room);
    skbReserve(skb, room);
    if (layout === 'linear') this.pool.memory.bytes.set(payload, skbPut(skb, payload.length));
    else this.#fill(skb, payload, layout);
    return skb;
  }

  /** The frames of an skb whose headers are in place. */
  frames(skb: SkBuff): Packets {
    const packets: Packets = { bytes: this.#bytes, view: this.#view, start: [0] };
    this.batches = 0;
    this.#table = this.#tables[this.#turn++ & 1]!;
    this.#table.reset();
    if (skb.shinfo.gsoType === 0) {
      pushWhole(this.#table, skb, 0);
      this.#gather(packets);
      return packets;
    }
    this.#segmenter.begin(skb, 7);
    for (let done = false; !done; this.#table.reset()) {
      done = this.#segmenter.run(this.#table);
      this.#gather(packets);
    }
    return packets;
  }

  #fill(skb: SkBuff, payload: Uint8Array, { frags, shift, foreign }: Exclude<Layout, 'linear'>): void {
    let at = 0;
    for (let i = 0; at < payload.length; i++) {
      const piece = payload.subarray(at, at + frags[i % frags.length]!);
      skbFillPageDesc(
        skb,
        foreign ? this.#foreignPage(piece, shift) : this.#poolPage(piece, shift),
        shift,
        piece.length,
      );
      at += piece.length;
    }
  }

  #poolPage(piece: Uint8Array, shift: number): number {
    if (shift + piece.length > PAGE_SIZE) throw new Error('the test asks for a frag larger than a page');
    const page = this.pool.allocPage();
    this.pool.memory.bytes.set(piece, this.pool.offsetOf(page) + shift);
    return page;
  }

  #foreignPage(piece: Uint8Array, shift: number): number {
    const bytes = new Uint8Array(shift + piece.length).fill(0x5a);
    bytes.set(piece, shift);
    return this.pool.adoptForeign(bytes);
  }

  #gather({ bytes, start }: Packets): void {
    const { pool } = this;
    const table = this.#table;
    this.batches += 1;
    for (let row = 0; row < table.rows; row++) {
      const at = gatherRow(table, pool, row, bytes, start[start.length - 1]!);
      if (at - start[start.length - 1]! !== table.frameLen[row]!) throw new Error(`row ${row}: frameLen is wrong`);
      start.push(at);
    }
  }
}

/** The frames as arrays of their own. */
export function packetList({ bytes, start }: Packets): Uint8Array[] {
  return start.slice(1).map((end, i) => bytes.slice(start[i]!, end));
}
