import { nameArgument, UfoError } from '../../errors.js';
import type { WireCheck, WireCheckOptions } from '../common/wire-check.js';
import { type WireReport, watchedInterface } from '../common/wire-report.js';
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

/**
 * What the wire showed, and what stopped the command, the capture's file included. That file takes the place of what stood
 * there where frames came, and else only where nothing stopped it.
 */
export async function finishCheck(
  wire: WireCheck | null,
  { failure, cutShort }: { readonly failure: unknown; readonly cutShort: boolean },
  signal: AbortSignal,
): Promise<{ readonly wire: WireReport | null; readonly failure: unknown }> {
  if (wire === null) return { wire, failure };
  const report = await wire.finish(cutShort);
  const stopped = failure ?? wire.fileFailure ?? null;
  if (stopped !== null || signal.aborted) return { wire: report, failure: stopped };
  return { wire: report, failure: await failureOf(wire.keepFile()) };
}

/** What it fails with; null where it does not. */
export async function failureOf(work: Promise<void>): Promise<unknown> {
  try {
    await work;
    return null;
  } catch (error) {
    return error;
  }
}
