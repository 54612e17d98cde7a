import * as ipv4 from '../../wire/ipv4.js';
import { finalDestinationOffset } from '../../wire/ipv4-options.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as extension from '../../wire/ipv6-extension.js';
import * as udp from '../../wire/udp.js';

/** What a packet carries above IP, as far as rewriting its headers concerns it. */
export interface UpperLayer {
  readonly protocol: number;
  /** Where it begins, from the start of the view. */
  readonly offset: number;
  /** Its header is in this packet: whole, or the first fragment. */
  readonly first: boolean;
  readonly fragment: boolean;
  /** Offset of a checksum that covers the addresses, from where the upper layer begins; null for none. */
  readonly sum: number | null;
  /** Why no checksum over this packet's addresses can be told; null where it can. */
  readonly headerFault: string | null;
  /** Why other addresses cannot be put in; null where they can. */
  readonly fault: string | null;
}

export const TCP = 6;
const DCCP = 33;
const UDP_LITE = 136;
export const ICMP = 1;
export const ICMPV6 = 58;
/** Source and destination port lie alike in all of them. */
export const WITH_PORTS: readonly number[] = [TCP, udp.PROTOCOL, DCCP, UDP_LITE];
export const SCTP = 132;

/**
 * Where the checksum with the addresses in it lies; null where there is none: ICMP, IGMP, IP in IP, RSVP, GRE, EIGRP, OSPFv2, PIM,
 * L2TP, SCTP (its CRC covers its own octets alone), MPLS. What is in no list may have one.
 */
const OVER_BOTH = new Map<number, number | null>([
  [TCP, 16],
  [udp.PROTOCOL, udp.CHECKSUM],
  [DCCP, 6],
  [UDP_LITE, 6],
  ...[4, 41, 46, 47, 88, 115, SCTP, 137].map((protocol) => [protocol, null] as const),
]);
const SUM_AT: Readonly<Record<4 | 6, ReadonlyMap<number, number | null>>> = {
  4: new Map([...OVER_BOTH, ...[ICMP, 2, 89, 103].map((protocol) => [protocol, null] as const)]),
  6: new Map([...OVER_BOTH, [ICMPV6, 2], [89, 12], [103, 2], [extension.NO_NEXT_HEADER, null]]),
};
/** ICMP that has addresses inside: errors quote a packet (RFC 792, 4443), neighbour discovery names hosts (RFC 4861). */
const WITH_ADDRESSES: Readonly<Record<4 | 6, readonly number[]>> = {
  4: [3, 4, 5, 11, 12],
  6: [1, 2, 3, 4, 134, 135, 136, 137],
};

/** Looks at the packet at `base`; never throws. */
export function upperLayer(view: DataView, base: number, family: 4 | 6): UpperLayer {
  const upper = family === 4 ? above4(view, base) : above6(view, base);
  const sum = SUM_AT[family].get(upper.protocol);
  const fault = upper.headerFault ?? (upper.first ? faultOf(view, family, upper, sum) : null);
  return { ...upper, sum: sum ?? null, fault };
}

type Above = Omit<UpperLayer, 'sum' | 'fault'>;

function above4(view: DataView, base: number): Above {
  const protocol = ipv4.getProtocol(view, base);
  const first = ipv4.getFragOff(view, base) === 0;
  const routed = finalDestinationOffset(view, base) !== base + ipv4.DESTINATION;
  return {
    ...{ protocol, first, offset: base + ipv4.getHeaderLen(view, base) },
    fragment: !first || ipv4.getMoreFrags(view, base),
    headerFault: secured(protocol) ?? (routed ? 'a source route' : null),
  };
}

const chain = new extension.ExtensionChain();

function above6(view: DataView, base: number): Above {
  const [from, start] = [base + ipv6.NEXT_HEADER, base + ipv6.HEADER_LEN];
  extension.walkExtensions(view, from, start, view.byteLength, chain);
  const { upperProtocol: protocol, upperOffset: offset, fragmentOffset: at, routingOffset, status } = chain;
  const later = at >= 0 && extension.getFragOff(view, at) > 0;
  const inside = routingOffset >= 0 ? 'a routing header' : status === 'ok' ? null : 'a header chain cut in two';
  return {
    ...{ protocol, offset, first: !later },
    fragment: later || (at >= 0 && extension.getMoreFrags(view, at)),
    headerFault: inside ?? secured(protocol),
  };
}

/** Both are computed with a key over or behind the addresses (RFC 4302 §3.3.3, RFC 4303). */
function secured(protocol: number): string | null {
  if (protocol === extension.AUTHENTICATION) return 'an authentication header';
  return protocol === extension.ESP ? 'an encrypted packet' : null;
}

function faultOf(
  view: DataView,
  family: 4 | 6,
  { protocol, offset }: Pick<UpperLayer, 'protocol' | 'offset'>,
  sum: number | null | undefined,
): string | null {
  if (sum === undefined) return `protocol ${protocol}, whose checksum may cover the addresses`;
  if (sum !== null && offset + sum + 2 > view.byteLength) return 'a first fragment that ends before the checksum';
  const isIcmp = protocol === (family === 4 ? ICMP : ICMPV6);
  if (!isIcmp || offset >= view.byteLength) return null;
  const type = view.getUint8(offset);
  return WITH_ADDRESSES[family].includes(type) ? `ICMP type ${type}, which has addresses inside` : null;
}
