import { endOf, hasFragmentHeader, type PlanPacket, placeOf } from './packet.js';

/** Columns that the octets of the longest datagram take. */
const COLUMNS = 48;

/**
 * The packets as a picture, one a line in the order they go: its octets on a scale across, then what its header says.
 *
 *      #1  ████████                          offset     0  len  1480  MF  id 0x04d2
 *      #2          ████████                  offset  1480  len  1480  MF  id 0x04d2
 */
export function drawPackets(packets: readonly PlanPacket[]): string[] {
  const most = Math.max(1, ...packets.map(endOf));
  return packets.map((packet, place) => {
    const number = `#${place + 1}`.padStart(5);
    return `${number}  ${bar(packet, most)}  ${fieldsOf(packet)}`;
  });
}

function bar(packet: PlanPacket, most: number): string {
  const from = Math.min(COLUMNS - 1, Math.floor((placeOf(packet).offset / most) * COLUMNS));
  const to = Math.max(from + 1, Math.round((endOf(packet) / most) * COLUMNS));
  const drawn = packet.payload.length === 0 ? '|' : '█'.repeat(to - from);
  return `${' '.repeat(from)}${drawn}`.padEnd(COLUMNS);
}

function fieldsOf(packet: PlanPacket): string {
  const { offset, more, ident } = placeOf(packet);
  const { payload, trailer, delayMs, datagram, family } = packet;
  const parts = [
    `offset ${String(offset).padStart(5)}`,
    `len ${String(payload.length).padStart(5)}`,
    more ? 'MF' : '  ',
  ];
  if (hasFragmentHeader(packet)) parts.push(`id 0x${ident.toString(16).padStart(family === 4 ? 4 : 8, '0')}`);
  else parts.push('not cut');
  if (datagram > 0) parts.push(`datagram ${datagram + 1}`);
  if (trailer.length > 0) parts.push(`+${trailer.length} behind it`);
  if (delayMs > 0) parts.push(`after ${delayMs} ms`);
  return parts.join('  ');
}
