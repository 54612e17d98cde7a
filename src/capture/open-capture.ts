import { argumentError } from '../errors.js';
import { insideLab } from '../host/lab-info.js';
import { type CapCaptureOptions, type LiveCapture, openCapCapture } from './cap/engine.js';

export type { LiveCapture } from './cap/engine.js';

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
export async function openCapture(options: CaptureOptions): Promise<LiveCapture> {
  const { engine = 'cap' } = options;
  if (!ENGINES.includes(engine)) throw argumentError('engine', engine, ENGINES.join(', '));
  return openCapCapture(options);
}

/** In a lab, the words that start a capture process on the far host, for the far interface; none for any other. */
export function spawnPrefixFor(name: string): readonly string[] {
  const far = insideLab()?.far;
  return far?.interface === name ? ['nsenter', `--net=${far.netns}`, '--'] : [];
}
