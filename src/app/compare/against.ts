import { openFileCapture } from '../../capture/file/engine.js';
import { FileMtu } from '../../compare/cuts/file-mtu.js';
import { type Gathered, Gatherer } from '../../compare/cuts/gather.js';
import { type CutPacket, readPacket } from '../../compare/cuts/packet.js';
import { usageError } from '../../errors.js';
import { viewOf } from '../../faults/packet.js';
import { frameData } from '../../wire/frame.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { isExtension } from '../../wire/ipv6-extension.js';
import { NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import { PROTOCOL as UDP } from '../../wire/udp.js';
import { FileCutter } from './file-cutter.js';
import type { LiveEnd } from './live.js';
import type { DatagramReport } from './report.js';

export interface AgainstOptions {
  /** A capture file; `-` is standard input, which needs an MTU, for it is read once. */
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
  signal: AbortSignal,
): Promise<LiveEnd> {
  if (file === '-' && mtu === undefined) {
    throw usageError('--against: standard input is read once, and its MTU would have to be known', 'give --mtu');
  }
  const mtus = mtu ?? new FileMtu();
  if (typeof mtus !== 'number') {
    for await (const { packet } of packetsOf(file, signal)) if (packet !== null) mtus.add(packet);
  }
  const gatherer = new Gatherer();
  const cutter = new FileCutter(mtus);
  const tellAll = async (all: readonly Gathered[]): Promise<void> => {
    for (const one of all) {
      const report = cutter.hold(one);
      if (report !== null) await tell(report);
    }
  };
  let captureLost: number | null = null;
  for await (const { packet, frame, lost } of packetsOf(file, signal)) {
    captureLost = lost();
    if (packet === null) await tell(cutter.cutByCapture(frame));
    else await tellAll(gatherer.push(packet, frame));
  }
  await tellAll(gatherer.end());
  return { source: file === '-' ? 'standard input' : file, absent: [], captureLost, doubled: gatherer.duplicates };
}

interface FilePacket {
  /** null: the capture has not all of it. */
  readonly packet: CutPacket | null;
  readonly frame: number;
  /** Frames the capture lost, as far as the file says by now. */
  readonly lost: () => number | null;
}

/** Every UDP packet and every fragment of a file. */
async function* packetsOf(file: string, signal: AbortSignal): AsyncGenerator<FilePacket> {
  const network = new NetworkLayer();
  await using capture = await openFileCapture(file, { signal });
  let frame = 0;
  let lost: number | null = null;
  for await (const frames of capture) {
    signal.throwIfAborted();
    for (const one of frames) {
      frame += 1;
      const octets = frameData(one);
      if (!networkLayer(viewOf(octets), 0, octets.length, one.linktype, network)) continue;
      const packet = octets.subarray(network.offset);
      if (isOurs(packet)) yield { packet: readPacket(packet), frame, lost: () => lost };
    }
    ({ lost } = await capture.stats());
  }
}

/** UDP over IPv4, and over IPv6 UDP and whatever has extension headers. */
function isOurs(octets: Uint8Array): boolean {
  const version = (octets[0] ?? 0) >>> 4;
  const view = viewOf(octets);
  if (version === 4) return octets.length >= ipv4.HEADER_LEN && ipv4.getProtocol(view, 0) === UDP;
  if (version !== 6 || octets.length < ipv6.HEADER_LEN) return false;
  const next = ipv6.getNextHeader(view, 0);
  return next === UDP || isExtension(next);
}
