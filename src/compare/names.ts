import type { DatagramVerdict } from '../verify/verdict.js';
import type { ExpectedDatagram } from './expected.js';

/** By what a datagram that was sent can be known again. */
export function namesOf({
  ident,
  payload,
  planned,
}: Pick<ExpectedDatagram, 'ident' | 'payload' | 'planned'>): string[] {
  const names: string[] = [];
  if (planned !== undefined && ident !== undefined) return [identName(ident)];
  if ('seed' in payload) names.push(tagName(payload));
  if (ident !== undefined) names.push(identName(ident));
  if ('seed' in payload) return names;
  const { sha256, digest, length } = payload;
  if (sha256 !== undefined) names.push(`hash ${sha256}`);
  if (digest !== undefined) names.push(`digest ${digest}`);
  if (sha256 === undefined && digest === undefined) names.push(`length ${length}`);
  else names.push(unmadeName(sha256 !== undefined, digest !== undefined, length));
  return names;
}

/** Names to look for, the surest first, and whether the name alone is enough. */
export function namesSeen({ ident, payloadSha256, payloadLen, seen }: DatagramVerdict): (readonly [string, boolean])[] {
  const names: (readonly [string, boolean])[] = [];
  const told = seen?.payload?.told;
  if (told) names.push([tagName(told), true]);
  if (ident !== null) names.push([identName(ident), false]);
  if (payloadSha256 !== null) names.push([`hash ${payloadSha256}`, false]);
  if (seen?.payload?.digest) names.push([`digest ${seen.payload.digest}`, false]);
  if (payloadLen === null) return names;
  names.push([`length ${payloadLen}`, false]);
  const [hashed, digested] = [payloadSha256 !== null, Boolean(seen?.payload?.digest)];
  if (!hashed) names.push([unmadeName(true, false, payloadLen), false]);
  if (!digested) names.push([unmadeName(false, true, payloadLen), false]);
  if (!hashed && !digested) names.push([unmadeName(true, true, payloadLen), false]);
  return names;
}

/**
 * What is known by its hash or digest alone, where none was made of what came: the next of its length may be it, and nobody
 * can say that it is not.
 */
function unmadeName(hash: boolean, digest: boolean, length: number): string {
  return `without${hash ? ' hash' : ''}${digest ? ' digest' : ''}: length ${length}`;
}

const tagName = (tag: { seed: number; sequence: number }): string => `tag ${tag.seed} ${tag.sequence}`;
export const identName = (ident: number): string => `ident ${ident}`;

/** Both ends, as far as they were told. */
export function flowOf({ source, sourcePort, destination, destinationPort }: ExpectedDatagram): string {
  return `${source} ${sourcePort} ${destination} ${destinationPort}`;
}

/** Foreign datagrams may have an ident of ours, but they go elsewhere; and two senders may send the same payload. */
export function sameEnd(
  { destination, destinationPort, sourcePort }: ExpectedDatagram,
  verdict: DatagramVerdict,
): boolean {
  return (
    (sourcePort === undefined || verdict.udp === null || sourcePort === verdict.udp.sourcePort) &&
    (destination === undefined || destination === verdict.destination) &&
    (destinationPort === undefined || verdict.udp === null || destinationPort === verdict.udp.destinationPort)
  );
}

/** Of a splice halves of two came: its octets are nobody's. */
export function cameWhole({ complete, verdict }: DatagramVerdict): boolean {
  return complete && verdict !== 'spliced';
}
