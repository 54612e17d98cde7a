import { addSums, sumView, udpChecksumField } from '../../wire/checksum.js';
import { tunnelKind } from '../../wire/tunnel.js';
import * as udp from '../../wire/udp.js';
import { type Evidence, evidence, hex16 } from '../findings.js';
import type { Group } from '../reassembly/group.js';
import type { MutableVerdict, UdpVerdict } from '../verdict.js';
import { isJoined, type LinkRules } from './offload.js';
import { pseudoSum, type UpperPacket } from './pseudo-header.js';

/** What is allowed, and whether what is not computed yet is wrong. */
export interface UdpRules extends LinkRules {
  readonly allowZeroChecksum6: boolean;
  readonly strict: boolean;
}

/**
 * Judges length and checksum; sets `udp` and `payloadLen` of the verdict, and adds what is wrong. IPv6 forbids checksum 0
 * (RFC 8200 §8.1) unless the rules say that both ends agreed on it, or a tunnel's packet is in it (RFC 6935).
 */
export function judgeUdp(verdict: MutableVerdict, group: Group, packet: UpperPacket, rules: UdpRules): void {
  const { view, at, len } = packet;
  const header = udp.parse(view, at, len);
  if (header === null) {
    const shown = evidence('udp header', view, at, len, [0, len]);
    group.findings.add('mismatch', 'udp-header', null, `udp header got ${len} octets, want ${udp.HEADER_LEN}`, shown);
    return;
  }
  const { sourcePort, destinationPort } = header;
  if (destinationPort === 0) {
    const shown = evidence('udp header', view, at, udp.HEADER_LEN, [2, 4]);
    group.findings.add('note', 'udp-port-zero', null, 'destination port got 0, which no socket has', shown);
  }
  const length = header.length === 0 && group.jumbo ? len : header.length;
  const possible = length >= udp.HEADER_LEN && length <= len;
  judgeLength(group, packet, length);
  verdict.payloadLen = (possible ? length : len) - udp.HEADER_LEN;
  const pseudo = pseudoSum(group, udp.PROTOCOL, length);
  const sum = sumOf(group, packet, possible ? length : len);
  const checksum = judgeChecksum(group, { packet, field: header.checksum, pseudo, sum }, rules);
  verdict.udp = { sourcePort, destinationPort, length: header.length, checksum };
}

/** What the IP payload has behind the UDP length is no part of the datagram, and no fault (RFC 768, RFC 9868). */
function judgeLength(group: Group, { view, at, len }: UpperPacket, length: number): void {
  if (length === len) return;
  const shown = evidence('udp header', view, at, udp.HEADER_LEN, [4, 6]);
  if (length > len) {
    group.findings.add('mismatch', 'udp-length', null, `udp length got ${length}, want at most ${len}`, shown);
  } else if (length < udp.HEADER_LEN) {
    group.findings.add('mismatch', 'udp-length', null, `udp length got ${length}, want at least 8`, shown);
  } else {
    const text = `surplus area: ${len - length} octets behind the ${length} that the udp length says`;
    group.findings.add('note', 'udp-surplus', null, text, shown);
  }
}

/** What a checksum is judged by: `sum` covers header and data, with the field in it. */
interface Sums {
  readonly packet: UpperPacket;
  readonly field: number;
  readonly pseudo: number;
  readonly sum: number;
}

function judgeChecksum(group: Group, { packet, field, pseudo, sum }: Sums, rules: UdpRules): UdpVerdict['checksum'] {
  const { findings } = group;
  const { allowZeroChecksum6, strict } = rules;
  const whole = addSums(pseudo, sum);
  const want = udpChecksumField(addSums(whole, ~field & 0xffff));
  const shown: Evidence = evidence('udp header', packet.view, packet.at, udp.HEADER_LEN, [
    udp.CHECKSUM,
    udp.CHECKSUM + 2,
  ]);
  if (field === 0) {
    if (group.family === 4 || allowZeroChecksum6) return 'none';
    const carried = tunnelKind(packet.view, { family: 6, protocol: udp.PROTOCOL }, packet.at, packet.at + packet.len);
    if (carried !== null) {
      const text = `udp checksum got 0, which a tunnel may have that its receiver was told of (${carried})`;
      findings.add('note', 'udp-checksum-zero-tunnel', null, text, shown);
      return 'none';
    }
    const text = `udp checksum got 0, want ${hex16(want)} (IPv6 needs one, RFC 8200 8.1)`;
    findings.add('mismatch', 'udp-checksum-zero', null, text, shown);
    return 'bad';
  }
  if (whole === 0xffff) return 'good';
  if (field !== pseudo && isJoined(group, packet, rules)) return 'not-computed';
  if (field !== pseudo) {
    findings.add('mismatch', 'udp-checksum', null, `udp checksum got ${hex16(field)}, want ${hex16(want)}`, shown);
    return 'bad';
  }
  // The device completes it on the way out, but only in a packet that is not cut yet.
  if (group.fragments <= 1) {
    const text = 'udp checksum not computed yet: captured before the device computes it';
    findings.add(strict ? 'mismatch' : 'note', 'checksum-not-computed', null, text, shown);
  } else {
    const text = `udp checksum got ${hex16(field)}, only the pseudo-header's sum, want ${hex16(want)}`;
    findings.add('mismatch', 'udp-checksum', null, text, shown);
  }
  return 'not-computed';
}

/** Sum of the first `len` octets of the packet; the sum kept while placing fragments serves where it covers just these. */
function sumOf(group: Group, packet: UpperPacket, len: number): number {
  const { overlaps, total, extents, upperOffset, sum } = group;
  const kept = sum >= 0 && overlaps === 0 && upperOffset === 0 && len === total && extents.end === total;
  return kept ? sum : sumView(packet.view, packet.at, len);
}
