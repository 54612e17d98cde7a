import type { Capture } from '../../capture/capture.js';
import { type CutPacket, readPacket } from '../../compare/cuts/packet.js';
import { viewOf } from '../../faults/packet.js';
import { frameData } from '../../wire/frame.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { isExtension } from '../../wire/ipv6-extension.js';
import { NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import { PROTOCOL as UDP } from '../../wire/udp.js';

interface FilePacket {
  /** null: the capture has not all of it, or its lengths are those of no packet. */
  readonly packet: CutPacket | null;
  /** null where the capture has not even that. */
  readonly family: 4 | 6 | null;
  readonly frame: number;
  /** Seconds since the epoch; that of the frame before where it has none. */
  readonly time: number;
}

/** Every UDP packet and every fragment of a capture, and what may hide one. */
export class FilePackets implements AsyncIterable<FilePacket> {
  readonly #capture: Capture;
  readonly #signal: AbortSignal;
  readonly #network = new NetworkLayer();
  /** Of frames that nothing could be found in. */
  unknownLinktype: number | undefined;

  constructor(capture: Capture, signal: AbortSignal) {
    this.#capture = capture;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FilePacket> {
    const network = this.#network;
    let [frame, time] = [0, 0];
    for await (const frames of this.#capture) {
      this.#signal.throwIfAborted();
      for (const one of frames) {
        frame += 1;
        if (one.seconds !== 0 || one.nanoseconds !== 0) time = one.seconds + one.nanoseconds * 1e-9;
        const octets = frameData(one);
        const isCut = one.caplen < one.len;
        if (!networkLayer(viewOf(octets), 0, octets.length, one.linktype, network)) {
          if (network.why === 'linktype') this.unknownLinktype = one.linktype;
          if (network.why === 'truncated' && isCut) yield { packet: null, family: null, frame, time };
          continue;
        }
        const packet = octets.subarray(network.offset);
        const family = network.family as 4 | 6;
        if (isOurs(packet, isCut)) yield { packet: readPacket(packet), family, frame, time };
      }
    }
  }
}

/** UDP over IPv4, and over IPv6 UDP and whatever has extension headers; what is cut within the IP header may be. */
function isOurs(octets: Uint8Array, isCut: boolean): boolean {
  const version = (octets[0] ?? 0) >>> 4;
  const view = viewOf(octets);
  if (octets.length < (version === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN)) return isCut;
  if (version === 4) return ipv4.getProtocol(view, 0) === UDP;
  const next = ipv6.getNextHeader(view, 0);
  return next === UDP || isExtension(next);
}
