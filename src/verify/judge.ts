import { inspectPayload, isSure } from '../payload/generated.js';
import { sha256 } from '../payload/sha256.js';
import { getSourcePort, PROTOCOL as UDP, HEADER_LEN as UDP_HEADER_LEN } from '../wire/udp.js';
import type { Code } from './codes.js';
import { payloadOrigin } from './payload-origin.js';
import type { Group } from './reassembly/group.js';
import { addSighting } from './sighting-builder.js';
import { judgeUpper } from './upper/checksums.js';
import { judgeOffload } from './upper/offload.js';
import type { UpperPacket } from './upper/pseudo-header.js';
import { judgeUdp } from './upper/udp.js';
import type { MutableVerdict } from './verdict.js';
import { groupVerdict, setVerdict } from './verdict-builder.js';

export interface JudgeOptions {
  /** Whether verdicts carry the SHA-256 of the payload, which costs more than everything else together. */
  readonly hash: boolean;
  readonly allowZeroChecksum6: boolean;
  /** What is not computed yet is wrong, instead of a note. */
  readonly strict: boolean;
  /** Octets of the largest IP packet that the link carries as it is now, below 1 where unknown; live captures know it. */
  readonly mtu?: (() => number) | undefined;
  /** Whether verdicts carry what a comparison with what was sent needs. */
  readonly sightings: boolean;
  /** Looks at each complete datagram; what it returns is added to the mismatches. */
  readonly observe?: Observer | undefined;
}

/** All octets are valid only during the call. */
export interface CompleteDatagram {
  /** As far as it is known yet. */
  readonly verdict: MutableVerdict;
  /** IP header and, for IPv6, the extension headers before the payload, of a packet that is not fragmented. */
  readonly header: Uint8Array;
  /** The reassembled IP payload. */
  readonly ipPayload: Uint8Array;
  /** Data of the UDP datagram, or the upper-layer packet of other protocols. */
  readonly payload: Uint8Array;
  /** When it was complete: since the epoch by the capture's clock, 0 where unknown. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** What a pcapng file says of its frames: their comments, a line each, and the interface of the first. */
  readonly comment: string | undefined;
  readonly interface: string | undefined;
}

/** What is wrong, with a code of its own or without. */
export type Observed = string | { readonly code: Code; readonly text: string };
export type Observer = (datagram: CompleteDatagram) => readonly Observed[];

/**
 * The verdict on the datagram in `group`, complete or given up. Where it is complete, `view` holds its IP payload from
 * `start` on.
 */
export function judgeGroup(group: Group, view: DataView, start: number, options: JudgeOptions): MutableVerdict {
  const verdict = groupVerdict(group);
  const len = group.total - group.upperOffset;
  if (verdict.complete && group.upperOffset >= 0 && len >= 0) {
    const packet = { view, at: start + group.upperOffset, len };
    if (group.protocol === UDP) judgeUdp(verdict, group, packet, options);
    else {
      verdict.payloadLen = len;
      group.unchecked = !judgeUpper(group, packet);
    }
    if (verdict.payloadLen !== null) showPayload(verdict, group, packet, options);
  }
  if (options.sightings) {
    if (!verdict.complete && group.fragmented) noteBeginning(group, view, start);
    addSighting(verdict, group);
  }
  setVerdict(verdict, group);
  return verdict;
}

/** Of what did not come whole: the headers that are cut with it, and a generated payload says in its first octets which it is. */
function noteBeginning({ protocol, upperOffset, cuts, extents, values }: Group, view: DataView, start: number): void {
  if (protocol !== UDP || upperOffset < 0 || cuts.length > 0 || values === undefined) return;
  const data = upperOffset + UDP_HEADER_LEN;
  const came = extents.ranges[0]?.[0] === 0 ? extents.rangeEnd(0) - data : 0;
  if (came <= 0) return;
  values.behind = octets(view, start, upperOffset).slice();
  const told = inspectPayload(octets(view, start + data, came));
  if (told === null || !isSure(told)) return;
  const { seed, sequence } = told;
  values.begins = { seed, sequence, sourcePort: getSourcePort(view, start + upperOffset) };
}

/** What is done with the octets themselves: the hash, and whatever the observer does. */
function showPayload(verdict: MutableVerdict, group: Group, packet: UpperPacket, options: JudgeOptions): void {
  const { view, at, len } = packet;
  const data = group.protocol === UDP ? at + UDP_HEADER_LEN : at;
  const payload = octets(view, data, verdict.payloadLen!);
  if (verdict.udp !== null) judgeOffload(verdict, group, payload, options);
  if (options.sightings) group.values!.takePayload(payload, octets(view, at - group.upperOffset, group.upperOffset));
  if (options.hash) verdict.payloadSha256 = sha256(payload);
  if (group.findings.mismatches > 0 && group.fragments > 1)
    group.origin = payloadOrigin(payload, data - at + group.upperOffset, group.records.pieces());
  if (options.observe === undefined || group.header === undefined) return;
  const ipPayload = octets(view, at - group.upperOffset, group.upperOffset + len);
  const { header, told } = group;
  for (const one of options.observe({ verdict, header, ipPayload, payload, ...told })) {
    const { code, text } = typeof one === 'string' ? { code: 'not-as-sent' as const, text: one } : one;
    group.findings.add('mismatch', code, null, text);
  }
}

function octets(view: DataView, offset: number, len: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, len);
}
