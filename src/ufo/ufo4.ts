import { MF } from '../wire/ipv4.js';
import { swap16 } from '../wire/octets.js';
import type { FlowHeaders } from './flow-headers.js';

/**
 * Writes link and IPv4 header of one fragment at `network` (a multiple of 4) from the flow's template, as
 * `ip_fragment`/`inet_gso_segment` repair theirs: length, ident, offset with MF, checksum. DF is off: who asks for it is
 * never cut.
 *
 * `offset` and `len` are octets of the datagram's IP payload. Words are little-endian, as on every machine Node runs on
 * under Linux but one; the fields of the network's order are swapped into them.
 */
export function ufo4Headers(
  headers: FlowHeaders,
  words: Uint32Array,
  network: number,
  ident: number,
  offset: number,
  len: number,
  more: boolean,
): void {
  const { linkWords } = headers;
  const template = offset === 0 ? headers.first : headers.later;
  const at = network >>> 2;
  const start = at - linkWords;
  for (let word = 0; word < linkWords; word++) words[start + word] = template[word]!;
  for (let word = linkWords + 3; word < template.length; word++) words[start + word] = template[word]!;

  const totLen = headers.networkLen + len;
  const fragWord = (more ? MF : 0) | (offset >>> 3);
  let sum = (offset === 0 ? headers.firstSum : headers.laterSum) + totLen + ident + fragWord;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  words[at] = template[linkWords]! | (swap16(totLen) << 16);
  words[at + 1] = swap16(ident) | (swap16(fragWord) << 16);
  words[at + 2] = template[linkWords + 2]! | (swap16(~sum & 0xffff) << 16);
}
