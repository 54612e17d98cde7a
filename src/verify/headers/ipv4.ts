import { addSums, finishChecksum, sumView } from '../../wire/checksum.js';
import * as ipv4 from '../../wire/ipv4.js';
import {
  END,
  finalDestinationOffset,
  iterateOptions,
  NOP,
  receivedOptionsFault,
  unwelcomeOption,
} from '../../wire/ipv4-options.js';
import { PROTOCOL as UDP } from '../../wire/udp.js';
import { type Evidence, evidence, hex16, hexOctets } from '../findings.js';
import { type Fragment, noHeader, setKey } from '../reassembly/fragment.js';
import type { Group } from '../reassembly/group.js';
import type { Packet, PacketKind } from './packet.js';

/** Reads the IPv4 header of `packet` into `fragment`. */
export function parseIpv4(packet: Packet, fragment: Fragment): PacketKind {
  const { view, base, captured, onWire } = packet;
  if (captured < ipv4.HEADER_LEN) {
    if (onWire > captured) return 'short';
    noHeader(fragment, 4);
    return packet.malformed('ip-header-cut', `IPv4 header got ${captured} octets, want ${ipv4.HEADER_LEN}`, [
      0,
      captured,
    ]);
  }
  const fragWord = ipv4.getFragWord(view, base) & (ipv4.MF | ipv4.FRAG_OFF_MASK);
  const protocol = ipv4.getProtocol(view, base);
  fillKey(packet, fragment, protocol);
  const headerLen = ipv4.getHeaderLen(view, base);
  const field = ipv4.getTotLen(view, base);
  packet.headerLen = headerLen;
  packet.lengthMissing = field === 0;
  const totLen = field === 0 ? onWire : field;
  fragment.more = (fragWord & ipv4.MF) !== 0;
  fragment.offset = (fragWord & ipv4.FRAG_OFF_MASK) << 3;
  if (unusable(packet, ipv4.getVersion(view, base), headerLen, totLen)) return 'malformed';
  if (captured < headerLen) return 'short';
  fragment.limit = ipv4.MAX_TOT_LEN - headerLen;
  fragment.data = base + headerLen;
  fragment.len = totLen - headerLen;
  fragment.captured = Math.min(totLen, captured) - headerLen;
  fragment.shortOnWire = onWire < totLen;
  if (fragWord !== 0) return 'fragment';
  if (protocol === UDP) return 'whole';
  return faultless(packet, fragment) ? 'other' : 'faulty';
}

function fillKey(packet: Packet, fragment: Fragment, protocol: number): void {
  const { view, base } = packet;
  fragment.family = 4;
  fragment.protocol = protocol;
  fragment.ident = ipv4.getIdent(view, base);
  fragment.ttl = ipv4.getTtl(view, base);
  fragment.tos = ipv4.getTos(view, base);
  setKey(fragment, view, base);
}

function unusable(packet: Packet, version: number, headerLen: number, totLen: number): boolean {
  const { captured, onWire } = packet;
  if (version !== 4) packet.malformed('ip-version', `version got ${version}, want 4`, [0, 1]);
  else if (headerLen < ipv4.HEADER_LEN)
    packet.malformed('ip-header-length', `header length got ${headerLen}, want at least ${ipv4.HEADER_LEN}`, [0, 1]);
  else if (totLen < headerLen)
    packet.malformed('ip-total-length', `total length got ${totLen}, want at least ${headerLen}, the header`, [2, 4]);
  else if (captured < headerLen && onWire === captured)
    packet.malformed(
      'ip-header-length',
      `header length got ${headerLen}, want at most ${captured}, the frame's rest`,
      [0, 1],
    );
  else return false;
  return true;
}

/** Whether a host would take the packet, as far as its header goes. */
function faultless(packet: Packet, { shortOnWire }: Fragment): boolean {
  const { view, base, headerLen } = packet;
  const summed = ipv4.verifyChecksum(view, base) || ipv4.getChecksum(view, base) === 0;
  return summed && !shortOnWire && (headerLen === ipv4.HEADER_LEN || optionsFaultOf(packet) === null);
}

function optionsFaultOf({ bytes, base, headerLen }: Packet): string | null {
  return receivedOptionsFault(bytes, base + ipv4.OPTIONS, headerLen - ipv4.HEADER_LEN);
}

/** Bits above TTL and TOS in `referenceFields`. */
const DF_BIT = ipv4.DF << 8;
const RESERVED_BIT = ipv4.RESERVED_FLAG << 8;

/** Holds the header of `packet`, the latest of `group`, against itself and against the header that came first. */
export function checkIpv4(packet: Packet, fragment: Fragment, group: Group, strict: boolean): void {
  const { view, base, headerLen } = packet;
  const flags = ipv4.getFragWord(view, base) & (ipv4.RESERVED_FLAG | ipv4.DF);
  const fields = (flags << 8) | (fragment.tos << 8) | fragment.ttl;
  if (!ipv4.verifyChecksum(view, base)) headerChecksumError(packet, group, strict);
  if ((fields & RESERVED_BIT) !== 0)
    group.mismatch(
      'reserved-flag',
      'reserved flag got 1, want 0',
      evidence('IPv4 header', view, base, headerLen, [6, 8]),
    );
  if (fragment.ttl === 0 && (group.seen === 1 || fields !== group.referenceFields))
    group.note('ttl-zero', 'TTL got 0, which no host may send', evidence('IPv4 header', view, base, headerLen, [8, 9]));
  if (group.seen === 1) group.referenceFields = fields;
  else if (fields !== group.referenceFields) compareFields(fields, packet, group);
  if (headerLen > ipv4.HEADER_LEN || group.referenceExtra) checkOptions(packet, fragment, group);
}

/** A device that computes it finds 0x0000 in the field; no header has this as its right checksum but by chance. */
function headerChecksumError({ view, base, headerLen }: Packet, group: Group, strict: boolean): void {
  const got = ipv4.getChecksum(view, base);
  const want = finishChecksum(addSums(sumView(view, base, headerLen), ~got & 0xffff));
  const shown = evidence('IPv4 header', view, base, headerLen, [ipv4.CHECKSUM, ipv4.CHECKSUM + 2]);
  if (got === 0) {
    const text = 'header checksum 0x0000, not computed yet: captured before the device computes it';
    group.suspect(strict, 'header-checksum-not-computed', text);
    return;
  }
  group.headerChecksumErrors++;
  group.mismatch('header-checksum', `header checksum got ${hex16(got)}, want ${hex16(want)}`, shown);
}

function compareFields(fields: number, { view, base, headerLen }: Packet, group: Group): void {
  const want = group.referenceFields;
  const differ = fields ^ want;
  if ((differ & 0xff) !== 0) group.noteField('ttl-differs', 'TTL', fields & 0xff, want & 0xff);
  if ((differ & 0xff00) !== 0) group.noteField('tos-differs', 'TOS/ECN', (fields >>> 8) & 0xff, (want >>> 8) & 0xff);
  if ((differ & DF_BIT) !== 0) {
    const text = `DF got ${fields & DF_BIT ? 1 : 0}, want ${want & DF_BIT ? 1 : 0} as in fragment #1`;
    group.mismatch('df-differs', text, evidence('IPv4 header', view, base, headerLen, [6, 8]));
  }
}

/**
 * Options with the copied flag must be the same in every fragment; the others belong into the first alone, where later
 * ones may keep the place with NOPs (RFC 791 §3.1, the kernel's `ip_options_fragment`).
 */
function checkOptions(packet: Packet, fragment: Fragment, group: Group): void {
  const { view, base, headerLen, bytes } = packet;
  const octets = bytes.subarray(base + ipv4.OPTIONS, base + headerLen);
  // Where there are none the header's length says so.
  const where: [number, number] = headerLen > ipv4.OPTIONS ? [ipv4.OPTIONS, headerLen] : [0, 1];
  const shown = evidence('IPv4 header', view, base, headerLen, where);
  const fault = optionsFaultOf(packet);
  if (fault !== null) group.mismatch('ip-option', fault, shown);
  else noteUnwelcome(packet, group, shown);
  const copied: number[] = [];
  for (const option of iterateOptions(octets)) {
    if (option.copied) copied.push(...octets.subarray(option.offset, option.offset + option.len));
    else if (fragment.offset > 0 && option.type !== NOP && option.type !== END) {
      const text = `option got ${option.type}, want only options with the copied flag after the first fragment`;
      group.mismatch('ip-option-not-copied', text, shown);
    }
  }
  if (fragment.offset === 0) routeEnd(view, base, group);
  if (group.seen === 1) {
    group.referenceExtra = Uint8Array.from(copied);
    return;
  }
  const want = group.referenceExtra ?? new Uint8Array(0);
  if (copied.length === want.length && copied.every((octet, i) => octet === want[i])) return;
  const got = hexOctets(Uint8Array.from(copied));
  group.mismatch('ip-options-differ', `copied options got ${got}, want ${hexOctets(want)} as in fragment #1`, shown);
}

function noteUnwelcome({ bytes, base, headerLen }: Packet, group: Group, shown: Evidence): void {
  const type = unwelcomeOption(bytes, base + ipv4.OPTIONS, headerLen - ipv4.HEADER_LEN);
  if (type >= 0) group.note('ip-option-special', `option ${type} got a type that Linux discards the packet for`, shown);
}

/** Where a source route still has to go counts as the destination for the UDP checksum. */
function routeEnd(view: DataView, base: number, group: Group): void {
  const at = finalDestinationOffset(view, base);
  if (at !== base + ipv4.DESTINATION)
    group.finalDestination = new Uint8Array(view.buffer, view.byteOffset + at, 4).slice();
}
