/** npm `cap` fixes libpcap's snaplen at this. */
export const SNAPLEN = 65_535;

/**
 * Octets a frame that reaches the snaplen had on the wire, from its IP header: cap says nothing of libpcap's own cut, and
 * a 65,535-octet IP packet behind an Ethernet header is longer than the snaplen. Never less than `caplen`; `caplen` where
 * the frame is no IP.
 */
export function wireLength(bytes: Uint8Array, caplen: number, linktype: number): number {
  const base = networkOffset(bytes, linktype);
  if (base === null || base + 40 > caplen) return caplen;
  const version = bytes[base]! >> 4;
  if (version === 4) return Math.max(caplen, base + u16(bytes, base + 2)); // Total Length, RFC 791 3.1
  if (version === 6) return Math.max(caplen, base + 40 + u16(bytes, base + 4)); // Payload Length, RFC 8200 3
  return caplen;
}

/** Where the IP header begins, for the link types that cap knows; null where no IP follows. */
function networkOffset(bytes: Uint8Array, linktype: number): number | null {
  if (linktype === 101) return 0; // raw IP
  if (linktype === 0) return 4; // BSD null: a family word
  if (linktype === 113) return 16; // Linux cooked
  if (linktype === 276) return 20; // Linux cooked, version 2
  if (linktype !== 1) return null;
  let offset = 12;
  while (u16(bytes, offset) === 0x8100 || u16(bytes, offset) === 0x88a8) offset += 4; // VLAN, QinQ
  return offset + 2;
}

function u16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}
