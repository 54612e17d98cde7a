/**
 * IEEE 802.2 LLC behind an 802.3 header, whose last field is a length, and SNAP (RFC 1042):
 *
 *      0               8               16              24
 *     +---------------+---------------+---------------+
 *     |     dsap      |     ssap      |    control    |
 *     +---------------+---------------+---------------+---------------+
 *     |              oui              |           etherType           |  where dsap and ssap are 0xaa
 *     +-------------------------------+-------------------------------+
 */
import { NEXT_IP, type NetworkLayer } from './network-layer.js';

/** Values up to this in the place of an EtherType are a length (IEEE 802.3 §3.2.6). */
export const MAX_LENGTH = 1500;

const HEADER_LEN = 3;
const SNAP_HEADER_LEN = 8;
const SNAP = 0xaa;
/** IP without SNAP (RFC 948). */
const IP = 0x06;
/** Unnumbered information: the only frames that carry IP (RFC 1042). */
const UI = 0x03;
/** OUIs under which an EtherType follows: RFC 1042, and 802.1H bridge tunnels. */
const OUIS: readonly number[] = [0x00_00_00, 0x00_00_f8];

/** `len` is what the 802.3 header says. */
export function enterLlc(view: DataView, len: number, out: NetworkLayer): void {
  out.end = Math.min(out.end, out.offset + len);
  if (!out.has(HEADER_LEN)) return;
  const dsap = view.getUint8(out.offset);
  const control = view.getUint8(out.offset + 2);
  const isIp = dsap === IP || dsap === SNAP;
  if (isIp && (view.getUint8(out.offset + 1) !== dsap || control !== UI)) {
    out.stop('llc control', control);
    return;
  }
  if (dsap === IP) {
    out.step(HEADER_LEN, NEXT_IP);
    return;
  }
  if (dsap !== SNAP) {
    out.stop('llc', dsap);
    return;
  }
  if (!out.has(SNAP_HEADER_LEN)) return;
  const oui = view.getUint32(out.offset + 2) & 0xff_ffff;
  if (!OUIS.includes(oui)) {
    out.stop('llc', dsap);
    return;
  }
  if (!out.nest('snap', -1)) return;
  out.step(SNAP_HEADER_LEN, view.getUint16(out.offset + 6));
}
