import { PagePool } from '../../src/memory/page-pool.js';
import { SegmentTable } from '../../src/memory/segment-table.js';
import { UserMemory } from '../../src/memory/user-memory.js';
import { createFlow, type Flow, type FlowOptions } from '../../src/skb/flow.js';
import { allocSkb } from '../../src/skb/skbuff.js';
import type { TxBatch } from '../../src/tx/net-device.js';

const PORTS = { sourcePort: 1111, destinationPort: 9999, mtu: 1500 };

/** The flow that most tests send by, with whatever else it is to be. */
export function to4(more: Partial<FlowOptions> = {}): Flow {
  return createFlow({ source: '192.0.2.1', destination: '192.0.2.2', ...PORTS, ...more });
}

export function to6(more: Partial<FlowOptions> = {}): Flow {
  return createFlow({ source: '2001:db8::1', destination: '2001:db8::2', ...PORTS, ...more });
}

/** A small memory with an empty batch in it. */
export function emptyBatch(pages = 32): TxBatch {
  const memory = new UserMemory({ pages });
  return { table: new SegmentTable(memory), pool: new PagePool(memory), skbs: [] };
}

/** The same with a datagram of each flow, that rows can belong to. */
export function batchOf(...flows: readonly Flow[]): TxBatch {
  const batch = emptyBatch(64);
  return { ...batch, skbs: flows.map((flow) => Object.assign(allocSkb(batch.pool, 64), { flow })) };
}

/** Adds a row of datagram `owner`: `headLen` octets of header and so many behind it in one page. */
export function pushFrame(batch: TxBatch, owner: number, headLen: number, len: number): Uint8Array {
  const { table, pool } = batch;
  const pieces = len === 0 ? [] : [{ page: pool.allocRun(Math.ceil(len / 4096)), offset: 0, len }];
  const octets = pushRow(batch, pattern(headLen, 1000 * owner), pieces);
  table.owner[table.rows - 1] = owner;
  return new Uint8Array(octets);
}

/** Octet `index` of everything the tests send: not periodic in any power of two. */
export function patternAt(index: number): number {
  return (index * 7 + (index >>> 8)) & 0xff;
}

export function pattern(len: number, from = 0): Uint8Array {
  return Uint8Array.from({ length: len }, (_, index) => patternAt(from + index));
}

/** Adds a row: `header` in the arena and the pieces, each filled with the pattern of the frame's octets in order. */
export function pushRow(
  { table, pool }: TxBatch,
  header: Uint8Array,
  pieces: readonly { readonly page: number; readonly offset: number; readonly len: number }[],
): Uint8Array {
  const head = table.pushRow(0, header.length, 0);
  pool.memory.bytes.set(header, head);
  const parts: Uint8Array[] = [header];
  let from = 0;
  for (const { page, offset, len } of pieces) {
    const octets = pattern(len, from);
    if (pool.isForeign(page)) pool.foreignBytes(page).set(octets, offset);
    else pool.memory.bytes.set(octets, pool.offsetOf(page) + offset);
    table.pushPiece(page, offset, len);
    parts.push(octets);
    from += len;
  }
  return Buffer.concat(parts);
}
