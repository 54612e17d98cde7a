import { descend } from './encapsulation.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ethernet.js';
import * as geneve from './geneve.js';
import * as gre from './gre.js';
import type { LayerKind } from './layers.js';
import type { NetworkLayer } from './network-layer.js';
import * as udp from './udp.js';
import * as vxlan from './vxlan.js';

/** IP protocol numbers of IPv4 (RFC 2003) and of IPv6 (RFC 2473, RFC 4213) as what a packet carries. */
const IPV4 = 4;
const IPV6 = 41;

/** The packet that carries another: its family, upper-layer protocol, and where its addresses are. */
export interface OuterPacket {
  readonly family: 4 | 6;
  readonly protocol: number;
  /** Words that tell the tunnel's ends. */
  readonly ends: Int32Array;
  /** All of it was captured. */
  readonly whole: boolean;
}

/** Whether packets of this protocol carry others, or datagrams to this UDP port may. */
export function isTunnel(protocol: number, destinationPort: number): boolean {
  if (protocol === IPV4 || protocol === IPV6 || protocol === gre.PROTOCOL) return true;
  return protocol === udp.PROTOCOL && (vxlan.PORTS.includes(destinationPort) || destinationPort === geneve.PORT);
}

/**
 * What an upper-layer packet in `[at, end)` of `view` carries others by; null where all that it carries is its own data: a port is
 * no proof.
 */
export function tunnelKind(
  view: DataView,
  { family, protocol }: Pick<OuterPacket, 'family' | 'protocol'>,
  at: number,
  end: number,
): LayerKind | null {
  if (protocol === IPV4) return family === 4 ? '4in4' : '4in6';
  if (protocol === IPV6) return family === 4 ? '6in4' : '6in6';
  if (protocol === gre.PROTOCOL) return 'gre';
  if (protocol !== udp.PROTOCOL || at + udp.HEADER_LEN > end) return null;
  const port = udp.getDestinationPort(view, at);
  const data = at + udp.HEADER_LEN;
  if (vxlan.PORTS.includes(port) && vxlan.isVxlan(view, data, end)) return 'vxlan';
  return port === geneve.PORT && geneve.isGeneve(view, data, end) ? 'geneve' : null;
}

/**
 * Goes into what `outer` carries, the upper-layer packet in `[out.offset, out.end)`; `out.layers` are those of `outer` and
 * become those of what is inside. False where it carries nothing but its own data; otherwise `out` tells as from
 * `networkLayer`.
 */
export function enterTunnel(view: DataView, outer: OuterPacket, out: NetworkLayer): boolean {
  out.mac = -1;
  if (!enter(view, outer, out)) return false;
  for (const word of outer.ends) out.layers.mix(word);
  descend(view, out);
  return true;
}

function enter(view: DataView, outer: OuterPacket, out: NetworkLayer): boolean {
  const kind = tunnelKind(view, outer, out.offset, out.end);
  if (kind === null) return false;
  if (kind === 'gre') gre.enterGre(view, out, outer.whole);
  else if (kind === 'vxlan' || kind === 'geneve') {
    out.offset += udp.HEADER_LEN;
    if (kind === 'vxlan') vxlan.enterVxlan(view, out);
    else geneve.enterGeneve(view, out);
  } else if (out.nest(kind, -1)) out.step(0, outer.protocol === IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
  return true;
}
