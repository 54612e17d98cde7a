import { fileNotes, openFileCapture } from '../../capture/file/engine.js';
import { FileMtu } from '../../compare/cuts/file-mtu.js';
import { Gatherer } from '../../compare/cuts/gather.js';
import type { Gathered } from '../../compare/cuts/gathering.js';
import { usageError } from '../../errors.js';
import { isReadOnce } from '../../host/input-stream.js';
import { SameFile } from '../../host/same-file.js';
import { unreadLinktype } from '../../wire/link-layer.js';
import { noteFault, noteFile } from '../common/file-notes.js';
import type { Output } from '../common/output.js';
import { FileCutter } from './file-cutter.js';
import { FilePackets } from './file-packets.js';
import type { LiveEnd } from './live.js';
import type { DatagramReport } from './report.js';

export interface AgainstOptions {
  /** A capture file, `-` for standard input; what can be read but once needs an MTU. */
  readonly file: string;
  /** What the datagrams were cut for; default as the packets of the file tell. */
  readonly mtu?: number | undefined;
}

/**
 * Holds every UDP datagram of a capture against what our UFO stage makes of it: the datagram is put together, and cut anew.
 * @throws UfoError ERR_UFO_USAGE, ERR_UFO_NOT_A_PCAP, of the system
 */
export async function compareFile(
  { file, mtu }: AgainstOptions,
  tell: (report: DatagramReport) => Promise<void>,
  output: Pick<Output, 'note'>,
  signal: AbortSignal,
): Promise<LiveEnd> {
  if (mtu === undefined && (await isReadOnce(file))) {
    throw usageError(`--against: ${file} can be read once, and its MTU would have to be known before`, 'give --mtu');
  }
  const same = new SameFile(file);
  await same.check();
  const cutter = new FileCutter(mtu ?? (await mtuOf(file, signal)));
  await same.check();
  const gatherer = new Gatherer();
  const tellAll = async (all: readonly Gathered[]): Promise<void> => {
    for (const one of all) {
      const report = cutter.hold(one);
      if (report !== null) await tell(report);
    }
  };
  await using capture = await openFileCapture(file, { signal });
  const packets = new FilePackets(capture, signal);
  for await (const { packet, family, ...arrival } of packets) {
    if (packet === null) await tell(cutter.cutByCapture(family, arrival));
    else await tellAll(gatherer.push(packet, arrival));
  }
  await tellAll(gatherer.end());
  if (mtu === undefined) await same.check();
  noteFault(capture, 'compared is what came before', output);
  const notes = [...fileNotes(capture), ...unreadLinktype(packets.unknownLinktype)];
  noteFile(capture.source, notes, output);
  const { lost } = await capture.stats();
  const fault = capture.fault === '' ? null : capture.fault;
  const notCompared = packets.passedOver;
  return {
    source: capture.source,
    absent: [],
    captureLost: lost,
    fault,
    notes,
    doubled: gatherer.duplicates,
    notCompared,
  };
}

/** A reading of its own: what is cut first may be cut for more than its own packets show. */
async function mtuOf(file: string, signal: AbortSignal): Promise<FileMtu> {
  const mtus = new FileMtu();
  await using capture = await openFileCapture(file, { signal });
  for await (const { packet, layers } of new FilePackets(capture, signal)) {
    if (packet !== null) mtus.add(packet, layers);
  }
  return mtus;
}
