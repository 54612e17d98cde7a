/** Addresses are few octets: byte loops through the view beat making a Uint8Array to copy with. */

/** Writes `octets` at `offset`. */
export function putOctets(view: DataView, offset: number, octets: Uint8Array): void {
  for (let i = 0; i < octets.length; i++) view.setUint8(offset + i, octets[i]!);
}

/** The `len` octets at `offset`, as a view into the same memory (no copy). */
export function octetsAt(view: DataView, offset: number, len: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, len);
}

/** A 16-bit value in the other byte order. */
export function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}

/** A 32-bit value in the other byte order; the result is signed. */
export function swap32(value: number): number {
  return ((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}
