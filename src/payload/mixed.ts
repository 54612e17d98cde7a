/** 32 bits that look random and tell nothing of each other in a row: the finalizer of MurmurHash3. */
export function mixed(seed: number, sequence: number): number {
  let bits = Math.imul(seed, 0x9e37_79b1) ^ sequence;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
