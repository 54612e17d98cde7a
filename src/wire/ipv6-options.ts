/**
 * Options in IPv6 hop-by-hop and destination options headers (RFC 8200 §4.2): one octet (Pad1), or type, length and data.
 *
 *      0   2 3         8               16
 *     +---+-+---------+---------------+-------- …
 *     |act|C|  rest   |    dataLen    | data
 *     +---+-+---------+---------------+-------- …
 *
 * `act` says what a node does that does not know the option: 0 skip it, others discard the packet. `dataLen` does not count
 * type and length.
 */

const PAD1 = 0;
const PADN = 1;
/** Router alert (RFC 2711 §2.1), in hop-by-hop headers; 2 octets. */
export const ROUTER_ALERT = 5;
/** CALIPSO (RFC 5570) and IOAM (RFC 9486), in hop-by-hop headers: nodes of their kind of network know them. */
const CALIPSO = 7;
const IOAM = 0x31;
/** Jumbo payload (RFC 2675 §2), in hop-by-hop headers; 4 octets of length. */
const JUMBO_PAYLOAD = 0xc2;
/** Home address (RFC 6275 §6.3), in destination options: the address that counts as the source. */
const HOME_ADDRESS = 0xc9;

/** RPL (RFC 6553), MPL (RFC 7731), ILNP nonce (RFC 6744), line id (RFC 6788), DFF (RFC 6971): nodes of their kind know them. */
const ASSIGNED: ReadonlySet<number> = new Set([0x63, 0x6d, 0x8b, 0x8c, 0xee]);
const ACTION = 0xc0;
const HEADER_LEN = 2;

/** What one walk over the options of a header found; filled again and again. */
export class OptionsFound {
  /** Offset of the option that leads past its header, −1 where all end within it. */
  overrun = -1;
  /** Offset of the first option that hosts in general do not know and must discard the packet for, −1 for none. */
  discard = -1;
  /** As `discard`, for options that have an assigned meaning. */
  special = -1;
  /** Offset of the first data octet of a home address option, −1 for none. */
  homeAddress = -1;
  jumbo = -1;
  /** Offset of padding that Linux drops the packet for: over 7 octets, or not zeros (RFC 4942 §2.1.9.5); −1 for none. */
  padding = -1;
  /** Offset of a router alert that is not as long as it must be, −1 for none. */
  wrongLen = -1;
  /** Options that are no padding. */
  count = 0;
}

/** Walks the options of the header in `[at, at + len)`, which must lie within the view. */
export function walkOptions(view: DataView, at: number, len: number, hopByHop: boolean, out: OptionsFound): void {
  out.overrun = out.discard = out.special = out.homeAddress = out.jumbo = out.padding = out.wrongLen = -1;
  out.count = 0;
  const end = at + len;
  let padded = 0;
  for (let option = at + HEADER_LEN; option < end; ) {
    const type = view.getUint8(option);
    const optionLen = type === PAD1 ? 1 : option + 1 < end ? 2 + view.getUint8(option + 1) : 2 + 0xff;
    if (option + optionLen > end) {
      out.overrun = option;
      return;
    }
    padded = type === PAD1 || type === PADN ? padded + optionLen : 0;
    if (padded > 7 || (type === PADN && !zeros(view, option + 2, option + optionLen))) out.padding = option;
    if (type > PADN) note(type, option, optionLen, hopByHop ? at : -1, out);
    option += optionLen;
  }
}

/** `hopByHop` is where that header begins, −1 for destination options. */
function note(type: number, option: number, len: number, hopByHop: number, out: OptionsFound): void {
  out.count++;
  const isHop = hopByHop >= 0;
  if (type === JUMBO_PAYLOAD && isHop && len === 6) out.jumbo = option + 2;
  else if (type === HOME_ADDRESS && !isHop && len === 18) out.homeAddress = option + 2;
  else if (type === ROUTER_ALERT && isHop && len !== 4) out.wrongLen = option;
  else if (isHop && (type === CALIPSO || (type === IOAM && (option - hopByHop) % 4 !== 0))) out.special = option;
  else if ((type & ACTION) === 0) return;
  else if (ASSIGNED.has(type)) out.special = option;
  else if (out.discard < 0) out.discard = option;
}

function zeros(view: DataView, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (view.getUint8(at) !== 0) return false;
  return true;
}
