import * as ipv6 from '../../wire/ipv6.js';
import { type ExtensionChain, FRAGMENT_HEADER_LEN } from '../../wire/ipv6-extension.js';
import { finalDestination } from '../../wire/ipv6-routing.js';
import { PROTOCOL as UDP, HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';
import { evidence } from '../findings.js';
import type { Fragment } from '../reassembly/fragment.js';
import type { Group } from '../reassembly/group.js';
import type { Packet } from './packet.js';

const TCP = 6;
const TCP_HEADER_LEN = 20;

/** The first fragment tells the upper layer, and must hold all headers up to its end (RFC 7112). */
export function checkFirst(packet: Packet, fragment: Fragment, group: Group, chain: ExtensionChain): void {
  const { view, base } = packet;
  const at = chain.fragmentOffset;
  const shown = () =>
    evidence('IPv6 headers', view, base, packet.captured, [at - base, at - base + FRAGMENT_HEADER_LEN]);
  group.protocol = chain.upperProtocol;
  group.upperOffset = chain.status === 'ok' ? chain.upperOffset - fragment.data : -1;
  if (chain.routingOffset >= 0 && (at < 0 || chain.routingOffset < at)) {
    const end = new Uint8Array(16);
    const known = finalDestination(view, chain.routingOffset, ipv6.getDestination(view, base), end);
    if (known) group.finalDestination = end;
  }
  if (at < 0) return;
  if (chain.perFragmentEnd > at) {
    const text = `fragment header got ${at - base}, want ${chain.perFragmentEnd - base - 8}, behind the routing header`;
    group.mismatch('fragment-header-place', text, shown());
  }
  if (chain.status === 'malformed')
    group.mismatch('header-chain-order', 'header chain got a header where it must not stand (RFC 8200 4.1)', shown());
  const cutByCapture = fragment.captured < fragment.len && !fragment.shortOnWire;
  if (cutByCapture || holdsChain(fragment, chain)) return;
  const text = `header chain got ${fragment.len} octets of it, want all in the first fragment (RFC 7112)`;
  group.mismatch('header-chain-cut', text, shown());
}

function holdsChain(fragment: Fragment, chain: ExtensionChain): boolean {
  if (chain.status === 'truncated') return false;
  if (chain.status === 'malformed') return true;
  const least = chain.upperProtocol === UDP ? UDP_HEADER_LEN : chain.upperProtocol === TCP ? TCP_HEADER_LEN : 0;
  return chain.upperOffset - fragment.data + least <= fragment.len;
}
