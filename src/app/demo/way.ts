import type { SocketOptions } from '../../socket/options.js';
import { openDevice } from '../../socket/path/open-device.js';
import { UfoSocket } from '../../socket/socket.js';
import { Tracer } from '../../tx/tracer.js';

/** The discard service (RFC 863): a datagram there does no harm. */
const DISCARD = 9;

/** The way of one datagram through skb, UFO stage and device, as a tracer in front of the device sees it: lines of text. */
export async function tracedWay(
  options: SocketOptions,
  from: string,
  to: string,
  payload: Uint8Array,
): Promise<string[]> {
  const lines: string[] = [];
  await using socket = new UfoSocket(options, async (driver, request) => {
    return new Tracer(await openDevice(driver, request), (line) => lines.push(line));
  });
  socket.on('error', () => {}); // nobody listens on that port, and the far host says so
  await socket.bind(0, from);
  await socket.send(payload, { address: to, port: DISCARD });
  return lines;
}
