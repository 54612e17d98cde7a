import { inspectPayload, PAYLOAD_HEADER_LEN } from '../../payload/generated.js';
import type { Group } from '../reassembly/group.js';
import type { MutableVerdict } from '../verdict.js';

/** Octets of IP packet that an Ethernet frame carries, and that the largest one of any does. */
const ETHERNET_MTU = 1500;
const LARGEST_MTU = 9216;

/**
 * A packet larger than a wire carries, whose checksum is not computed yet: many datagrams in one, on the way to a device that
 * cuts them (UDP_SEGMENT) or from one that joined them (UDP_GRO). `packetLen` with the IP header; `payload` is the UDP data.
 * What a datagram's own length was does not show, but where generated payloads say so.
 */
export function judgeOffload(verdict: MutableVerdict, group: Group, packetLen: number, payload: Uint8Array): void {
  if (verdict.udp?.checksum !== 'not-computed' || verdict.fragments > 0 || packetLen <= ETHERNET_MTU) return;
  const length = segmentLength(payload);
  const { findings } = group;
  if (length > 0) {
    const datagrams = Math.ceil(payload.length / length);
    verdict.offloaded = { datagrams, length };
    findings.add('note', 'offloaded', null, `offloaded: ${datagrams} datagrams of ${length} octets in one packet`);
    judgeSegments(group, payload, length);
    return;
  }
  const least = Math.ceil(payload.length / (ETHERNET_MTU - (packetLen - payload.length)));
  const what = `${payload.length} octets in one packet`;
  if (packetLen > LARGEST_MTU) {
    verdict.offloaded = { datagrams: least, length: Math.ceil(payload.length / least) };
    findings.add(
      'note',
      'offloaded',
      null,
      `offloaded: ${what}, more than a wire carries: at least ${least} datagrams`,
    );
  } else findings.add('note', 'offloaded', null, `offloaded, unless the MTU is ${packetLen} or more: ${what}`);
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
