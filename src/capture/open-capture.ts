import { checkFunction, checkObject, checkSignal, checkWhole, refuseUnknown } from '../checks.js';
import { typeError } from '../errors.js';
import { insideLab, netnsPrefix } from '../host/lab-info.js';
import { type CaptureOptions, type LiveCapture, openChildCapture } from './child/capture.js';
import { ENGINES } from './child/protocol.js';
import type { Direction } from './record-sink.js';

export type { CaptureOptions, LiveCapture } from './child/capture.js';

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
  checkOptions(options);
  return openChildCapture(options);
}

const KNOWN: Readonly<Record<keyof CaptureOptions, true>> = {
  ...{ interface: true, filter: true, bufferSize: true, direction: true, engine: true },
  ...{ spawnPrefix: true, signal: true, entry: true, fileFd: true, onStats: true },
};
const DIRECTIONS: readonly Direction[] = ['in', 'out'];
/** libpcap and npm cap take an int. */
const MOST_BUFFER = 0x7fff_ffff;

/** Before a process is started: it would end of what it does not understand. */
function checkOptions(options: CaptureOptions): void {
  checkObject('options', options, 'an object with interface');
  refuseUnknown(options, Object.keys(KNOWN), 'capture');
  const { interface: name, filter, bufferSize, direction, engine = 'auto', signal, onStats } = options;
  if (typeof name !== 'string' || name === '') throw typeError('interface', name, 'the name of an interface');
  if (filter !== undefined && typeof filter !== 'string')
    throw typeError('filter', filter, 'text, as of pcap-filter(7)');
  if (bufferSize !== undefined) checkWhole('bufferSize', bufferSize, 1, MOST_BUFFER, 'octets');
  if (direction !== undefined && !DIRECTIONS.includes(direction))
    throw typeError('direction', direction, `${DIRECTIONS.join(' or ')}; left out, both`);
  if (engine !== 'auto' && !ENGINES.includes(engine)) throw typeError('engine', engine, `auto, ${ENGINES.join(', ')}`);
  checkSignal(signal);
  checkFunction('onStats', onStats, 'a function that is told the figures');
}

/** In a lab, the words that start a capture process on the far host, for the far interface; none for any other. */
export function spawnPrefixFor(name: string): readonly string[] {
  const far = insideLab()?.far;
  return far?.interface === name ? netnsPrefix(far) : [];
}
