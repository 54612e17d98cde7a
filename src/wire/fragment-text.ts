/** Where a piece lies in its datagram. */
export interface Piece {
  readonly ident: number;
  /** In 8-octet units, as on the wire. */
  readonly fragOff: number;
  readonly moreFrags: boolean;
}

/**
 * `id 0x04d2  offset  1480  len  1480  MF`: the same columns for both families, but for an id of `digits`; offset and len
 * count octets of IP payload.
 */
export function formatPiece({ ident, fragOff, moreFrags }: Piece, digits: 4 | 8, len: number): string {
  return `id 0x${ident.toString(16).padStart(digits, '0')}  ${formatPlace(8 * fragOff, moreFrags, len)}`;
}

/** `offset  1480  len  1480  MF` */
export function formatPlace(offset: number, moreFrags: boolean, len: number): string {
  return `offset ${String(offset).padStart(5)}  len ${String(len).padStart(5)}  ${moreFrags ? 'MF' : '  '}`;
}
