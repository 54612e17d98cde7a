import { argumentError } from '../errors.js';
import { type CapCaptureOptions, openCapCapture } from './cap-engine.js';
import type { Capture } from './capture.js';

/** Live engines. */
export const ENGINES = ['cap'] as const;
export type Engine = (typeof ENGINES)[number];

export interface CaptureOptions extends CapCaptureOptions {
  /** Default `cap`. */
  readonly engine?: Engine;
}

/**
 * Captures live on an interface. Resolves once frames are really being captured: none sent after that is missed.
 *
 * Rejects with `ERR_UFO_INVALID_ARGUMENT` (unknown interface, a filter that libpcap refuses), EPERM, ENETDOWN, or
 * `ERR_UFO_UNSUPPORTED` (npm `cap` not built).
 */
export async function openCapture(options: CaptureOptions): Promise<Capture> {
  const { engine = 'cap' } = options;
  if (!ENGINES.includes(engine)) throw argumentError('engine', engine, ENGINES.join(', '));
  return openCapCapture(options);
}
