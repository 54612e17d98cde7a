/** The octets written in `text`; blanks count for nothing. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) throw new Error(`no hex: ${text}`);
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** Octets that look random and are the same on each run (xorshift32). */
export function noise(len: number, seed: number): Uint8Array {
  let state = (seed * 2_654_435_761) | 1;
  return Uint8Array.from({ length: len }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
}

/** A buffer of 0xa5 with `margin` octets before and after `len`: what must not be written stays 0xa5. */
export function poisoned(len: number, margin = 5): { bytes: Uint8Array; view: DataView; base: number } {
  const bytes = new Uint8Array(margin + len + margin).fill(0xa5);
  return { bytes, view: new DataView(bytes.buffer), base: margin };
}

/** The view of all of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
