import { nameArgument, UfoError } from '../../errors.js';
import type { WireCheck, WireCheckOptions } from '../common/wire-check.js';
import { watchedInterface } from '../common/wire-report.js';
import type { SendRequest } from './options.js';

/**
 * The capture that --verify asks for, of one sender or several. @throws UfoError ERR_UFO_UNSUPPORTED where a capture on that
 * interface could not see what is sent.
 */
export async function startCheck(
  options: SendRequest,
  paths: WireCheckOptions['paths'],
  signal: AbortSignal,
  { toldUntil, onHeld }: Pick<WireCheckOptions, 'toldUntil' | 'onHeld'> = {},
): Promise<WireCheck | null> {
  const path = paths[0]!;
  const { strict, pcap } = options;
  if (options.verify === false) return null;
  const name = watchedInterface(options.verify, path);
  const { WireCheck } = await import('../common/wire-check.js'); // a third of all that a send would load
  try {
    return await WireCheck.start({ interface: name, paths, strict, pcap, toldUntil, onHeld }, signal);
  } catch (error) {
    if (error instanceof UfoError && error.argument === 'interface') nameArgument(error, '--verify');
    throw error;
  }
}
