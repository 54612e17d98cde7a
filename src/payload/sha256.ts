import { createHash } from 'node:crypto';

/** In hexadecimal, as verdicts and expectations have it. */
export function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
