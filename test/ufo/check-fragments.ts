import assert from 'node:assert/strict';
import * as ipv4 from '../../src/wire/ipv4.js';
import * as ipv6 from '../../src/wire/ipv6.js';
import * as extension from '../../src/wire/ipv6-extension.js';
import * as udp from '../../src/wire/udp.js';
import type { Packets } from './cut.js';
import { chainLen, fragmentHeaderLen, type HeaderSet } from './flows.js';

/** What was asked for. */
export interface Asked {
  readonly set: HeaderSet;
  readonly ident: number;
  readonly payload: Uint8Array;
}

const reassembled = new Uint8Array(65_536);
const reassembledView = new DataView(reassembled.buffer);

/**
 * Puts the packets of one datagram together again, knowing nothing of src/ufo, and holds every field of every packet and
 * the payload against what was asked for.
 */
export function checkFragments(packets: Packets, asked: Asked): void {
  const { flow, perFragment } = asked.set;
  const count = packets.start.length - 1;
  const upper = chainLen(flow, perFragment) + udp.HEADER_LEN;
  const total = upper + asked.payload.length;
  const whole = fragmentHeaderLen(asked.set) - (flow.family === 6 ? extension.FRAGMENT_HEADER_LEN : 0) + total;
  const cut = whole > flow.mtu;
  const gsoSize = cut ? Math.floor((flow.mtu - fragmentHeaderLen(asked.set)) / 8) * 8 : total;
  same(count, Math.ceil(total / gsoSize), 'packets', 0);
  for (let i = 0; i < count; i++) {
    const len = i < count - 1 ? gsoSize : total - gsoSize * (count - 1);
    const at = checkLink(packets, flow.linkHeader, i);
    const more = i < count - 1;
    const headLen = (flow.family === 4 ? checkIpv4 : checkIpv6)(packets.view, at, asked, i * gsoSize, len, more, cut);
    same(packets.start[i + 1]! - at, headLen + len, 'packet length', i);
    assert.ok(!cut || headLen + len <= flow.mtu, `fragment #${i} is larger than the MTU`);
    reassembled.set(packets.bytes.subarray(at + headLen, at + headLen + len), i * gsoSize);
  }
  checkUpper(asked, upper, cut);
}

function checkLink({ bytes, start }: Packets, linkHeader: Uint8Array, i: number): number {
  const at = start[i]!;
  for (let k = 0; k < linkHeader.length; k++) same(bytes[at + k]!, linkHeader[k]!, `link octet ${k}`, i);
  return at + linkHeader.length;
}

function checkIpv4(view: DataView, at: number, asked: Asked, offset: number, len: number, more: boolean, cut: boolean) {
  const { flow, laterOptions } = asked.set;
  const options = offset === 0 ? flow.options : laterOptions;
  const headLen = 20 + flow.options.length;
  same(view.getUint8(at), 0x40 | (headLen / 4), 'version and ihl', offset);
  same(ipv4.getTos(view, at), flow.tos, 'tos', offset);
  same(ipv4.getTotLen(view, at), headLen + len, 'totLen', offset);
  same(ipv4.getIdent(view, at), asked.ident, 'ident', offset);
  const flags = (more ? 0x2000 : 0) | (!cut && flow.dontFragment ? 0x4000 : 0);
  same(ipv4.getFragWord(view, at), flags | (offset / 8), 'flags and fragOff', offset);
  same(ipv4.getTtl(view, at), flow.ttl, 'ttl', offset);
  same(ipv4.getProtocol(view, at), 17, 'protocol', offset);
  sameOctets(view, at + 12, flow.source, 'source', offset);
  sameOctets(view, at + 16, flow.destination, 'destination', offset);
  sameOctets(view, at + 20, options, 'options', offset);
  same(plainSum(view, at, headLen, 0), 0xffff, 'header sum', offset);
  return headLen;
}

function checkIpv6(view: DataView, at: number, asked: Asked, offset: number, len: number, more: boolean, cut: boolean) {
  const { flow, perFragment } = asked.set;
  const headLen = 40 + chainLen(flow, 0, perFragment) + (cut ? 8 : 0);
  same(view.getUint32(at), 0x6000_0000 + (flow.tos << 20) + flow.flowLabel, 'version, class and flow label', offset);
  same(ipv6.getPayloadLen(view, at), headLen - 40 + len, 'payloadLen', offset);
  same(ipv6.getHopLimit(view, at), flow.ttl, 'hop limit', offset);
  sameOctets(view, at + 8, flow.source, 'source', offset);
  sameOctets(view, at + 24, flow.destination, 'destination', offset);
  const headers = flow.extensionHeaders.slice(0, perFragment);
  const last = checkChain(view, at + ipv6.NEXT_HEADER, at + 40, headers, offset);
  const next = flow.extensionHeaders[perFragment]?.type ?? udp.PROTOCOL;
  same(view.getUint8(last), cut ? extension.FRAGMENT : next, 'next header of the per-fragment part', offset);
  if (!cut) return headLen;
  const frag = at + headLen - 8;
  same(view.getUint16(frag), next << 8, 'next header and reserved octet of the fragment header', offset);
  same(view.getUint16(frag + 2), offset + (more ? 1 : 0), 'fragOff, reserved bits and M', offset);
  same(view.getUint32(frag + 4), asked.ident, 'ident', offset);
  return headLen;
}

/** Follows the headers from the octet `link` that names the one at `start`; returns the octet that names what is next. */
function checkChain(
  view: DataView,
  link: number,
  start: number,
  headers: HeaderSet['flow']['extensionHeaders'],
  offset: number,
): number {
  let at = start;
  let named = link;
  for (const { type, octets } of headers) {
    same(view.getUint8(named), type, 'next header', offset);
    sameOctets(view, at + 1, octets.subarray(1), `extension header ${type}`, offset);
    named = at;
    at += octets.length;
  }
  return named;
}

/** The reassembled part: rest of the chain, UDP header with its sum over the whole datagram, payload. */
function checkUpper({ set, payload }: Asked, upper: number, cut: boolean): void {
  const { flow, perFragment, final } = set;
  const rest = flow.extensionHeaders.slice(perFragment);
  if (rest.length > 0) {
    sameOctets(reassembledView, 1, rest[0]!.octets.subarray(1), 'first header of the fragmentable part', 0);
    const last = checkChain(reassembledView, 0, rest[0]!.octets.length, rest.slice(1), 0);
    same(reassembled[last]!, udp.PROTOCOL, 'last next header', 0);
  }
  const at = upper - udp.HEADER_LEN;
  same(udp.getSourcePort(reassembledView, at), flow.sourcePort, 'source port', 0);
  same(udp.getDestinationPort(reassembledView, at), flow.destinationPort, 'destination port', 0);
  same(udp.getLength(reassembledView, at), udp.HEADER_LEN + payload.length, 'UDP length', 0);
  if (flow.checksum) {
    const udpLen = udp.HEADER_LEN + payload.length;
    const pseudo = octetSum(flow.source) + octetSum(final) + udp.PROTOCOL + udpLen;
    same(plainSum(reassembledView, at, udpLen, pseudo), 0xffff, `UDP sum, ${cut ? 'cut' : 'whole'}`, 0);
    assert.notEqual(udp.getChecksum(reassembledView, at), 0);
  } else same(udp.getChecksum(reassembledView, at), 0, 'UDP checksum', 0);
  const got = Buffer.from(reassembled.buffer, upper, payload.length);
  if (!got.equals(payload)) assert.deepEqual(got, Buffer.from(payload));
}

function same(got: number, want: number, what: string, offset: number): void {
  if (got !== want) assert.fail(`${what} at ${offset}: got ${got}, want ${want}`);
}

function sameOctets(view: DataView, at: number, want: Uint8Array, what: string, offset: number): void {
  for (let i = 0; i < want.length; i++) same(view.getUint8(at + i), want[i]!, `${what}, octet ${i},`, offset);
}

/** One's complement sum, octet by octet, of an even or odd number of octets. */
export function plainSum(view: DataView, at: number, len: number, start: number): number {
  let sum = start;
  for (let i = 0; i < len; i++) sum += (i & 1) === 0 ? view.getUint8(at + i) * 256 : view.getUint8(at + i);
  while (sum > 0xffff) sum = (sum % 0x1_0000) + Math.floor(sum / 0x1_0000);
  return sum;
}

function octetSum(octets: Uint8Array): number {
  return plainSum(new DataView(octets.buffer, octets.byteOffset, octets.length), 0, octets.length, 0);
}
