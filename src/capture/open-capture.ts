import { checkObject, checkSignal } from '../checks.js';
import { argumentError, typeError } from '../errors.js';
import { insideLab, netnsPrefix } from '../host/lab-info.js';
import { type CaptureOptions, type LiveCapture, openChildCapture } from './child/capture.js';
import { ENGINES } from './child/protocol.js';

export type { CaptureOptions, LiveCapture } from './child/capture.js';
export { ENGINES, type Engine } from './child/protocol.js';

/**
 * Captures live on an interface. Resolves once frames are really being captured: none sent after that is missed.
 *
 * Rejects with `ERR_UFO_INVALID_ARGUMENT` (unknown interface, a filter that libpcap refuses), EPERM, ENETDOWN, or
 * `ERR_UFO_UNSUPPORTED` (no libpcap, and npm `cap` not built).
 * @example
 * ```js
 * import { capture, createSocket, verify } from 'udp-ufo';
 *
 * const seen = await capture({ interface: 'near0', filter: 'ip proto 17' });
 * const socket = createSocket('udp4');
 * await socket.send(new Uint8Array(4000), { address: '192.0.2.2', port: 9999 });
 * await socket.close();
 * await seen.close(); // what it has captured is still read
 * for await (const { fragments, verdict } of verify(seen)) console.log(fragments, verdict); // 3 good
 * ```
 */
export async function openCapture(options: CaptureOptions): Promise<LiveCapture> {
  checkObject('options', options, 'an object with interface');
  const { engine = 'auto', interface: name } = options;
  if (typeof name !== 'string' || name === '') throw typeError('interface', name, 'the name of an interface');
  checkSignal(options.signal);
  if (engine !== 'auto' && !ENGINES.includes(engine))
    throw argumentError('engine', engine, `auto, ${ENGINES.join(', ')}`);
  return openChildCapture(options);
}

/** In a lab, the words that start a capture process on the far host, for the far interface; none for any other. */
export function spawnPrefixFor(name: string): readonly string[] {
  const far = insideLab()?.far;
  return far?.interface === name ? netnsPrefix(far) : [];
}
