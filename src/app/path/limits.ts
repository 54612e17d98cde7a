/** Octets of UDP payload that the largest datagram of a family carries (RFC 791, RFC 8200 §4.5: without a jumbo option). */
export function largestPayload(family: 4 | 6): number {
  return family === 4 ? 65_507 : 65_527;
}
