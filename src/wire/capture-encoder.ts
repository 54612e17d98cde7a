import { checkObject } from '../checks.js';
import { argumentError, typeError } from '../errors.js';
import { type CaptureFormat, PlainFormat } from './capture-format.js';
import { checkFrame, type Frame } from './frame.js';
import type { PcapFormat } from './pcap-format.js';
import { optionText } from './pcapng-format.js';
import type { FrameFields } from './pcapng-writer.js';

/**
 * The records of frames, without what a file begins and ends with; a frame longer than the format's snaplen is cut there.
 * Throws `ERR_UFO_INVALID_ARGUMENT` for a frame of another link type, which a file of one interface cannot hold.
 */
export function encodeFrames(frames: readonly Frame[], format: CaptureFormat): Uint8Array {
  const records = frames.map((frame) => fieldsOf(frame, format));
  const described = format.described();
  const octets = new Uint8Array(records.reduce((sum, record) => sum + format.recordLen(record), described.length));
  const view = new DataView(octets.buffer);
  octets.set(described);
  let at = described.length;
  for (const [i, { bytes, offset }] of frames.entries()) {
    const record = records[i]!;
    octets.set(bytes.subarray(offset, offset + record.caplen), at + format.headLen);
    at = format.put(view, at, record);
  }
  return octets;
}

/** A whole capture file. */
export function encodeCapture(frames: readonly Frame[], format: CaptureFormat): Uint8Array {
  const records = encodeFrames(frames, format); // first, for the header describes the first frame's interface
  return Buffer.concat([format.header(), records, format.trailer({ received: frames.length, lost: 0 })]);
}

/**
 * A whole pcap file. @throws UfoError ERR_UFO_INVALID_ARGUMENT for what is no frame, or one of another link type
 * @example
 * ```js
 * import { encodePcap, LINKTYPE_RAW, pcapFormat, segment } from 'udp-ufo';
 *
 * const source = { address: '192.0.2.1', port: 1111 };
 * const destination = { address: '192.0.2.2', port: 9999 };
 * const frames = [...segment({ source, destination, payload: new Uint8Array(4000) })];
 * console.log(encodePcap(frames, pcapFormat(LINKTYPE_RAW)).length); // 4140
 * ```
 */
export function encodePcap(frames: readonly Frame[], format: PcapFormat): Uint8Array {
  if (!Array.isArray(frames)) throw typeError('frames', frames, 'an array of frames');
  for (const [i, frame] of frames.entries()) checkFrame(`frames[${i}]`, frame);
  checkObject('format', format, 'what pcapFormat gives');
  return encodeCapture(frames, new PlainFormat(format));
}

function fieldsOf(frame: Frame, format: CaptureFormat): FrameFields {
  const { linktype, snaplen } = format;
  if (frame.linktype !== linktype) {
    throw argumentError('frame.linktype', frame.linktype, `${linktype}, the one link type of this capture file`);
  }
  const { seconds, nanoseconds, len, comment } = frame;
  return {
    seconds,
    nanoseconds,
    len,
    caplen: Math.min(frame.caplen, snaplen),
    interface: format.interfaceOf(frame.interface),
    ...(comment !== undefined && { comment: optionText(comment) }),
  };
}
