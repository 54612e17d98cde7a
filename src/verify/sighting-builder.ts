import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import type { Group } from './reassembly/group.js';
import { type Run, runsOf } from './sighting.js';
import type { MutableVerdict } from './verdict.js';

/** Puts into the verdict what was gathered of its packets. */
export function addSighting(verdict: MutableVerdict, group: Group): void {
  const { values, header, family } = group;
  if (values === undefined) return;
  const { ttl, tos, df, flowLabel, vlan, largest, payload, begins, time, behind } = values;
  const between = header === undefined ? null : header.subarray(family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN);
  verdict.seen = {
    sizes: runs(group),
    ...{ largest, ttl, tos, df, flowLabel, vlan, payload, time },
    ...(begins && { begins }),
    options: family === 4 && between !== null ? hex(between) : null,
    extensionHeaders: family === 6 && between !== null ? chainText(between, behind, group) : null,
  };
}

/** null: some that are cut with the datagram did not come. */
function chainText(between: Uint8Array, behind: Uint8Array | null, { upperOffset }: Group): string | null {
  if (behind !== null) return hex(between) + hex(behind);
  return upperOffset === 0 ? hex(between) : null;
}

function runs(group: Group): Run[] {
  if (!group.fragmented) return [[group.total, 1]];
  const pieces = group.fragments === 1 && group.records.count === 0 ? [0, group.total] : group.records.pieces();
  return runsOf(pieces.filter((_, i) => i % 2 === 1));
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex');
}
