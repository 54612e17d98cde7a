import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { NO_NEXT_HEADER } from '../wire/ipv6-extension.js';
import type { NetworkLayer } from '../wire/network-layer.js';
import type { Code } from './codes.js';
import { type Evidence, evidence } from './findings.js';
import { type Fragment, KEY_SOURCE, noHeader } from './reassembly/fragment.js';
import { Group } from './reassembly/group.js';
import type { DatagramVerdict } from './verdict.js';
import { newVerdict, setVerdict } from './verdict-builder.js';

/** A packet or fragment whose header cannot be used. */
export function malformedVerdict(code: Code, fault: string, shown: Evidence, fragment: Fragment): DatagramVerdict {
  const { family, key, ident, protocol, more, offset } = fragment;
  const group = new Group(fragment);
  const verdict = newVerdict(family, key, family === 6 && ident === 0 ? null : ident, protocol);
  if (group.via !== '') verdict.via = group.via;
  verdict.fragments = more || offset > 0 ? 1 : 0;
  verdict.complete = false;
  verdict.holes = [[0, null]];
  group.fragmented = false;
  group.mismatch(code, fault, shown);
  setVerdict(verdict, group);
  return verdict;
}

/**
 * A packet on a link that carries nothing but IP, of a version that there is not. Which it was meant to be its length field
 * tells, or nothing.
 */
export function oddVersionVerdict(view: DataView, network: NetworkLayer, fragment: Fragment): DatagramVerdict {
  const { offset, end, value } = network;
  const len = end - offset;
  const family = len >= ipv6.HEADER_LEN && ipv6.HEADER_LEN + ipv6.getPayloadLen(view, offset) === len ? 6 : 4;
  const headerLen = family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN;
  noHeader(fragment, family);
  const { key, keyLen } = fragment;
  if (len >= headerLen) {
    const addresses = offset + (family === 4 ? ipv4.SOURCE : ipv6.SOURCE);
    for (let i = KEY_SOURCE; i < keyLen; i++) key[i] = view.getInt32(addresses + 4 * (i - KEY_SOURCE));
    fragment.protocol = family === 4 ? ipv4.getProtocol(view, offset) : ipv6.getNextHeader(view, offset);
  }
  const shown = evidence('IP packet', view, offset, Math.min(len, headerLen), [0, 1]);
  return malformedVerdict('ip-version', `version got ${value}, want ${family}`, shown, fragment);
}

/** Protocols whose whole packets carry no IP packet: ICMP, IGMP, TCP, RSVP, EIGRP, OSPF, PIM, VRRP, SCTP, DCCP, UDP-Lite … */
const CLOSED: Readonly<Record<4 | 6, ReadonlySet<number>>> = {
  4: new Set([1, 2, 6, 33, 46, 88, 89, 103, 112, 132, 136]),
  6: new Set([6, 33, 46, 58, 59, 88, 89, 103, 112, 132, 136]),
};

/** Mobility, HIP and Shim6 headers: extension headers to some (RFC 7045), behind which nothing comes but by their next header. */
const ENDS_OR_NOT: ReadonlySet<number> = new Set([135, 139, 140]);

/** Whether a UDP datagram may hide in a whole packet of this protocol; `next` is the first octet of what it carries. */
export function mayHideUdp(family: 4 | 6, protocol: number, next: number | 'not-captured' | 'nothing'): boolean {
  if (family === 6 && ENDS_OR_NOT.has(protocol)) return next !== NO_NEXT_HEADER && next !== 'nothing';
  return !CLOSED[family].has(protocol);
}
