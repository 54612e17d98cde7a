import type { DatagramVerdict, VerifySummary } from './verdict.js';

/** A datagram for people: one line, beneath it what is wrong, then what is odd. */
export function datagramText(verdict: DatagramVerdict): string {
  const lines = [`${verdict.verdict.padEnd(10)} ${endpoints(verdict)}  ${identity(verdict)}  ${contents(verdict)}`];
  for (const mismatch of verdict.mismatches) lines.push(`           ${mismatch}`);
  for (const note of verdict.notes) lines.push(`           note: ${note}`);
  return lines.join('\n');
}

/** The last line. */
export function summaryText(summary: VerifySummary): string {
  const { frames, fragments, datagrams, good, bad, incomplete, captureLost, verdict } = summary;
  const lost = captureLost === null ? '' : `, ${count(captureLost, 'frame')} lost by the capture`;
  return (
    `${verdict}: ${count(datagrams, 'datagram')} (${good} good, ${bad} bad, ${incomplete} incomplete) ` +
    `of ${count(fragments, 'fragment')} in ${count(frames, 'frame')}${lost}`
  );
}

function endpoints({ family, source, destination, udp }: DatagramVerdict): string {
  if (udp === null) return `${source} > ${destination}`;
  const from = family === 4 ? source : `[${source}]`;
  const to = family === 4 ? destination : `[${destination}]`;
  return `${from}:${udp.sourcePort} > ${to}:${udp.destinationPort}`;
}

function identity({ ident, protocol }: DatagramVerdict): string {
  const upper = protocol === 17 ? 'UDP' : `protocol ${protocol}`;
  return ident === null ? upper : `${upper} id ${ident}`;
}

function contents(verdict: DatagramVerdict): string {
  const { payloadLen, fragments, duplicates, holes, udp } = verdict;
  const parts = [fragments === 0 ? 'unfragmented' : count(fragments, 'fragment')];
  if (payloadLen !== null) parts.unshift(count(payloadLen, 'octet'));
  if (duplicates > 0) parts.push(count(duplicates, 'duplicate'));
  if (udp !== null && udp.checksum !== 'good') parts.push(`checksum ${udp.checksum}`);
  if (holes.length > 0) parts.push(`missing ${missing(holes)}`);
  return parts.join(', ');
}

/** The first few holes, as octets of the IP payload. */
function missing(holes: DatagramVerdict['holes']): string {
  const shown = holes.slice(0, 4).map(([start, end]) => `[${start}, ${end ?? '?'})`);
  return shown.join(' ') + (holes.length > 4 ? ` and ${holes.length - 4} more` : '');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
