import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import type { Difference } from '../difference.js';
import { dscpText } from '../fields.js';
import type { FramePacket } from './packet.js';

/** What is compared beside the packets. */
export interface FrameComparing {
  /** The frames have the same link in front, with nothing between: MAC addresses and tags are compared too. */
  readonly sameLink: boolean;
}

/** How a packet that was seen is not the one that was sent; what routers may have written is marked as such. */
export function frameDifferences(sent: FramePacket, seen: FramePacket, { sameLink }: FrameComparing): Difference[] {
  const differences: Difference[] = sameLink ? linkDifferences(sent.link, seen.link) : [];
  if (sent.family !== 0 && sent.family === seen.family) differences.push(...routerFields(sent, seen));
  if (sent.digest !== seen.digest) differences.push(firstOctet(sent, seen));
  return differences;
}

function linkDifferences(sent: Uint8Array, seen: Uint8Array): Difference[] {
  if (Buffer.compare(sent, seen) === 0) return [];
  const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex') || 'none';
  return [{ field: 'link header', from: hex(sent), to: hex(seen), onTheWay: false }];
}

/** TTL, DSCP and ECN (RFC 1812 §5.3, RFC 2474, RFC 3168), and what a route option records. */
function routerFields({ family, packet: sent }: FramePacket, { packet: seen }: FramePacket): Difference[] {
  const [a, b] = [view(sent), view(seen)];
  const ttl = family === 4 ? ipv4.getTtl : ipv6.getHopLimit;
  const tos = family === 4 ? ipv4.getTos : ipv6.getTrafficClass;
  const pairs: [string, string, string][] = [
    ['ttl', `${ttl(a, 0)}`, `${ttl(b, 0)}`],
    ['dscp', dscpText(tos(a, 0) >>> 2), dscpText(tos(b, 0) >>> 2)],
    ['ecn', `${tos(a, 0) & 3}`, `${tos(b, 0) & 3}`],
    ...(family === 4 ? [optionTexts(sent, seen), checksumTexts(a, b)] : []),
  ];
  return pairs
    .filter(([, from, to]) => from !== to)
    .map(([field, from, to]) => ({ field, from, to, onTheWay: field !== CHECKSUM }));
}

const CHECKSUM = 'header checksum';

function optionTexts(sent: Uint8Array, seen: Uint8Array): [string, string, string] {
  const hex = (octets: Uint8Array): string =>
    Buffer.from(octets.subarray(ipv4.OPTIONS, ipv4.getHeaderLen(view(octets), 0))).toString('hex') || 'none';
  // Options that differ in more than routes make another digest, and are told with that.
  return ['options', hex(sent), hex(seen)];
}

/** A right one stays right, a wrong one stays wrong: routers drop it. */
function checksumTexts(sent: DataView, seen: DataView): [string, string, string] {
  const text = (one: DataView): string => (ipv4.verifyChecksum(one, 0) ? 'right' : 'wrong');
  return [CHECKSUM, whole(sent) ? text(sent) : '', whole(seen) ? text(seen) : ''];
}

function whole(header: DataView): boolean {
  const len = ipv4.getHeaderLen(header, 0);
  return len >= ipv4.HEADER_LEN && len <= header.byteLength;
}

/** Where the first octet is that nobody may change. */
function firstOctet({ family, packet: sent }: FramePacket, { packet: seen }: FramePacket): Difference {
  const differs = { field: 'octets', onTheWay: false } as const;
  if (sent.length !== seen.length) return { ...differs, from: `${sent.length}`, to: `${seen.length}` };
  const free = ROUTERS_WRITE[family];
  const at = sent.findIndex((octet, i) => ((octet ^ seen[i]!) & ~(free[i] ?? 0)) !== 0);
  if (at < 0) return { ...differs, from: 'as sent', to: 'others' };
  const hex = (octets: Uint8Array): string => `0x${octets[at]!.toString(16).padStart(2, '0')}`;
  return { ...differs, field: `octet ${at}`, from: hex(sent), to: hex(seen) };
}

/** Bits by octet of the header; over IPv6 version and flow label share theirs with the traffic class. */
const ROUTERS_WRITE: Readonly<Record<FramePacket['family'], Readonly<Record<number, number>>>> = {
  0: {},
  4: { 1: 0xff, 8: 0xff, [ipv4.CHECKSUM]: 0xff, [ipv4.CHECKSUM + 1]: 0xff },
  6: { 0: 0x0f, 1: 0xf0, 7: 0xff },
};

function view({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
