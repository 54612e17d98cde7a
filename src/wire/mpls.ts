/**
 * MPLS label stack (RFC 3032 §2.1), an entry:
 *
 *      0                                       20    23 24            31
 *     +---------------------------------------+-----+-+---------------+
 *     |                 label                 | tc  |S|      ttl      |
 *     +---------------------------------------+-----+-+---------------+
 *
 * S marks the last entry. What follows is not named: IP shows by the version in its first four bits (RFC 4928).
 */
import { NEXT_IP, type NetworkLayer } from './network-layer.js';

export const ETHERTYPE_MPLS = 0x8847;
export const ETHERTYPE_MPLS_MULTICAST = 0x8848;

const ENTRY_LEN = 4;
const BOTTOM = 0x100;
/** The label after this one spreads load and may differ from packet to packet (RFC 6790 §4.2). */
const ENTROPY_INDICATOR = 7;

/** Steps over the whole label stack. */
export function enterMpls(view: DataView, out: NetworkLayer): void {
  let entropy = false;
  for (;;) {
    if (!out.has(ENTRY_LEN)) return;
    const entry = view.getUint32(out.offset);
    const label = entry >>> 12;
    if (!entropy && label !== ENTROPY_INDICATOR && !out.nest('mpls', label)) return;
    entropy = !entropy && label === ENTROPY_INDICATOR;
    out.step(ENTRY_LEN, NEXT_IP);
    if ((entry & BOTTOM) !== 0) {
      endOfStack(view, label, out);
      return;
    }
  }
}

function endOfStack(view: DataView, label: number, out: NetworkLayer): void {
  if (!out.has(1)) return;
  const version = view.getUint8(out.offset) >>> 4;
  if (version !== 4 && version !== 6) out.stop('mpls label', label);
}
