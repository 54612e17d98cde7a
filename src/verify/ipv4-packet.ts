import { addSums, finishChecksum, sumView } from '../wire/checksum.js';
import * as ipv4 from '../wire/ipv4.js';
import { END, finalDestinationOffset, iterateOptions, NOP } from '../wire/ipv4-options.js';
import { PROTOCOL as UDP } from '../wire/udp.js';
import { hex16, hexOctets, mismatch, noteField } from './findings.js';
import { type Fragment, KEY_SOURCE } from './fragment.js';
import type { Group } from './group.js';
import type { Packet, PacketKind } from './packet.js';

/** Reads the IPv4 header of `packet` into `fragment`. */
export function parseIpv4(packet: Packet, fragment: Fragment): PacketKind {
  const { view, base } = packet;
  if (packet.captured < ipv4.HEADER_LEN) return packet.onWire > packet.captured ? 'short' : 'other';
  const fragWord = ipv4.getFragWord(view, base) & (ipv4.MF | ipv4.FRAG_OFF_MASK);
  const protocol = ipv4.getProtocol(view, base);
  if (fragWord === 0 && protocol !== UDP) return 'other';
  fillKey(packet, fragment, protocol);
  const headerLen = ipv4.getHeaderLen(view, base);
  const totLen = ipv4.getTotLen(view, base);
  packet.headerLen = headerLen;
  fragment.more = (fragWord & ipv4.MF) !== 0;
  fragment.offset = (fragWord & ipv4.FRAG_OFF_MASK) << 3;
  packet.fault = fault(ipv4.getVersion(view, base), headerLen, totLen);
  if (packet.fault !== '') return 'malformed';
  if (packet.captured < headerLen) return 'short';
  fragment.limit = ipv4.MAX_TOT_LEN - headerLen;
  fragment.data = base + headerLen;
  fragment.len = totLen - headerLen;
  fragment.captured = Math.min(totLen, packet.captured) - headerLen;
  fragment.shortOnWire = packet.onWire < totLen;
  return fragWord === 0 ? 'whole' : 'fragment';
}

function fillKey(packet: Packet, fragment: Fragment, protocol: number): void {
  const { view, base } = packet;
  const { key } = fragment;
  fragment.family = 4;
  fragment.keyLen = KEY_SOURCE + 2;
  fragment.protocol = protocol;
  fragment.ident = ipv4.getIdent(view, base);
  key[0] = (4 << 8) | protocol;
  key[1] = fragment.ident;
  key[KEY_SOURCE] = view.getInt32(base + ipv4.SOURCE);
  key[KEY_SOURCE + 1] = view.getInt32(base + ipv4.DESTINATION);
}

function fault(version: number, headerLen: number, totLen: number): string {
  if (version !== 4) return `version got ${version}, want 4`;
  if (headerLen < ipv4.HEADER_LEN) return `header length got ${headerLen}, want at least ${ipv4.HEADER_LEN}`;
  if (totLen < headerLen) return `total length got ${totLen}, want at least ${headerLen}, the header`;
  return '';
}

/** Bits above TTL and TOS in `referenceFields`. */
const DF_BIT = ipv4.DF << 8;
const RESERVED_BIT = ipv4.RESERVED_FLAG << 8;

/** Holds the header of `packet`, the latest of `group`, against itself and against the header that came first. */
export function checkIpv4(packet: Packet, fragment: Fragment, group: Group): void {
  const { view, base, headerLen } = packet;
  const flags = ipv4.getFragWord(view, base) & (ipv4.RESERVED_FLAG | ipv4.DF);
  const fields = (flags << 8) | (ipv4.getTos(view, base) << 8) | ipv4.getTtl(view, base);
  if (!ipv4.verifyChecksum(view, base)) headerChecksumError(packet, group);
  if ((fields & RESERVED_BIT) !== 0) mismatch(group, 'reserved flag got 1, want 0');
  if (group.seen === 1) group.referenceFields = fields;
  else if (fields !== group.referenceFields) compareFields(fields, group);
  if (headerLen > ipv4.HEADER_LEN || group.referenceExtra) checkOptions(packet, fragment, group);
}

function headerChecksumError({ view, base, headerLen }: Packet, group: Group): void {
  const got = ipv4.getChecksum(view, base);
  const want = finishChecksum(addSums(sumView(view, base, headerLen), ~got & 0xffff));
  group.headerChecksumErrors++;
  mismatch(group, `header checksum got ${hex16(got)}, want ${hex16(want)}`);
}

function compareFields(fields: number, group: Group): void {
  const want = group.referenceFields;
  const differ = fields ^ want;
  if ((differ & 0xff) !== 0) noteField(group, 'TTL', fields & 0xff, want & 0xff);
  if ((differ & 0xff00) !== 0) noteField(group, 'TOS/ECN', (fields >>> 8) & 0xff, (want >>> 8) & 0xff);
  if ((differ & DF_BIT) !== 0) {
    mismatch(group, `DF got ${fields & DF_BIT ? 1 : 0}, want ${want & DF_BIT ? 1 : 0} as in fragment #1`);
  }
}

/**
 * Options with the copied flag must be the same in every fragment; the others belong into the first alone, where later
 * ones may keep the place with NOPs (RFC 791 §3.1, the kernel's `ip_options_fragment`).
 */
function checkOptions({ view, base, headerLen }: Packet, fragment: Fragment, group: Group): void {
  const octets = new Uint8Array(view.buffer, view.byteOffset + base + ipv4.OPTIONS, headerLen - ipv4.HEADER_LEN);
  const copied: number[] = [];
  for (const option of iterateOptions(octets)) {
    if (option.copied) copied.push(...octets.subarray(option.offset, option.offset + option.len));
    else if (fragment.offset > 0 && option.type !== NOP && option.type !== END) {
      mismatch(group, `option got ${option.type}, want only options with the copied flag after the first fragment`);
    }
  }
  if (fragment.offset === 0) routeEnd(view, base, group);
  if (group.seen === 1) {
    group.referenceExtra = Uint8Array.from(copied);
    return;
  }
  const want = group.referenceExtra ?? [];
  if (copied.length !== want.length || copied.some((octet, i) => octet !== want[i])) {
    mismatch(group, `copied options got ${hexOctets(copied)}, want ${hexOctets(want)} as in fragment #1`);
  }
}

/** Where a source route still has to go counts as the destination for the UDP checksum. */
function routeEnd(view: DataView, base: number, group: Group): void {
  const at = finalDestinationOffset(view, base);
  if (at !== base + ipv4.DESTINATION)
    group.finalDestination = new Uint8Array(view.buffer, view.byteOffset + at, 4).slice();
}
