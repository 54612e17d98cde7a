import { addSums, foldSum, sumOctets, sumView, udpChecksumField } from '../wire/checksum.js';
import * as udp from '../wire/udp.js';
import { addFinding, hex16 } from './findings.js';
import { KEY_SOURCE } from './fragment.js';
import type { Group } from './group.js';
import type { MutableVerdict, UdpVerdict } from './verdict.js';

/** A whole upper-layer packet: offset of its header in the view, and octets from there to the end of the IP payload. */
export interface UpperPacket {
  readonly view: DataView;
  readonly at: number;
  readonly len: number;
}

/**
 * Judges length and checksum; sets `udp` and `payloadLen` of the verdict, and adds what is wrong. IPv6 forbids checksum 0
 * (RFC 8200 §8.1) unless `allowZeroChecksum6` says that both ends agreed on it (RFC 6935).
 */
export function judgeUdp(
  verdict: MutableVerdict,
  group: Group,
  packet: UpperPacket,
  allowZeroChecksum6: boolean,
): void {
  const { view, at, len } = packet;
  const header = udp.parse(view, at, len);
  if (header === null) {
    addFinding(verdict.mismatches, `udp header got ${len} octets, want ${udp.HEADER_LEN}`);
    return;
  }
  const { sourcePort, destinationPort, length } = header;
  const possible = length >= udp.HEADER_LEN && length <= len;
  if (length !== len) addFinding(verdict.mismatches, `udp length got ${length}, want ${len}`);
  verdict.payloadLen = (possible ? length : len) - udp.HEADER_LEN;
  const pseudo = foldSum(addressSum(group) + udp.PROTOCOL + length);
  const sum = sumOf(group, packet, possible ? length : len);
  const checksum = judgeChecksum(verdict, header.checksum, pseudo, sum, allowZeroChecksum6);
  verdict.udp = { sourcePort, destinationPort, length, checksum };
}

/** `sum` covers header and data, with the checksum field in it. */
function judgeChecksum(
  verdict: MutableVerdict,
  field: number,
  pseudo: number,
  sum: number,
  allowZeroChecksum6: boolean,
): UdpVerdict['checksum'] {
  const { mismatches, notes } = verdict;
  const whole = addSums(pseudo, sum);
  const want = udpChecksumField(addSums(whole, ~field & 0xffff));
  if (field === 0) {
    if (verdict.family === 4 || allowZeroChecksum6) return 'none';
    addFinding(mismatches, `udp checksum got 0, want ${hex16(want)} (IPv6 needs one, RFC 8200 8.1)`);
    return 'bad';
  }
  if (whole === 0xffff) return 'good';
  if (field !== pseudo) {
    addFinding(mismatches, `udp checksum got ${hex16(field)}, want ${hex16(want)}`);
    return 'bad';
  }
  // The device completes it on the way out, but only in a packet that is not cut yet.
  if (verdict.fragments <= 1)
    addFinding(notes, 'udp checksum not computed yet: captured before the device computes it');
  else addFinding(mismatches, `udp checksum got ${hex16(field)}, only the pseudo-header's sum, want ${hex16(want)}`);
  return 'not-computed';
}

/** Sum of the first `len` octets of the packet; the sum kept while placing fragments serves where it covers just these. */
function sumOf(group: Group, packet: UpperPacket, len: number): number {
  const { overlaps, total, extents, upperOffset, sum } = group;
  const kept = sum >= 0 && overlaps === 0 && upperOffset === 0 && len === total && extents.end === total;
  return kept ? sum : sumView(packet.view, packet.at, len);
}

/** Sum of the pseudo-header's addresses. */
function addressSum({ key, finalDestination }: Group): number {
  const destination = KEY_SOURCE + ((key.length - KEY_SOURCE) >> 1);
  const end = finalDestination ? destination : key.length;
  let sum = finalDestination ? sumOctets(finalDestination) : 0;
  for (let i = KEY_SOURCE; i < end; i++) sum += (key[i]! >>> 16) + (key[i]! & 0xffff);
  return sum;
}
