import type { Capture } from '../../capture/capture.js';
import type { Arrival } from '../../compare/cuts/gathering.js';
import { type CutPacket, readPacket } from '../../compare/cuts/packet.js';
import { upperLayer, viewOf } from '../../faults/packet.js';
import { mayHideUdp } from '../../verify/odd-packets.js';
import { ENDS_WITHIN, Tally } from '../../verify/tally.js';
import { mayHidePackets, unknownName } from '../../wire/encapsulation.js';
import { type Frame, frameData } from '../../wire/frame.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { isExtension } from '../../wire/ipv6-extension.js';
import { NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import { tunnelKind } from '../../wire/tunnel.js';
import { PROTOCOL as UDP } from '../../wire/udp.js';

/** A frame's packet; `time` is that of the frame before where it has none. */
interface FilePacket extends Arrival {
  /** null: the capture has not all of it, or its lengths are those of no packet. */
  readonly packet: CutPacket | null;
  /** null where the capture has not even that. */
  readonly family: 4 | 6 | null;
}

/**
 * Every UDP packet and every fragment of a capture, and what may hide one. Tunnels are not gone into: what they carry was cut
 * before it was put into them.
 */
export class FilePackets implements AsyncIterable<FilePacket> {
  readonly #capture: Capture;
  readonly #signal: AbortSignal;
  readonly #network = new NetworkLayer();
  readonly #tally = new Tally();
  #time = 0;
  /** Of frames that nothing could be found in. */
  unknownLinktype: number | undefined;

  constructor(capture: Capture, signal: AbortSignal) {
    this.#capture = capture;
    this.#signal = signal;
  }

  /** Frames that datagrams may hide in, which are not looked at, by what they are: as `verify` names them. */
  get passedOver(): Readonly<Record<string, number>> {
    return this.#tally.kinds;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FilePacket> {
    for await (const frames of this.#capture) {
      this.#signal.throwIfAborted();
      for (const frame of frames) {
        this.#tally.begin();
        const found = this.#find(frame);
        this.#tally.end();
        if (found !== null) yield found;
      }
    }
  }

  #find(frame: Frame): FilePacket | null {
    if (frame.seconds !== 0 || frame.nanoseconds !== 0) this.#time = frame.seconds + frame.nanoseconds * 1e-9;
    const network = this.#network;
    const octets = frameData(frame);
    const isCut = frame.caplen < frame.len;
    const isIp = networkLayer(viewOf(octets), 0, octets.length, frame.linktype, network);
    const { layers } = network;
    const arrival: Arrival = {
      ...{ frame: this.#tally.frames, time: this.#time },
      ...{ layers: layers.key, via: layers.depth === 0 ? '' : layers.text() },
    };
    if (!isIp) return this.#noIp(frame, isCut) ? { ...arrival, packet: null, family: null } : null;
    const family = network.family as 4 | 6;
    const rest = octets.subarray(network.offset);
    if (isShort(rest)) return this.#cut(isCut) ? { ...arrival, packet: null, family } : null;
    const packet = readPacket(rest);
    if (packet !== null) this.#hide(packet);
    return isOurs(rest) ? { ...arrival, packet, family } : null;
  }

  /** Whether the capture has cut what may be a packet. */
  #noIp({ linktype }: Frame, isCut: boolean): boolean {
    const network = this.#network;
    if (network.why === 'linktype') this.unknownLinktype = linktype;
    if (network.why === 'truncated') return this.#cut(isCut);
    if (mayHidePackets(network)) this.#tally.hide(unknownName(network));
    return false;
  }

  /** A frame that ends within a header. */
  #cut(isCut: boolean): boolean {
    if (!isCut) this.#tally.hide(ENDS_WITHIN);
    return isCut;
  }

  /** A packet that carries others, or that may. */
  #hide(packet: CutPacket): void {
    const { family, payload } = packet;
    const { protocol, offset } = upperLayer(packet);
    const kind = tunnelKind(
      viewOf(payload),
      { family, protocol },
      offset < 0 ? payload.length : offset,
      payload.length,
    );
    if (kind !== null) this.#tally.hide(kind);
    else if (protocol !== UDP && mayHideUdp(family, protocol, payload[Math.max(0, offset)] ?? 'nothing'))
      this.#tally.hide(`${family === 4 ? 'protocol' : 'next header'} ${protocol}`);
  }
}

function isShort(octets: Uint8Array): boolean {
  return octets.length < ((octets[0] ?? 0) >>> 4 === 6 ? ipv6.HEADER_LEN : ipv4.HEADER_LEN);
}

/** UDP over IPv4, and over IPv6 UDP and whatever has extension headers. */
function isOurs(octets: Uint8Array): boolean {
  const view = viewOf(octets);
  if (octets[0]! >>> 4 !== 6) return ipv4.getProtocol(view, 0) === UDP;
  const next = ipv6.getNextHeader(view, 0);
  return next === UDP || isExtension(next);
}
