import type { ExtensionHeader, Flow } from '../../src/skb/flow.js';
import { parseAddress } from '../../src/wire/address.js';
import { DESTINATION_OPTIONS, HOP_BY_HOP, ROUTING } from '../../src/wire/ipv6-extension.js';
import { hex } from '../wire/helpers.js';

export const octets = (text: string): Uint8Array => parseAddress(text)!.octets;

const COMMON = {
  sourcePort: 1111,
  destinationPort: 9999,
  ttl: 64,
  tos: 0,
  flowLabel: 0,
  dontFragment: false,
  options: new Uint8Array(0),
  extensionHeaders: [] as readonly ExtensionHeader[],
  linkHeader: new Uint8Array(0),
  mtu: 1500,
  checksum: true,
};

export function flow4(more: Partial<Flow> = {}): Flow {
  return { ...COMMON, family: 4, source: octets('192.0.2.1'), destination: octets('192.0.2.2'), ...more };
}

export function flow6(more: Partial<Flow> = {}): Flow {
  return { ...COMMON, family: 6, source: octets('2001:db8::1'), destination: octets('2001:db8::2'), ...more };
}

/** A flow's headers, and what a datagram cut with them must show, written down by hand. */
export interface HeaderSet {
  readonly name: string;
  readonly flow: Flow;
  /** IPv4: the options of every fragment but the first. */
  readonly laterOptions: Uint8Array;
  /** IPv6: how many of the extension headers every fragment repeats. */
  readonly perFragment: number;
  /** Destination in the pseudo-header. */
  readonly final: Uint8Array;
}

const RR = '0707 04 00000000';
const TIMESTAMP = '440c 0500 0000000000000000';
const NOPS = (count: number): string => '01'.repeat(count);

/** Options of 4 … 40 octets, with and without the copied flag, and what they are after the first fragment. */
const OPTIONS: readonly [name: string, first: string, later: string, final?: string][] = [
  ['no options', '', ''],
  ['router alert, copied', '94040000', '94040000'],
  ['record route and end, not copied', `${RR}00`, `${NOPS(7)}00`],
  ['NOPs around a copied option', '01 94040000 010101', '01 94040000 010101'],
  ['stream id behind a timestamp', `${TIMESTAMP} 8804002a`, `${NOPS(12)} 8804002a`],
  ['loose source route', '8307 04 c6336407 01', '8307 04 c6336407 01', '198.51.100.7'],
  ['strict source route, one hop done', '890b 08 c6336407 c6336408 01', '890b 08 c6336407 c6336408 01', '198.51.100.8'],
  ['loose source route used up', '8307 08 c6336407 00', '8307 08 c6336407 00'],
  [
    '40 octets of both kinds',
    `830b 04 c6336407 c6336409 ${TIMESTAMP} 01 070f 04 ${'00'.repeat(12)} 00`,
    `830b 04 c6336407 c6336409 ${NOPS(12)} 01 ${NOPS(15)} 00`,
    '198.51.100.9',
  ],
];

export const SETS_4: readonly HeaderSet[] = OPTIONS.map(([name, first, later, final = '192.0.2.2']) => ({
  name: `IPv4, ${name}`,
  flow: flow4({ options: hex(first) }),
  laterOptions: hex(later),
  perFragment: 0,
  final: octets(final),
}));

export const HOP: ExtensionHeader = { type: HOP_BY_HOP, octets: hex('0000 0502 0000 0100') };
/** Segment routing: the last segment first, one segment left. */
export const SEGMENTS: ExtensionHeader = {
  type: ROUTING,
  octets: hex('0004 04 01 01000000 20010db8000000000000000000000009 20010db8000000000000000000000002'),
};
export const DESTINATION: ExtensionHeader = {
  type: DESTINATION_OPTIONS,
  octets: hex('0001 010c 000000000000000000000000'),
};

const CHAINS: readonly [name: string, headers: readonly ExtensionHeader[], perFragment: number][] = [
  ['no extension header', [], 0],
  ['hop-by-hop', [HOP], 1],
  ['hop-by-hop and routing', [HOP, SEGMENTS], 2],
  ['destination options and routing', [DESTINATION, SEGMENTS], 2],
  ['destination options', [DESTINATION], 0],
  ['all of them', [HOP, DESTINATION, SEGMENTS, DESTINATION], 3],
];

export const SETS_6: readonly HeaderSet[] = CHAINS.map(([name, extensionHeaders, perFragment]) => ({
  name: `IPv6, ${name}`,
  flow: flow6({ extensionHeaders, tos: 0xb8, flowLabel: 0x54321, ttl: 3 }),
  laterOptions: new Uint8Array(0),
  perFragment,
  final: octets(extensionHeaders.includes(SEGMENTS) ? '2001:db8::9' : '2001:db8::2'),
}));

/** Octets of headers in front of each piece, without the link header. */
export function fragmentHeaderLen({ flow, perFragment }: HeaderSet): number {
  if (flow.family === 4) return 20 + flow.options.length;
  return 40 + chainLen(flow, 0, perFragment) + 8;
}

/** Octets of extension headers `[from, to)`. */
export function chainLen({ extensionHeaders }: Flow, from: number, to?: number): number {
  return extensionHeaders.slice(from, to).reduce((sum, header) => sum + header.octets.length, 0);
}

/** Smallest MTU that cuts: 8 octets per fragment, and the upper-layer headers whole in the first (RFC 7112). */
export function smallestMtu(set: HeaderSet): number {
  return fragmentHeaderLen(set) + 8 + chainLen(set.flow, set.perFragment);
}

/** 65,507 or 65,527 less options and extension headers. */
export function largestPayload({ flow }: HeaderSet): number {
  return flow.family === 4 ? 65_507 - flow.options.length : 65_527 - chainLen(flow, 0);
}
