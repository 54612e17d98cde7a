import type { CaptureChildArguments } from '../../capture/child/protocol.js';
import { fileSink } from '../../capture/child/sinks.js';
import type { RecordSink } from '../../capture/record-sink.js';
import { datagramComments } from '../../wire/datagram-comments.js';
import { VerdictSink } from './verdict-sink.js';

/** Where the frames of the capture child go where its parent does not want them. */
export function createSink(options: CaptureChildArguments): RecordSink {
  const { file, mode, interface: name } = options;
  const comments = file?.comments ? datagramComments() : undefined;
  const toFile = file === undefined ? null : fileSink(file, name, comments);
  return mode === 'file' && toFile !== null ? toFile : new VerdictSink(options, toFile);
}
