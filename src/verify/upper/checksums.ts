import { addSums, finishChecksum, sumView } from '../../wire/checksum.js';
import { evidence, hex16 } from '../findings.js';
import type { Group } from '../reassembly/group.js';
import { pseudoSum, type UpperPacket } from './pseudo-header.js';

/** A protocol whose packets have an Internet checksum. */
interface Summed {
  readonly name: string;
  readonly headerLen: number;
  /** Offset of the checksum. */
  readonly field: number;
  readonly pseudoHeader: boolean;
}

const ICMP: Summed = { name: 'icmp', headerLen: 8, field: 2, pseudoHeader: false };
const IGMP: Summed = { name: 'igmp', headerLen: 8, field: 2, pseudoHeader: false };
const TCP: Summed = { name: 'tcp', headerLen: 20, field: 16, pseudoHeader: true };
const ICMP6: Summed = { name: 'icmpv6', headerLen: 4, field: 2, pseudoHeader: true };
const UDP_LITE: Summed = { name: 'udp-lite', headerLen: 8, field: 6, pseudoHeader: true };
const UDP_LITE_PROTOCOL = 136;

/** RFC 792, RFC 3376, RFC 9293, RFC 3828; RFC 4443. */
const PROTOCOLS: Readonly<Record<4 | 6, ReadonlyMap<number, Summed>>> = {
  4: new Map([
    [1, ICMP],
    [2, IGMP],
    [6, TCP],
    [UDP_LITE_PROTOCOL, UDP_LITE],
  ]),
  6: new Map([
    [6, TCP],
    [58, ICMP6],
    [UDP_LITE_PROTOCOL, UDP_LITE],
  ]),
};

/** Judges the checksum of a reassembled packet of another protocol than UDP; false where it has none that is known here. */
export function judgeUpper(group: Group, packet: UpperPacket): boolean {
  const { family, protocol, findings } = group;
  const summed = PROTOCOLS[family].get(protocol);
  if (summed === undefined) return false;
  const { name, headerLen, field } = summed;
  const { view, at, len } = packet;
  if (len < headerLen) {
    const shown = evidence(`${name} header`, view, at, len, [0, len]);
    findings.add('mismatch', 'upper-header', null, `${name} header got ${len} octets, want ${headerLen}`, shown);
    return true;
  }
  const covered = protocol === UDP_LITE_PROTOCOL ? coverage(group, packet) : len;
  if (covered < 0) return true;
  const whole = addSums(sumView(view, at, covered), summed.pseudoHeader ? pseudoSum(group, protocol, len) : 0);
  const got = view.getUint16(at + field);
  if (whole === 0xffff && !(got === 0 && protocol === UDP_LITE_PROTOCOL)) return true;
  const want = finishChecksum(addSums(whole, ~got & 0xffff));
  const shown = evidence(`${name} header`, view, at, headerLen, [field, field + 2]);
  findings.add('mismatch', 'upper-checksum', null, `${name} checksum got ${hex16(got)}, want ${hex16(want)}`, shown);
  return true;
}

/**
 * Octets that UDP-Lite's checksum covers: 0 stands for all, fewer than the header or more than there are is wrong (RFC 3828
 * §3.1).
 */
function coverage({ findings }: Group, { view, at, len }: UpperPacket): number {
  const got = view.getUint16(at + 4);
  if (got === 0) return len;
  if (got >= UDP_LITE.headerLen && got <= len) return got;
  const text = `udp-lite coverage got ${got}, want 0 or ${UDP_LITE.headerLen} … ${len}`;
  findings.add(
    'mismatch',
    'upper-header',
    null,
    text,
    evidence('udp-lite header', view, at, UDP_LITE.headerLen, [4, 6]),
  );
  return -1;
}
