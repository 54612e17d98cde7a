import { formatAddress } from '../../wire/address.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { ExtensionChain, getFragIdent, getFragOff, walkExtensions } from '../../wire/ipv6-extension.js';
import { HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';

const ICMP = 1;
const ICMPV6 = 58;
const ICMP_HEADER_LEN = 8;

/** An ICMP error as it was seen. */
export interface IcmpAnswer {
  readonly frame: number;
  /** Milliseconds, by `performance.now()`, when we read it. */
  readonly at: number;
  readonly type: number;
  readonly code: number;
  /** Parameter Problem: the octet that it points to; otherwise meaningless. */
  readonly pointer: number;
  /** Identification of the packet that it quotes; null where that has none. */
  readonly ident: number | null;
  /** What it quotes behind the UDP header, as far as it quotes a whole datagram's begin; octets of its own. */
  readonly payload: Uint8Array;
}

/** What both families call by other numbers. */
export const ICMP_TYPES = {
  4: { portUnreachable: [3, 3], timeExceeded: [11, 1], parameterProblem: 12 },
  6: { portUnreachable: [1, 4], timeExceeded: [3, 1], parameterProblem: 4 },
} as const;

/** Octets of a packet that an error quotes at most: it has 576 itself (RFC 1812 §4.3.2.3), over IPv6 1280 (RFC 4443 §2.4 c). */
const MOST_QUOTED = 1280;
/** Protocol of a later fragment: what it begins with is no header. */
const LATER = -1;
const NOTHING = new Uint8Array(0);
const chain = new ExtensionChain();

/** The source, identification and kind of a captured packet. */
interface Sighting {
  readonly source: string;
  readonly ident: number | null;
  readonly icmp: Omit<IcmpAnswer, 'frame' | 'at'> | null;
}

/** What the IP packet at `base` of `octets` is to us, of which it keeps nothing. Never throws; null for what is no packet. */
export function sight(octets: Uint8Array, base: number, family: 4 | 6): Sighting | null {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  if (octets.length < base + (family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN)) return null;
  const { upper, protocol, ident } = headersOf(view, base, family);
  const source = formatAddress(octets, base + (family === 4 ? ipv4.SOURCE : ipv6.SOURCE), family);
  const isError = protocol === (family === 4 ? ICMP : ICMPV6) && octets.length >= upper + ICMP_HEADER_LEN;
  return { source, ident, icmp: isError ? icmpAt(view, upper, family) : null };
}

function icmpAt(view: DataView, at: number, family: 4 | 6): Sighting['icmp'] {
  const type = view.getUint8(at);
  if (family === 6 ? type >= 128 : ![3, 11, 12].includes(type)) return null; // no error: an echo, a neighbour
  const quoted = at + ICMP_HEADER_LEN;
  const octets = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const isWhole = view.byteLength >= quoted + (family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN);
  const inner = isWhole ? headersOf(view, quoted, family) : null;
  return {
    type,
    code: view.getUint8(at + 1),
    pointer: family === 4 ? view.getUint8(at + 4) : view.getUint32(at + 4),
    ident: inner?.ident ?? null,
    payload: inner === null ? NOTHING : octets.slice(inner.upper + UDP_HEADER_LEN, quoted + MOST_QUOTED),
  };
}

function headersOf(view: DataView, base: number, family: 4 | 6) {
  if (family === 4) {
    const upper = base + ipv4.getHeaderLen(view, base);
    const protocol = ipv4.getFragOff(view, base) === 0 ? ipv4.getProtocol(view, base) : LATER;
    return { upper, protocol, ident: ipv4.getIdent(view, base) };
  }
  walkExtensions(view, base + ipv6.NEXT_HEADER, base + ipv6.HEADER_LEN, view.byteLength, chain);
  const { upperOffset, upperProtocol, fragmentOffset } = chain;
  const ident = fragmentOffset < 0 ? null : getFragIdent(view, fragmentOffset);
  const isLater = fragmentOffset >= 0 && getFragOff(view, fragmentOffset) > 0;
  return { upper: upperOffset, protocol: isLater ? LATER : upperProtocol, ident };
}
