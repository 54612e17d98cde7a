import { type GeneratedPayload, inspectPayload } from '../payload/generated.js';
import type { Finding } from '../verify/findings.js';
import type { DatagramVerdict } from '../verify/verdict.js';
import type { Difference } from './difference.js';
import type { ExpectedPayload } from './expected.js';

/** Something wrong, by its code. */
export type Fault = Pick<Finding, 'code' | 'text'>;

/** What is wrong with octets that udp-ufo generated, by what they say of themselves; null where nothing is. */
export function generatedFault(told: GeneratedPayload | null, length: number): Fault | null {
  if (told === null) {
    const text = 'payload got octets that udp-ufo did not generate, want a generated payload';
    return { code: 'payload-foreign', text };
  }
  if (told.length !== length)
    return { code: 'payload-length', text: `payload length got ${length}, want ${told.length} as it says itself` };
  if (told.firstWrong < 0) return null;
  const want = `that of seed ${told.seed}, datagram ${told.sequence}`;
  return { code: 'payload-octet', text: `payload octet ${told.firstWrong} got another, want ${want}` };
}

/** The same of octets that are at hand. */
export function inspectGenerated(bytes: Uint8Array): {
  readonly told: GeneratedPayload | null;
  readonly fault: string | null;
} {
  const told = inspectPayload(bytes);
  return { told, fault: generatedFault(told, bytes.length)?.text ?? null };
}

/**
 * How the payload of a datagram that came whole is not the one that was sent; null where nobody can tell, since what is
 * known of the one is not known of the other.
 */
export function payloadDifferences(expected: ExpectedPayload, verdict: DatagramVerdict): Difference[] | null {
  const { payloadLen, payloadSha256, seen } = verdict;
  if (payloadLen === null) return null;
  if (payloadLen !== expected.length) return [differ('payload length', `${expected.length}`, `${payloadLen}`)];
  if ('seed' in expected) return seen?.payload ? generatedDifference(expected, seen.payload.told) : null;
  const { sha256, digest } = expected;
  if (sha256 === undefined && digest === undefined) return [];
  if (sha256 !== undefined && payloadSha256 !== null) {
    return sha256 === payloadSha256 ? [] : [differ('payload sha256', sha256, payloadSha256)];
  }
  if (digest === undefined || !seen?.payload) return null;
  return digest === seen.payload.digest ? [] : [differ('payload', 'the octets', 'other octets')];
}

function generatedDifference(
  { seed, sequence }: { readonly seed: number; readonly sequence: number },
  told: GeneratedPayload | null,
): Difference[] {
  const want = `that of seed ${seed}, datagram ${sequence}`;
  if (told === null || told.seed !== seed || told.sequence !== sequence) {
    return [
      differ('payload', want, told === null ? 'another' : `that of seed ${told.seed}, datagram ${told.sequence}`),
    ];
  }
  return told.firstWrong < 0 ? [] : [differ(`payload octet ${told.firstWrong}`, want, 'another')];
}

function differ(field: string, from: string, to: string): Difference {
  return { field, from, to, onTheWay: false };
}
