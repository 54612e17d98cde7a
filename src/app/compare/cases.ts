import { type PayloadSizes, sizeOf } from '../../payload/sizes.js';
import { grouped } from '../../report/grouped.js';
import { createFlow, type Flow, type FlowOptions } from '../../skb/flow.js';
import { flowHeaders } from '../../ufo/flow-headers.js';
import { MIN_MTU } from '../../wire/ipv6.js';
import { DESTINATION_OPTIONS, HOP_BY_HOP, ROUTING } from '../../wire/ipv6-extension.js';
import { HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';

/** Header fields of a case; all that a flow has beside addresses, ports and MTU. */
export type CaseHeaders = Pick<
  FlowOptions,
  'ttl' | 'tos' | 'flowLabel' | 'dontFragment' | 'options' | 'extensionHeaders' | 'checksum'
>;

/** One datagram that is cut by everybody. */
export interface CompareCase {
  readonly family: 4 | 6;
  readonly mtu: number;
  /** Octets of UDP payload. */
  readonly size: number;
  /** What its headers have, for people; empty for nothing special. */
  readonly what: string;
  readonly headers: CaseHeaders;
}

/** The datagram of a report; of one in a file not everything may be known. */
export interface DatagramCase extends Pick<CompareCase, 'what' | 'headers'> {
  readonly family: 4 | 6 | null;
  readonly mtu: number | null;
  readonly size: number | null;
}

export function isKnown(of: DatagramCase): of is CompareCase {
  return of.family !== null && of.mtu !== null && of.size !== null;
}

/** How large a case is, to find the least of several: fragments, octets of headers, octets of payload. */
export function sizeOfCase({ family, mtu, size, headers }: CompareCase): readonly number[] {
  const { networkLen, chainLen, gsoSize } = flowHeaders(anyFlow(family, mtu, headers));
  const plain = Object.values(headers).filter((value) => value !== undefined).length;
  return [Math.ceil((size + UDP_HEADER_LEN + chainLen) / Math.max(8, gsoSize)), plain, networkLen + chainLen, size];
}

/** `IPv4, MTU 1500, 1473 octets, record route`. */
export function caseText({ family, mtu, size, what }: DatagramCase): string {
  return [
    family === null ? '' : `IPv${family}`,
    mtu === null ? '' : `MTU ${mtu}`,
    size === null ? '' : `${grouped(size)} octets`,
    what,
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** Datagrams of a range of sizes. */
const OF_A_RANGE = 8;

/** The sizes asked for: a list whole, of a range some. */
export function sizesOf(sizes: PayloadSizes): number[] {
  if (typeof sizes === 'number') return [sizes];
  const count = sizes.every(({ min, max }) => min === max) ? sizes.length : Math.max(sizes.length, OF_A_RANGE);
  return [...new Set(Array.from({ length: count }, (_, i) => sizeOf(sizes, 1, i)))];
}

/** The datagrams of a plain comparison: whole, one octet over, two full fragments and one octet, many, the largest. */
export function plainCases(
  families: readonly (4 | 6)[],
  mtu: number | { readonly 4: number; readonly 6: number },
  headers: CaseHeaders,
): CompareCase[] {
  return families.flatMap((family) => {
    const own = typeof mtu === 'number' ? mtu : mtu[family];
    const [fits = 0] = edgeSizes(family, own, headers);
    const { gsoSize, chainLen, maxPayloadLen } = flowHeaders(anyFlow(family, own, headers));
    const sizes = [fits, fits + 1, 2 * gsoSize - chainLen - UDP_HEADER_LEN + 1, 8192, maxPayloadLen];
    return within(sizes, maxPayloadLen).map((size) => ({ family, mtu: own, size, what: '', headers }));
  });
}

/** IPv4's least, the least of every host, IPv6's least, one that is no multiple of 8, Ethernet's, and jumbo frames. */
export const SWEPT_MTUS = [68, 576, MIN_MTU, 1499, 1500, 9000] as const;
/** Larger datagrams make more fragments than a small MTU is worth. */
const LARGEST_SWEPT_AT = 1280;
const MANY_FRAGMENTS = 12;

/** Sizes × headers of one MTU, in both families where the MTU carries both. */
export function sweptCases(families: readonly (4 | 6)[], mtu: number): CompareCase[] {
  return families
    .filter((family) => family === 4 || mtu >= MIN_MTU)
    .flatMap((family) =>
      SWEPT_HEADERS[family].flatMap(([what, headers]) =>
        sweptSizes(family, mtu, headers).map((size) => ({ family, mtu, size, what, headers })),
      ),
    );
}

/** Every edge of the cut, and the largest datagram of plain headers. */
function sweptSizes(family: 4 | 6, mtu: number, headers: CaseHeaders): number[] {
  const { gsoSize, chainLen, maxPayloadLen } = flowHeaders(anyFlow(family, mtu, headers));
  const plain = Object.keys(headers).length === 0;
  const many = MANY_FRAGMENTS * gsoSize - chainLen - 5;
  const sizes = [
    ...edgeSizes(family, mtu, headers),
    many,
    ...(plain && mtu >= LARGEST_SWEPT_AT ? [maxPayloadLen] : []),
  ];
  return within([0, ...sizes], maxPayloadLen);
}

/** What just fits one packet, an octet more, and two and three fragments filled to each rule's last octet. */
function edgeSizes(family: 4 | 6, mtu: number, headers: CaseHeaders): number[] {
  const { gsoSize, networkLen, chainLen } = flowHeaders(anyFlow(family, mtu, headers));
  const upper = chainLen + UDP_HEADER_LEN;
  const room = mtu - networkLen - (family === 6 ? 8 : 0);
  const fits = mtu - networkLen - upper;
  return [
    fits,
    fits + 1,
    gsoSize + room - upper,
    2 * gsoSize - upper,
    2 * gsoSize - upper + 1,
    3 * gsoSize - upper - 3,
  ];
}

function within(sizes: readonly number[], most: number): number[] {
  return [...new Set(sizes)].filter((size) => size >= 0 && size <= most).sort((a, b) => a - b);
}

function anyFlow(family: 4 | 6, mtu: number, headers: CaseHeaders): Flow {
  const [source, destination] = family === 4 ? ['192.0.2.1', '192.0.2.2'] : ['2001:db8::1', '2001:db8::2'];
  return createFlow({ source, destination, sourcePort: 1, destinationPort: 1, mtu, ...headers });
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const HOP = { type: HOP_BY_HOP, octets: hex('0000 0502 0000 0100') };
const DESTINATION = { type: DESTINATION_OPTIONS, octets: hex('0001 010c 000000000000000000000000') };
/** Segment routing by the lab's far host to one behind it: the last segment comes first (RFC 8754 §2). */
const SEGMENTS = {
  type: ROUTING,
  octets: hex('0004 0401 01000000 20010db8000000000000000000000009 20010db8000000000000000000000002'),
};

/** Headers that a cut has to care for, each by itself and together. */
const SWEPT_HEADERS: Readonly<Record<4 | 6, readonly (readonly [what: string, headers: CaseHeaders])[]>> = {
  4: [
    ['', {}],
    ['TTL 3, TOS 0xb8', { ttl: 3, tos: 0xb8 }],
    ['router alert', { options: hex('94040000') }],
    ['record route', { options: hex('070b 04 0000000000000000 00') }],
    ['stream id behind NOPs', { options: hex('010101 8804002a 01') }],
    ['loose source route', { options: hex('8307 04 c6336407 01') }],
    ['security and record route', { options: hex('820b 0000000000000000 00 0707 04 00000000 0100') }],
  ],
  6: [
    ['', {}],
    ['hop limit 3, class 0xb8, flow label', { ttl: 3, tos: 0xb8, flowLabel: 0x5_4321 }],
    ['hop-by-hop', { extensionHeaders: [HOP] }],
    ['hop-by-hop and routing', { extensionHeaders: [HOP, SEGMENTS] }],
    ['destination options and routing', { extensionHeaders: [DESTINATION, SEGMENTS] }],
    ['destination options', { extensionHeaders: [DESTINATION] }],
    ['all four', { extensionHeaders: [HOP, DESTINATION, SEGMENTS, DESTINATION] }],
  ],
};
