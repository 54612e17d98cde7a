import { inspectPayload, PAYLOAD_HEADER_LEN } from '../../payload/generated.js';
import { addSums, foldSum } from '../../wire/checksum.js';
import { CHECKSUM, PROTOCOL as UDP, HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';
import type { Group } from '../reassembly/group.js';
import type { MutableVerdict } from '../verdict.js';
import { pseudoSum, type UpperPacket } from './pseudo-header.js';

/** Octets of IP packet that an Ethernet frame carries, that the largest one of any does, and the least any link must take. */
const ETHERNET_MTU = 1500;
const LARGEST_MTU = 9216;
const LEAST_MTU = 576;
/** A cut ends at a multiple of 8, and an IPv6 fragment has a header of 8 more. */
const CUT_SLACK = 15;
/** Datagrams that are handed over in one packet at most (UDP_MAX_SEGMENTS). */
const MOST_SEGMENTS = 128;

/** What is known of the link that was captured on: the largest IP packet it carries, or a number below 1. */
export interface LinkRules {
  readonly mtu?: (() => number) | undefined;
}

/**
 * A packet larger than a wire carries: many datagrams in one, on the way to a device that cuts them (UDP_SEGMENT) or from one
 * that joined them (UDP_GRO), or one that a device will cut into fragments. What a datagram's own length was does not show,
 * but where generated payloads say so, or the checksum is still that of the first. `payload` is the UDP data.
 */
export function judgeOffload(verdict: MutableVerdict, group: Group, payload: Uint8Array, rules: LinkRules): void {
  const size = packetLen(group);
  const computed = verdict.udp?.checksum !== 'not-computed';
  if (computed && verdict.udp?.checksum === 'bad') return;
  const why = largerThanLink(group, rules) ?? (computed ? null : largerThanCut(group));
  if (why === '') return;
  const length = group.joined || (computed ? 0 : segmentLength(payload));
  if (length > 0) {
    const datagrams = Math.ceil(payload.length / length);
    const whose = group.joined > 0 ? ', with the checksum of the first' : '';
    verdict.offloaded = { datagrams, length };
    note(group, `offloaded: ${datagrams} datagrams of ${length} octets in one packet${whose}`);
    if (group.joined === 0) judgeSegments(group, payload, length);
  } else if (why !== null && verdict.udp?.checksum === 'good') {
    verdict.offloaded = { datagrams: 1, length: payload.length };
    note(
      group,
      `offloaded: one datagram of ${payload.length} octets, summed as a whole, in a packet of ${size}: ${why}`,
    );
  } else if (why !== null) {
    const least = Math.ceil(payload.length / Math.max(1, linkMtu(rules) - (size - payload.length)));
    verdict.offloaded = { datagrams: null, length: null };
    note(group, `offloaded: ${payload.length} octets in one packet of ${size}, ${why}: at least ${least} on the wire`);
  } else if (!computed)
    note(group, `offloaded, unless the MTU is ${size} or more: ${payload.length} octets in one packet`);
  else if (group.macHigh >= 0) {
    const text = `packet of ${size} octets, more than Ethernet's ${ETHERNET_MTU}: jumbo frames, or not cut yet`;
    group.findings.add('note', 'jumbo-or-offloaded', null, text);
  }
}

/**
 * Whether the checksum of a packet that no wire carries is that of the first of several datagrams that a host joined without
 * looking at them (fraglist GRO); says the length of each in `group.joined`.
 */
export function isJoined(group: Group, packet: UpperPacket, rules: LinkRules): boolean {
  if (!largerThanLink(group, rules)) return false;
  const { headerLen } = group;
  group.joined = firstLength(packet, linkMtu(rules) - headerLen, (len) => pseudoSum(group, UDP, len));
  return group.joined > 0;
}

/**
 * The same of a packet of `size` octets of which no more is known: octets of payload of the first datagram in it, 0 where it is
 * none that was joined. @param mtu what the link carries, 0 where nobody knows
 */
export function joinedLength(packet: UpperPacket, size: number, pseudo: PseudoSum, mtu: number): number {
  const room = (mtu > 0 ? mtu : ETHERNET_MTU) - (size - packet.len);
  // One of many lengths is right by chance: what some wire carries is rather one datagram with a wrong octet.
  return size > (mtu > 0 ? mtu : LARGEST_MTU) ? firstLength(packet, room, pseudo) : 0;
}

/** Sum of the pseudo-header for an upper-layer packet of so many octets. */
type PseudoSum = (len: number) => number;

/** Octets of the largest IP packet that is plainly one of a wire. */
export function largestOnWire(rules: LinkRules): number {
  return Math.max(LEAST_MTU, linkMtu(rules));
}

/** Why the packet of `group` is none of a wire; null where it may be one, and empty where it plainly is. */
function largerThanLink(group: Group, { mtu }: LinkRules): string | null {
  const size = packetLen(group);
  if (group.fragments > 0 || group.loopback || size <= LEAST_MTU) return '';
  const known = mtu?.() ?? 0;
  if (known <= 0 && group.jumbo) return ''; // who sends jumbograms has a link for them (RFC 2675 §1)
  if (known > 0) return size > known ? `more than the MTU of ${known}` : '';
  if (size <= ETHERNET_MTU) return '';
  return size > LARGEST_MTU ? 'more than any wire carries' : null;
}

/** A path that cuts at less does not carry it; a sender who chose to may have sent it whole all the same. */
function largerThanCut({ total, largestCut }: Group): string | null {
  return largestCut > 0 && total > largestCut + CUT_SLACK
    ? `more than the ${largestCut} of fragments on its way`
    : null;
}

function packetLen({ headerLen, total }: Group): number {
  return headerLen + total;
}

function linkMtu({ mtu }: LinkRules): number {
  const known = mtu?.() ?? 0;
  return known > 0 ? known : ETHERNET_MTU;
}

function note({ findings }: Group, text: string): void {
  findings.add('note', 'offloaded', null, text);
}

/**
 * Octets of a first datagram whose checksum is right, or not computed yet, the longest of at most `room` with its header; 0 where
 * there is none.
 */
function firstLength({ view, at, len }: UpperPacket, room: number, pseudoOf: PseudoSum): number {
  const most = Math.min(len - 1, room) - UDP_HEADER_LEN;
  const field = view.getUint16(at + CHECKSUM);
  const header = view.getUint16(at) + view.getUint16(at + 2) + field;
  const data = at + UDP_HEADER_LEN;
  const least = (len - UDP_HEADER_LEN) / MOST_SEGMENTS;
  let found = 0;
  let words = 0;
  for (let length = 1; length <= most; length++) {
    const even = length % 2 === 0;
    if (even) words += view.getUint16(data + length - 2);
    if (length < least) continue;
    const octets = words + (even ? 0 : view.getUint8(data + length - 1) << 8);
    const udpLen = UDP_HEADER_LEN + length;
    const pseudo = pseudoOf(udpLen);
    if (field === pseudo || addSums(pseudo, foldSum(header + udpLen + octets)) === 0xffff) found = length;
  }
  return found;
}

/** Holds each of the generated payloads against what it says of itself. */
function judgeSegments({ findings }: Group, payload: Uint8Array, length: number): void {
  for (let at = 0; at < payload.length; at += length) {
    const told = inspectPayload(payload.subarray(at, at + length));
    if (told === null || told.firstWrong < 0) continue;
    const text = `payload octet ${at + told.firstWrong} got another, want that of seed ${told.seed}, datagram ${told.sequence}`;
    findings.add('mismatch', 'payload-octet', null, text);
  }
}

/** Octets of the generated payloads that lie one behind the other in `payload`; 0 where it is not such. */
function segmentLength(payload: Uint8Array): number {
  const first = inspectPayload(payload.subarray(0, PAYLOAD_HEADER_LEN));
  if (first === null || first.length < PAYLOAD_HEADER_LEN || first.length >= payload.length) return 0;
  const second = inspectPayload(payload.subarray(first.length, first.length + PAYLOAD_HEADER_LEN));
  const last = payload.length - first.length < PAYLOAD_HEADER_LEN;
  return last || (second !== null && second.length <= first.length) ? first.length : 0;
}
