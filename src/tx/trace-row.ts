import { gatherRow, walkRow } from '../memory/gather-row.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import type { SkBuff } from '../skb/skbuff.js';
import { formatPiece, formatPlace } from '../wire/fragment-text.js';
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

/** `id 0x04d2  offset  1480  len  1480  MF`; offset and len count octets of IP payload. */
function fragmentFields(batch: TxBatch, row: number, skb: SkBuff): string {
  const octets = new Uint8Array(HEADERS);
  const filled = gatherRow(batch.table, batch.pool, row, octets, 0);
  const view = new DataView(octets.buffer, 0, filled);
  const { family, linkHeader } = skb.flow!;
  const base = linkHeader.length;
  const lenFrom = (at: number): number => rowLen(batch, row) - at;
  const startsWithIp = filled >= base + ipv4.HEADER_LEN && view.getUint8(base) >>> 4 === family;
  if (!startsWithIp) return `payload alone  len ${String(lenFrom(0)).padStart(5)}`; // the kernel writes the headers
  if (family === 4) {
    const piece = {
      ident: ipv4.getIdent(view, base),
      fragOff: ipv4.getFragOff(view, base),
      moreFrags: ipv4.getMoreFrags(view, base),
    };
    return formatPiece(piece, 4, lenFrom(base + ipv4.getHeaderLen(view, base)));
  }
  const chain = new extension.ExtensionChain();
  extension.walkExtensions(view, base + ipv6.NEXT_HEADER, base + ipv6.HEADER_LEN, filled, chain);
  const at = chain.fragmentOffset;
  const header = at < 0 ? null : extension.parseFragment(view, at, filled - at);
  if (header === null) return `no id  ${formatPlace(0, false, lenFrom(base + ipv6.HEADER_LEN))}`;
  return formatPiece(header, 8, lenFrom(at + extension.FRAGMENT_HEADER_LEN));
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
