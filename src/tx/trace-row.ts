import { gatherRow, walkRow } from '../memory/gather-row.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import type { SkBuff } from '../skb/skbuff.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import * as extension from '../wire/ipv6-extension.js';
import { rowLen, rowSkb, type TxBatch } from './net-device.js';

/** Enough for any link header, and all that comes before the fragment header's id. */
const HEADERS = 256;

/** One row of a batch as text: frame length, fragment fields, and where its octets come from. */
export function traceRow(batch: TxBatch, row: number): string {
  const skb = rowSkb(batch, row);
  const len = String(rowLen(batch, row)).padStart(5);
  return `row ${String(row).padStart(3)}  ${len}  ${fragmentFields(batch, row, skb)}  ${piecesOf(batch, row, skb)}`;
}

/** `id 0x04d2  offset  1480  len 1480  MF`; offset and len count octets of IP payload. */
function fragmentFields(batch: TxBatch, row: number, skb: SkBuff): string {
  const octets = new Uint8Array(HEADERS);
  const filled = gatherRow(batch.table, batch.pool, row, octets, 0);
  const view = new DataView(octets.buffer, 0, filled);
  const { family, linkHeader } = skb.flow!;
  const base = linkHeader.length;
  const payload = (at: number): string => `len ${String(rowLen(batch, row) - at).padStart(5)}`;
  const startsWithIp = filled >= base + ipv4.HEADER_LEN && view.getUint8(base) >>> 4 === family;
  if (!startsWithIp) return `payload alone  ${payload(0)}`; // the kernel writes the headers
  if (family === 4) {
    const at = base + ipv4.getHeaderLen(view, base);
    const place = fragmentPlace(ipv4.getFragOff(view, base), ipv4.getMoreFrags(view, base));
    return `id ${hex(ipv4.getIdent(view, base), 4)}  ${place(payload(at))}`;
  }
  const chain = new extension.ExtensionChain();
  extension.walkExtensions(view, base + ipv6.NEXT_HEADER, base + ipv6.HEADER_LEN, filled, chain);
  if (chain.fragmentOffset < 0) return `no id  ${fragmentPlace(0, false)(payload(base + ipv6.HEADER_LEN))}`;
  const at = chain.fragmentOffset;
  const place = fragmentPlace(extension.getFragOff(view, at), extension.getMoreFrags(view, at));
  return `id ${hex(extension.getFragIdent(view, at), 8)}  ${place(payload(at + extension.FRAGMENT_HEADER_LEN))}`;
}

function fragmentPlace(fragOff: number, more: boolean): (len: string) => string {
  return (len) => `offset ${String(8 * fragOff).padStart(5)}  ${len}  ${more ? 'MF' : '  '}`;
}

/** `head 20 | page 3 @1472 +1480`: octets of header in the arena or in the skb's head, and stretches of borrowed pages. */
function piecesOf({ table, pool }: TxBatch, row: number, skb: SkBuff): string {
  const parts: string[] = [];
  const { pages } = pool.memory;
  walkRow(table, pool, row, {
    inMemory(offset, len) {
      const page = Math.floor((offset - pages.offset) / PAGE_SIZE);
      const stretch = `@${offset % PAGE_SIZE} +${len}`;
      if (offset >= pages.offset + pages.len) parts.push(`head ${len}`);
      else if (page >= skb.headPage && page < skb.headPage + skb.headPages) parts.push(`skb head ${stretch}`);
      else parts.push(`page ${page} ${stretch}`);
    },
    inForeign: (_, offset, len) => parts.push(`buffer @${offset} +${len}`),
  });
  return parts.join(' | ');
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
