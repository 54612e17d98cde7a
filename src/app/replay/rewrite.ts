import { argumentError } from '../../errors.js';
import { parseAddress } from '../../wire/address.js';
import { updateChecksum } from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import { type Frame, frameData } from '../../wire/frame.js';
import * as ipv4 from '../../wire/ipv4.js';
import { finalDestinationOffset } from '../../wire/ipv4-options.js';
import * as ipv6 from '../../wire/ipv6.js';
import { AUTHENTICATION, ExtensionChain, walkExtensions } from '../../wire/ipv6-extension.js';
import { LINKTYPE_ETHERNET, NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import * as udp from '../../wire/udp.js';

/** What `--rewrite` puts into every packet. */
export interface Rewriting {
  readonly source?: Uint8Array;
  readonly destination?: Uint8Array;
  readonly sourceMac?: Uint8Array;
  readonly destinationMac?: Uint8Array;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
}

/** Where the checksum of an upper layer whose sum has the addresses in it lies, from its header. */
const CHECKSUM_AT: ReadonlyMap<number, number> = new Map([
  [6, 16],
  [udp.PROTOCOL, udp.CHECKSUM],
  [58, 2],
  [136, 6],
]);
/** TCP, UDP, UDP-Lite: the ports lie alike. */
const WITH_PORTS = [6, udp.PROTOCOL, 136];
const WANT =
  'source=ADDRESS, destination=ADDRESS, source-mac=, destination-mac=, source-port=, destination-port=, joined by commas';

/** Reads `source=192.0.2.1,destination-mac=02:…`. */
export function parseRewriting(text: string, name: string): Rewriting {
  const found: Record<string, unknown> = {};
  for (const part of text.split(',')) {
    const [key = '', value = ''] = part.split(/=(.*)/s);
    const parsed = parseValue(key.trim(), value.trim());
    if (parsed === null) throw argumentError(name, part, WANT);
    found[key.trim().replace(/-(.)/, (_all, letter: string) => letter.toUpperCase())] = parsed;
  }
  return found as Rewriting;
}

function parseValue(key: string, value: string): Uint8Array | number | null {
  switch (key) {
    case 'source':
    case 'destination':
      return parseAddress(value)?.octets ?? null;
    case 'source-mac':
    case 'destination-mac':
      return ethernet.parseMac(value);
    case 'source-port':
    case 'destination-port':
      return /^\d{1,5}$/.test(value) && Number(value) <= 0xffff ? Number(value) : null;
    default:
      return null;
  }
}

/**
 * The frame with other addresses and ports, and the checksums that cover them put right by what changed (RFC 1624), so that
 * those of fragmented datagrams are right as well, and wrong ones stay wrong.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT naming the frame: what could not be put right
 */
export function rewritten(frame: Frame, to: Rewriting, number: number): Frame {
  const octets = Uint8Array.from(frameData(frame));
  const view = new DataView(octets.buffer);
  if (frame.linktype === LINKTYPE_ETHERNET && octets.length >= ethernet.HEADER_LEN) {
    if (to.sourceMac !== undefined) ethernet.setSource(view, 0, to.sourceMac);
    if (to.destinationMac !== undefined) ethernet.setDestination(view, 0, to.destinationMac);
  }
  const network = new NetworkLayer();
  const hasIp = networkLayer(view, 0, octets.length, frame.linktype, network);
  if (hasIp) rewritePacket(view, network.offset, network.family as 4 | 6, to, number);
  return { ...frame, bytes: octets, offset: 0 };
}

const chain = new ExtensionChain();

function rewritePacket(view: DataView, base: number, family: 4 | 6, to: Rewriting, number: number): void {
  const upper = upperOf(view, base, family);
  const addresses: [offset: number, octets: Uint8Array | undefined][] =
    family === 4
      ? [
          [base + ipv4.SOURCE, to.source],
          [base + ipv4.DESTINATION, to.destination],
        ]
      : [
          [base + ipv6.SOURCE, to.source],
          [base + ipv6.DESTINATION, to.destination],
        ];
  const changes = addresses.flatMap(([at, octets]) => wordsOf(at, octets, family, number));
  if (changes.length > 0 && upper.fault !== null)
    throw argumentError(`--rewrite: frame ${number}`, upper.fault, 'a packet whose checksums can be put right');
  const sum = upper.first ? CHECKSUM_AT.get(upper.protocol) : undefined;
  for (const [at, word] of changes) {
    const old = view.getUint16(at);
    view.setUint16(at, word);
    if (family === 4) ipv4.setChecksum(view, base, updateChecksum(ipv4.getChecksum(view, base), old, word));
    if (sum !== undefined) adjust(view, upper.offset + sum, upper.protocol, old, word);
  }
  if (!upper.first || !WITH_PORTS.includes(upper.protocol) || view.byteLength < upper.offset + 4) return;
  for (const [at, port] of [
    [upper.offset, to.sourcePort],
    [upper.offset + 2, to.destinationPort],
  ] as const) {
    if (port === undefined) continue;
    const old = view.getUint16(at);
    view.setUint16(at, port);
    if (sum !== undefined) adjust(view, upper.offset + sum, upper.protocol, old, port);
  }
}

/** New 16-bit words and where they go. */
function wordsOf(at: number, octets: Uint8Array | undefined, family: 4 | 6, number: number): [number, number][] {
  if (octets === undefined) return [];
  if (octets.length !== (family === 4 ? 4 : 16)) {
    throw argumentError(`--rewrite: frame ${number}`, `a packet of IPv${family}`, `one of the address's family`);
  }
  return Array.from({ length: octets.length / 2 }, (_none, i) => [
    at + 2 * i,
    (octets[2 * i]! << 8) | octets[2 * i + 1]!,
  ]);
}

function adjust(view: DataView, at: number, protocol: number, old: number, word: number): void {
  if (at + 2 > view.byteLength) return;
  const check = view.getUint16(at);
  if (protocol === udp.PROTOCOL && check === 0) return; // not computed
  const next = updateChecksum(check, old, word);
  view.setUint16(at, protocol === udp.PROTOCOL ? next || 0xffff : next);
}

interface Upper {
  readonly protocol: number;
  readonly offset: number;
  /** Its header is in this packet: whole, or the first fragment. */
  readonly first: boolean;
  readonly fault: string | null;
}

function upperOf(view: DataView, base: number, family: 4 | 6): Upper {
  if (family === 4) {
    const protocol = ipv4.getProtocol(view, base);
    const routed = finalDestinationOffset(view, base) !== base + ipv4.DESTINATION;
    const fault = protocol === AUTHENTICATION ? 'an authentication header' : routed ? 'a source route' : null;
    return { protocol, offset: base + ipv4.getHeaderLen(view, base), first: ipv4.getFragOff(view, base) === 0, fault };
  }
  walkExtensions(view, base + ipv6.NEXT_HEADER, base + ipv6.HEADER_LEN, view.byteLength, chain);
  const { upperProtocol, upperOffset, fragmentOffset, routingOffset, status } = chain;
  const later = fragmentOffset >= 0 && (view.getUint16(fragmentOffset + 2) & 0xfff8) !== 0;
  const fault = routingOffset >= 0 ? 'a routing header' : null;
  return { protocol: upperProtocol, offset: upperOffset, first: !later && status === 'ok', fault };
}
