/**
 * PPPoE session packets (RFC 2516 §4), with the PPP protocol number behind them (RFC 1661 §2):
 *
 *      0       4       8               16                             31
 *     +-------+-------+---------------+-------------------------------+
 *     |version| type  |     code      |           sessionId           |
 *     +-------+-------+---------------+-------------------------------+
 *     |            length             |          pppProtocol          |
 *     +-------------------------------+-------------------------------+
 *
 * `length` counts the PPP protocol and what follows, not the frame's padding.
 */
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ethernet.js';
import { ETHERTYPE_MPLS, ETHERTYPE_MPLS_MULTICAST } from './mpls.js';
import type { NetworkLayer } from './network-layer.js';

export const ETHERTYPE_PPPOE_DISCOVERY = 0x8863;
export const ETHERTYPE_PPPOE = 0x8864;

const HEADER_LEN = 6;
const SESSION_ID = 2;
/** Version 1, type 1, code 0: session data; all else is to be let alone. */
const SESSION_DATA = 0x1100;
const LENGTH = 4;

/** EtherTypes of the PPP protocols that carry IP. */
const ETHERTYPES: ReadonlyMap<number, number> = new Map([
  [0x0021, ETHERTYPE_IPV4],
  [0x0057, ETHERTYPE_IPV6],
  [0x0281, ETHERTYPE_MPLS],
  [0x0283, ETHERTYPE_MPLS_MULTICAST],
]);

export function enterPppoe(view: DataView, out: NetworkLayer): void {
  if (!out.has(HEADER_LEN)) return;
  const { offset } = out;
  const start = view.getUint16(offset);
  if (start !== SESSION_DATA) {
    out.stop('pppoe', start);
    return;
  }
  if (!out.nest('pppoe', view.getUint16(offset + SESSION_ID))) return;
  out.end = Math.min(out.end, offset + HEADER_LEN + view.getUint16(offset + LENGTH));
  out.offset = offset + HEADER_LEN;
  enterPpp(view, out);
}

/** The PPP protocol number, of two octets, or of one where it is compressed (RFC 1661 §6.5: then it is odd). */
export function enterPpp(view: DataView, out: NetworkLayer): void {
  if (!out.has(2)) return;
  const first = view.getUint8(out.offset);
  const compressed = (first & 1) !== 0;
  const protocol = compressed ? first : view.getUint16(out.offset);
  const etherType = ETHERTYPES.get(protocol);
  if (etherType === undefined) out.stop('ppp', protocol);
  else out.step(compressed ? 1 : 2, etherType);
}
