import { argumentError } from '../errors.js';
import type { Flow } from '../skb/flow.js';
import { addSums, pseudoHeaderSum } from '../wire/checksum.js';
import * as ipv4 from '../wire/ipv4.js';
import { finalDestinationOffset, fragmentOptions, optionsFault } from '../wire/ipv4-options.js';
import * as ipv6 from '../wire/ipv6.js';
import { DESTINATION_OPTIONS, FRAGMENT, FRAGMENT_HEADER_LEN, HOP_BY_HOP, ROUTING } from '../wire/ipv6-extension.js';
import { OptionsFound, walkOptions } from '../wire/ipv6-options.js';
import * as routing from '../wire/ipv6-routing.js';
import { octetsAt } from '../wire/octets.js';
import * as udp from '../wire/udp.js';

/**
 * The headers of one flow with everything left out that differs from datagram to datagram or from fragment to fragment:
 * lengths, ident, fragment offset and checksums are 0. Made once for a flow and kept with it.
 *
 *     | link | IPv4 + options, or IPv6 + per-fragment extension headers | rest of the chain | UDP |
 *       linkLen                  networkLen                                 chainLen           8
 */
export interface FlowHeaders {
  readonly flow: Flow;
  readonly linkLen: number;
  /** Octets that every fragment repeats, without the IPv6 fragment header. */
  readonly networkLen: number;
  /** Octets of extension headers that stay in the first fragment. */
  readonly chainLen: number;
  /** A whole unfragmented packet's headers, link header first. */
  readonly bytes: Uint8Array;
  /** Headers of a fragment by native 32-bit words, padded in front so that the network header is aligned. */
  readonly first: Uint32Array;
  /** Those of the fragments after the first: IPv4 options without the copied flag are NOPs. */
  readonly later: Uint32Array;
  /** Words of `first` in front of the network header. */
  readonly linkWords: number;
  /** IPv4 header sums of `bytes`, `first` and `later`; 0 for IPv6. */
  readonly firstSum: number;
  readonly laterSum: number;
  /** Sum of the pseudo-header without the length. */
  readonly pseudoSum: number;
  /** Whether the pseudo-header has the header's own two addresses: no route that is not used up, no home address. */
  readonly sumsOwnAddresses: boolean;
  /** Link, network and, for IPv6, fragment header: octets in front of each piece. */
  readonly fragmentHeadLen: number;
  /** Largest UDP payload, in octets. */
  readonly maxPayloadLen: number;
  /** Octets of IP payload in every fragment but the last; below 8 nothing can be cut. */
  readonly gsoSize: number;
}

const kept = new WeakMap<Flow, FlowHeaders>();

/** The headers of a flow. Throws an argument error for options or extension headers that are none. */
export function flowHeaders(flow: Flow): FlowHeaders {
  let headers = kept.get(flow);
  if (headers === undefined) {
    headers = flow.family === 4 ? headers4(flow) : headers6(flow);
    kept.set(flow, headers);
  }
  return headers;
}

function headers4(flow: Flow): FlowHeaders {
  const { linkHeader, options } = flow;
  checkOptions(options);
  const networkLen = ipv4.HEADER_LEN + options.length;
  const linkLen = linkHeader.length;
  const bytes = new Uint8Array(linkLen + networkLen + udp.HEADER_LEN);
  const view = new DataView(bytes.buffer);
  bytes.set(linkHeader);
  ipv4.setHeaderLen(view, linkLen, networkLen);
  ipv4.setTos(view, linkLen, flow.tos);
  ipv4.setTtl(view, linkLen, flow.ttl);
  ipv4.setProtocol(view, linkLen, udp.PROTOCOL);
  ipv4.setSource(view, linkLen, flow.source);
  ipv4.setDestination(view, linkLen, flow.destination);
  bytes.set(options, linkLen + ipv4.OPTIONS);
  setPorts(view, linkLen + networkLen, flow);
  const final = octetsAt(view, finalDestinationOffset(view, linkLen), 4);

  const first = alignedWords(bytes, linkLen, networkLen, 0);
  fragmentOptions(bytes, linkLen + ipv4.OPTIONS, options.length);
  const later = alignedWords(bytes, linkLen, networkLen, 0);
  bytes.set(options, linkLen + ipv4.OPTIONS);
  const linkWords = (linkLen + 3) >>> 2;
  return {
    flow,
    linkLen,
    networkLen,
    chainLen: 0,
    bytes,
    first,
    later,
    linkWords,
    firstSum: wordsSum(first, linkWords),
    laterSum: wordsSum(later, linkWords),
    pseudoSum: pseudoHeaderSum(flow.source, final, udp.PROTOCOL, 0),
    sumsOwnAddresses: sameOctets(final, flow.destination),
    fragmentHeadLen: linkLen + networkLen,
    maxPayloadLen: ipv4.MAX_TOT_LEN - networkLen - udp.HEADER_LEN,
    gsoSize: (flow.mtu - networkLen) & ~7,
  };
}

function headers6(flow: Flow): FlowHeaders {
  const { linkHeader, extensionHeaders } = flow;
  for (const { type, octets } of extensionHeaders) checkExtension(type, octets);
  const perFragment = perFragmentCount(flow);
  const lenOf = (from: number, to: number): number =>
    extensionHeaders.slice(from, to).reduce((sum, { octets }) => sum + octets.length, 0);
  const networkLen = ipv6.HEADER_LEN + lenOf(0, perFragment);
  const chainLen = lenOf(perFragment, extensionHeaders.length);
  const linkLen = linkHeader.length;
  const bytes = new Uint8Array(linkLen + networkLen + chainLen + udp.HEADER_LEN);
  const view = new DataView(bytes.buffer);
  bytes.set(linkHeader);
  ipv6.setClassAndFlow(view, linkLen, flow.tos, flow.flowLabel);
  ipv6.setHopLimit(view, linkLen, flow.ttl);
  ipv6.setSource(view, linkLen, flow.source);
  ipv6.setDestination(view, linkLen, flow.destination);
  const chain = putChain(view, linkLen, flow, perFragment);
  setPorts(view, linkLen + networkLen + chainLen, flow);
  const words = fragmentWords(bytes, linkLen, networkLen, chain.perFragmentLink);
  return {
    flow,
    linkLen,
    networkLen,
    chainLen,
    bytes,
    first: words,
    later: words,
    linkWords: (linkLen + 3) >>> 2,
    firstSum: 0,
    laterSum: 0,
    pseudoSum: pseudoHeaderSum(chain.source, chain.final, udp.PROTOCOL, 0),
    sumsOwnAddresses: sameOctets(chain.final, flow.destination) && sameOctets(chain.source, flow.source),
    fragmentHeadLen: linkLen + networkLen + FRAGMENT_HEADER_LEN,
    maxPayloadLen: ipv6.MAX_PAYLOAD_LEN - (networkLen - ipv6.HEADER_LEN) - chainLen - udp.HEADER_LEN,
    gsoSize: (flow.mtu - networkLen - FRAGMENT_HEADER_LEN) & ~7,
  };
}

/** The fragment header takes the place of what followed the per-fragment part, and names it in turn (RFC 8200 §4.5). */
function fragmentWords(bytes: Uint8Array, linkLen: number, networkLen: number, perFragmentLink: number): Uint32Array {
  const followed = bytes[perFragmentLink]!;
  bytes[perFragmentLink] = FRAGMENT;
  const words = alignedWords(bytes, linkLen, networkLen, FRAGMENT_HEADER_LEN);
  bytes[perFragmentLink] = followed;
  words[words.length - 2] = followed;
  words[words.length - 1] = 0;
  return words;
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((octet, i) => octet === b[i]);
}

/**
 * Writes the extension headers behind each other; says which octet names what follows the per-fragment part, and which
 * addresses count: the end of a route (RFC 8200 §8.1), and a home address (RFC 6275 §11.3.1).
 */
function putChain(
  view: DataView,
  network: number,
  flow: Flow,
  perFragment: number,
): { perFragmentLink: number; source: Uint8Array; final: Uint8Array } {
  let link = network + ipv6.NEXT_HEADER;
  let perFragmentLink = link;
  let at = network + ipv6.HEADER_LEN;
  let source = flow.source;
  const final = Uint8Array.from(flow.destination);
  flow.extensionHeaders.forEach(({ type, octets }, index) => {
    view.setUint8(link, type);
    new Uint8Array(view.buffer).set(octets, at);
    if (type === ROUTING && !routing.finalDestination(view, at, final.slice(), final)) {
      throw argumentError('extensionHeaders', octets, 'a routing header of type 0, 2, 3 or 4 with its addresses whole');
    }
    if (type === DESTINATION_OPTIONS) source = homeAddressOf(octets) ?? source;
    link = at;
    at += octets.length;
    if (index < perFragment) perFragmentLink = link;
  });
  view.setUint8(link, udp.PROTOCOL);
  return { perFragmentLink, source, final };
}

const found = new OptionsFound();

/** The home address in a destination options header; undefined where there is none. */
function homeAddressOf(octets: Uint8Array): Uint8Array | undefined {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  walkOptions(view, 0, octets.length, false, found);
  return found.homeAddress < 0 ? undefined : octets.slice(found.homeAddress, found.homeAddress + 16);
}

/**
 * Hop-by-hop, routing, and destination options in front of a routing header go into every fragment (RFC 8200 §4.5), and so do
 * those with a home address (RFC 6275 §6.3, the kernel's `ip6_find_1stfragopt`).
 */
function perFragmentCount({ extensionHeaders }: Flow): number {
  const types = extensionHeaders.map(({ type }) => type);
  if (types.lastIndexOf(HOP_BY_HOP) > 0) {
    throw argumentError(
      'extensionHeaders',
      types.join(', '),
      'a hop-by-hop header (0) first and only once (RFC 8200 §4.1)',
    );
  }
  const home = extensionHeaders.findLastIndex(
    ({ type, octets }) => type === DESTINATION_OPTIONS && homeAddressOf(octets) !== undefined,
  );
  return Math.max(types.lastIndexOf(ROUTING), types.lastIndexOf(HOP_BY_HOP), home) + 1;
}

function checkOptions(options: Uint8Array): void {
  const fault = optionsFault(options) ?? (options.length % 4 === 0 ? null : 'pad with NOPs');
  if (fault !== null)
    throw argumentError('options', options, `IPv4 options, 0 … 40 octets in multiples of 4 (${fault})`);
}

function checkExtension(type: number, octets: Uint8Array): void {
  if (type !== HOP_BY_HOP && type !== ROUTING && type !== DESTINATION_OPTIONS) {
    throw argumentError('extensionHeaders', type, 'type 0 (hop-by-hop), 43 (routing) or 60 (destination options)');
  }
  const want = octets.length >= 2 ? 8 * (octets[1]! + 1) : 8;
  if (octets.length !== want) {
    throw argumentError('extensionHeaders', octets, `${want} octets, as the header's own length says`);
  }
}

function setPorts(view: DataView, base: number, flow: Flow): void {
  udp.setSourcePort(view, base, flow.sourcePort);
  udp.setDestinationPort(view, base, flow.destinationPort);
}

/** Link and network header, and `extra` octets more, as words with the network header on a word boundary. */
function alignedWords(bytes: Uint8Array, linkLen: number, networkLen: number, extra: number): Uint32Array {
  const pad = -linkLen & 3;
  const aligned = new Uint8Array(pad + linkLen + networkLen + extra);
  aligned.set(bytes.subarray(0, linkLen + networkLen), pad);
  return new Uint32Array(aligned.buffer);
}

/** One's complement sum of words from `from` on, as big-endian 16-bit words. */
function wordsSum(words: Uint32Array, from: number): number {
  const bytes = new Uint8Array(words.buffer, from * 4);
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum = addSums(sum, (bytes[i]! << 8) | bytes[i + 1]!);
  return sum;
}
