import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { FRAGMENT_HEADER_LEN, getFragIdent } from '../../wire/ipv6-extension.js';
import * as udp from '../../wire/udp.js';
import { type Fragment, setKey } from '../reassembly/fragment.js';
import { seenPayload } from '../sighting.js';
import type { DatagramVerdict, UdpVerdict } from '../verdict.js';
import { newVerdict } from '../verdict-builder.js';
import type { Link } from './link.js';
import { sightingOf, type WholeSighting } from './sighting.js';

/** Reads what verdicts tell of the IP header at `ip`, which the kernel found right, and the key of its fragment, if it is one. */
export function readHeader(view: DataView, ip: number, link: Link, fragment: Fragment): void {
  const { family } = link;
  fragment.family = family;
  fragment.layers = link.layers;
  fragment.protocol = udp.PROTOCOL;
  if (family === 4) {
    fragment.ident = ipv4.getIdent(view, ip);
    fragment.ttl = ipv4.getTtl(view, ip);
    fragment.tos = ipv4.getTos(view, ip);
  } else {
    const isFragment = ipv6.getNextHeader(view, ip) !== udp.PROTOCOL;
    fragment.ident = isFragment ? getFragIdent(view, ip + ipv6.HEADER_LEN) : 0;
    fragment.ttl = ipv6.getHopLimit(view, ip);
    fragment.tos = ipv6.getTrafficClass(view, ip);
  }
  setKey(fragment, view, ip);
}

/** The UDP header at `at`, which the kernel found right. */
export function udpVerdict(view: DataView, at: number, withoutChecksum: boolean): UdpVerdict {
  return {
    sourcePort: udp.getSourcePort(view, at),
    destinationPort: udp.getDestinationPort(view, at),
    length: udp.getLength(view, at),
    checksum: withoutChecksum ? 'none' : 'good',
  };
}

/** What a sighting has of a datagram in fragments whose payload, from `tag` on, is the generated one it says it is. */
export function sightingAt(view: DataView, ip: number, link: Link, tag: number, time: number): WholeSighting {
  const told = {
    seed: view.getUint32(tag + 4),
    sequence: view.getUint32(tag + 8),
    length: view.getUint32(tag + 12),
    firstWrong: -1,
  };
  const headerLen = link.family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN + FRAGMENT_HEADER_LEN;
  return { payload: { told, digest: null }, ...ofHeader(view, ip, link), headerLen, time };
}

/**
 * The verdict on a datagram that came in one piece and that the kernel found right; `fragment` is what `readHeader` made of
 * its header. With a sighting where it has a time.
 */
export function singleVerdict(
  view: DataView,
  ip: number,
  { family, key, ident, ttl, tos }: Fragment,
  link: Link,
  withoutChecksum: boolean,
  time: number | null,
): DatagramVerdict {
  const headerLen = family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN;
  const verdict = newVerdict(family, key, family === 4 ? ident : null, udp.PROTOCOL);
  const header = udpVerdict(view, ip + headerLen, withoutChecksum);
  if (link.layers.depth > 0) verdict.via = link.layers.text();
  verdict.udp = header;
  verdict.payloadLen = header.length - udp.HEADER_LEN;
  if (time === null) return verdict;
  const payload = seenPayload(new Uint8Array(view.buffer, ip + headerLen + udp.HEADER_LEN, verdict.payloadLen));
  const seen = { payload, ...ofHeader(view, ip, link), headerLen, time };
  verdict.seen = sightingOf({ family, ttl, tos, link }, seen, [header.length]);
  return verdict;
}

function ofHeader(view: DataView, ip: number, { family }: Link): Pick<WholeSighting, 'df' | 'flowLabel'> {
  return {
    df: family === 4 && ipv4.getDontFragment(view, ip),
    flowLabel: family === 6 ? ipv6.getFlowLabel(view, ip) : 0,
  };
}
