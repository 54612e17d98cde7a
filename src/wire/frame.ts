import { typeError } from '../errors.js';

/**
 * One captured or built frame. Many frames share one buffer: `bytes[offset … offset + caplen)` is the frame, so that a
 * batch of frames costs one allocation. Words as in libpcap.
 */
export interface Frame {
  /** The buffer the frame lies in; valid as long as the caller keeps it. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  /** Octets captured. */
  readonly caplen: number;
  /** Octets the frame had on the wire; larger than `caplen` where the capture cut it. */
  readonly len: number;
  /** Link type (LINKTYPE_… of libpcap) that says how the frame begins. */
  readonly linktype: number;
  /** Time of capture: seconds since the epoch and nanoseconds within the second. 0, 0 where unknown. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** What a pcapng file says of the frame, for people. */
  readonly comment?: string;
  /** Name of the interface that a pcapng file says it was captured on. */
  readonly interface?: string;
}

/**
 * The octets of a frame, as a view (no copy).
 * @example
 * ```js
 * import { frameData, segment } from 'udp-ufo';
 *
 * const source = { address: '192.0.2.1', port: 1111 };
 * const destination = { address: '192.0.2.2', port: 9999 };
 * const [first] = segment({ source, destination, payload: new Uint8Array(4000) });
 * console.log(frameData(first)[0].toString(16)); // 45
 * ```
 */
export function frameData(frame: Frame): Uint8Array {
  return frame.bytes.subarray(frame.offset, frame.offset + frame.caplen);
}

/** @throws UfoError (TypeError) for what has no octets to look at */
export function checkFrame(name: string, frame: unknown): asserts frame is Frame {
  if ((frame as Frame | null)?.bytes instanceof Uint8Array) return;
  throw typeError(name, frame, 'a frame: its octets, where they begin, how many there are, and their link type');
}
