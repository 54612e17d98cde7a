/** Octets one behind the other. Lists of numbers are spread by nobody: that costs more than the code under test. */
export function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  let len = 0;
  for (const part of parts) len += part.length;
  const whole = new Uint8Array(len);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
