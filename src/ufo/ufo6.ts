import { HEADER_LEN } from '../wire/ipv6.js';
import { FRAGMENT_HEADER_LEN } from '../wire/ipv6-extension.js';
import { swap16, swap32 } from '../wire/octets.js';
import type { FlowHeaders } from './flow-headers.js';

/**
 * Writes link, IPv6, per-fragment and fragment header of one fragment at `network` (a multiple of 4) from the flow's
 * template, as `ipv6_gso_segment` and `udp6_ufo_fragment` repair theirs: payload length, offset with M, ident (RFC 8200
 * §4.5). `offset` and `len` are octets of the fragmentable part; `offset` is a multiple of 8, so it is already where the
 * field wants it.
 */
export function ufo6Headers(
  headers: FlowHeaders,
  words: Uint32Array,
  network: number,
  ident: number,
  offset: number,
  len: number,
  more: boolean,
): void {
  const template = headers.first;
  const at = network >>> 2;
  const { linkWords } = headers;
  const start = at - linkWords;
  const last = start + template.length - 1;
  for (let word = 0; word <= linkWords; word++) words[start + word] = template[word]!;
  for (let word = linkWords + 2; word < template.length - 2; word++) words[start + word] = template[word]!;

  const payloadLen = headers.networkLen - HEADER_LEN + FRAGMENT_HEADER_LEN + len;
  words[at + 1] = template[linkWords + 1]! | swap16(payloadLen);
  words[last - 1] = template[template.length - 2]! | (swap16(offset | (more ? 1 : 0)) << 16);
  words[last] = swap32(ident);
}
