/**
 * GRE (RFC 2784, RFC 2890; the source route of RFC 1701 is not read).
 *
 *      0       4               13  16                                 31
 *     +-+-+-+-+---------------+-----+---------------------------------+
 *     |C|R|K|S|       0       | ver |            protocol             |
 *     +-+-+-+-+---------------+-----+---------------------------------+
 *     |       checksum (C or R)       |           reserved            |
 *     +-------------------------------+-------------------------------+
 *     |                            key (K)                            |
 *     +---------------------------------------------------------------+
 *     |                         sequence (S)                          |
 *     +---------------------------------------------------------------+
 *
 * `protocol` is an EtherType. Version 1 is PPTP's (RFC 2637): PPP behind a key of payload length and call id, and an
 * acknowledgement number (A, 0x80) too.
 *
 * NVGRE (RFC 7637 §3.2) is an Ethernet frame behind a key of its own, without checksum and sequence:
 *
 *     |               virtual subnet id (VSID)        |    FlowID     |
 *
 * The FlowID spreads flows over paths: fragments of one datagram may have different ones. VSIDs below 0x1000 are reserved, so
 * that small keys are those of other tunnels of Ethernet frames.
 */
import { sumView } from './checksum.js';
import { TRANSPARENT_ETHERNET } from './ethernet.js';
import type { NetworkLayer } from './network-layer.js';
import { enterPpp } from './pppoe.js';

export const PROTOCOL = 47;

const HEADER_LEN = 4;
const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const ACKNOWLEDGEMENT = 0x0080;
const VERSION = 0x0007;
const PPTP_PROTOCOL = 0x880b;
const LEAST_VSID = 0x1000;
/** That of a vendor's own use. */
const LAST_VSID = 0xff_ffff;

/** `whole`: all of the packet was captured, so that its checksum can be summed. */
export function enterGre(view: DataView, out: NetworkLayer, whole: boolean): void {
  if (!out.has(HEADER_LEN)) return;
  const flags = view.getUint16(out.offset);
  const protocol = view.getUint16(out.offset + 2);
  const version = flags & VERSION;
  if (!isKnown(flags, version)) {
    out.stop('gre version', version);
    return;
  }
  const keyAt = HEADER_LEN + ((flags & CHECKSUM) !== 0 ? 4 : 0);
  const hasKey = (flags & KEY) !== 0;
  const acknowledges = version === 1 && (flags & ACKNOWLEDGEMENT) !== 0;
  const len = keyAt + (hasKey ? 4 : 0) + ((flags & SEQUENCE) !== 0 ? 4 : 0) + (acknowledges ? 4 : 0);
  if (!out.has(len)) return;
  const isSummed = whole && (flags & CHECKSUM) !== 0;
  if (isSummed && sumView(view, out.offset, out.end - out.offset) !== 0xffff) {
    out.stop('gre checksum', view.getUint16(out.offset + HEADER_LEN)); // gre_parse_header drops it
    return;
  }
  const key = hasKey ? view.getUint32(out.offset + keyAt) : -1;
  const vsid = flags === KEY && protocol === TRANSPARENT_ETHERNET ? key >>> 8 : 0;
  const isNvgre = vsid >= LEAST_VSID && vsid < LAST_VSID;
  if (!(isNvgre ? out.nest('nvgre', vsid) : out.nest('gre', version === 1 ? key & 0xffff : key))) return;
  out.step(len, protocol);
  if (version === 1) pptp(view, protocol, out);
}

/** Without a source route; PPTP's with a key and without a checksum (RFC 2637 §4.1): pptp_rcv drops what is not so. */
function isKnown(flags: number, version: number): boolean {
  if (version === 0) return (flags & ROUTING) === 0;
  return version === 1 && (flags & (CHECKSUM | ROUTING | KEY)) === KEY;
}

/** PPP, with or without its address and control octets; packets that only acknowledge carry nothing. */
function pptp(view: DataView, protocol: number, out: NetworkLayer): void {
  if (protocol !== PPTP_PROTOCOL || out.offset === out.end) {
    out.stop('gre protocol', protocol);
    return;
  }
  if (out.has(2) && view.getUint16(out.offset) === 0xff03) out.offset += 2;
  enterPpp(view, out);
}
