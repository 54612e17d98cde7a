import { plural } from './plural.js';
import { DATAGRAM_KINDS, type DatagramVerdict, type VerifySummary } from './verdict.js';

/** A datagram for people: one line, beneath it what is wrong, then what is odd. */
export function datagramText(verdict: DatagramVerdict): string {
  const lines = [
    `${verdict.verdict.padEnd(10)} ${endpoints(verdict)}  ${identity(verdict)}  ${contents(verdict)}${place(verdict)}`,
  ];
  for (const mismatch of verdict.mismatches) lines.push(`           ${mismatch}`);
  for (const note of verdict.notes) lines.push(`           note: ${note}`);
  return lines.join('\n');
}

/** The last lines: what became of the datagrams, and what was not looked at. */
export function summaryText(summary: VerifySummary): string {
  const { frames, fragments, datagrams, captureLost, verdict } = summary;
  const lost = captureLost === null ? '' : `, ${count(captureLost, 'frame')} lost by the capture`;
  const kinds = DATAGRAM_KINDS.filter((kind, i) => i < 3 || summary[kind] > 0);
  return [
    `${verdict}: ${count(datagrams, 'datagram')} (${kinds.map((kind) => `${summary[kind]} ${kind}`).join(', ')}) ` +
      `of ${count(fragments, 'fragment')} in ${count(frames, 'frame')}${lost}`,
    ...unseen(summary),
  ].join('\n');
}

/** What was not looked at, and why. */
function unseen({ notJudged, headersCut, reassembled, fault }: VerifySummary): string[] {
  const hidden = hiddenText(notJudged);
  const lines = hidden === '' ? [] : [`not judged: ${hidden}`];
  if (headersCut > 0) lines.push(`not judged: ${count(headersCut, 'frame')} that the capture cut within the headers`);
  if (reassembled > 0)
    lines.push(
      `not judged: what ${count(reassembled, 'datagram')} of other protocols carry: put together, nothing to check`,
    );
  if (fault !== null) lines.push(`not judged: what came behind the end of what could be read (${fault})`);
  return lines;
}

/** Frames that datagrams may hide in, by what they are; empty where there are none. */
export function hiddenText(kinds: Readonly<Record<string, number>>): string {
  const all = Object.entries(kinds);
  if (all.length === 0) return '';
  const frames = all.reduce((sum, [, one]) => sum + one, 0);
  const named = all.map(([kind, one]) => `${one} of ${kind}`).join(', ');
  return `${count(frames, 'frame')} that datagrams may hide in (${named})`;
}

function endpoints({ family, source, destination, udp }: DatagramVerdict): string {
  if (udp === null) return `${source} > ${destination}`;
  const from = family === 4 ? source : `[${source}]`;
  const to = family === 4 ? destination : `[${destination}]`;
  return `${from}:${udp.sourcePort} > ${to}:${udp.destinationPort}`;
}

function identity({ ident, protocol, via }: DatagramVerdict): string {
  const upper = protocol === 17 ? 'UDP' : `protocol ${protocol}`;
  return `${upper}${ident === null ? '' : ` id ${ident}`}${via === null ? '' : ` (${via})`}`;
}

function contents(verdict: DatagramVerdict): string {
  const { payloadLen, fragments, duplicates, holes, udp } = verdict;
  const parts = [fragments === 0 ? 'unfragmented' : count(fragments, 'fragment')];
  if (payloadLen !== null) parts.unshift(count(payloadLen, 'octet'));
  if (duplicates > 0) parts.push(count(duplicates, 'duplicate'));
  if (udp !== null && udp.checksum !== 'good') parts.push(`checksum ${udp.checksum}`);
  if (holes.length > 0) parts.push(`missing ${holesText(holes)}`);
  return parts.join(', ');
}

/** Where a reader finds it in the file: `, frames 7 … 9`. */
function place({ fragmentList }: DatagramVerdict): string {
  if (fragmentList === null || fragmentList.length === 0) return '';
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const { frame } of fragmentList) [first, last] = [Math.min(first, frame), Math.max(last, frame)];
  return first === last ? `, frame ${first}` : `, frames ${first} … ${last}`;
}

/** The first few holes, as octets of the IP payload. */
export function holesText(holes: DatagramVerdict['holes']): string {
  const shown = holes.slice(0, 4).map(([start, end]) => `[${start}, ${end ?? '?'})`);
  return shown.join(' ') + (holes.length > 4 ? ` and ${holes.length - 4} more` : '');
}

function count(number: number, noun: string): string {
  return `${number} ${plural(number, noun)}`;
}
