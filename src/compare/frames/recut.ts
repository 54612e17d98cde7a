import * as ipv4 from '../../wire/ipv4.js';
import { cutAgain } from '../cut.js';
import type { Difference } from '../difference.js';
import type { FramePacket } from './packet.js';

/** Pieces that a router made of a packet on its way to a smaller MTU (RFC 791 §2.3); over IPv6 none does. */
export class RecutPacket {
  readonly #sent: FramePacket;
  readonly #from: number;
  readonly #headerLen: number;
  readonly #there: Uint8Array;
  #largest = 0;

  constructor(sent: FramePacket) {
    const view = viewOf(sent.packet);
    this.#sent = sent;
    this.#from = 8 * ipv4.getFragOff(view, 0);
    this.#headerLen = ipv4.getHeaderLen(view, 0);
    this.#there = new Uint8Array(Math.max(0, sent.packet.length - this.#headerLen));
  }

  /** Whether a packet is one of those pieces: takes its octets then. */
  take(seen: FramePacket): boolean {
    const { packet, flow, family } = seen;
    if (family !== 4 || this.#sent.family !== 4 || flow !== this.#sent.flow) return false;
    const [sent, piece] = [viewOf(this.#sent.packet), viewOf(packet)];
    if (ipv4.getIdent(sent, 0) !== ipv4.getIdent(piece, 0) || (ipv4.getFragWord(sent, 0) & ipv4.DF) !== 0) return false;
    const headerLen = ipv4.getHeaderLen(piece, 0);
    const from = 8 * ipv4.getFragOff(piece, 0) - this.#from;
    const end = from + packet.length - headerLen;
    if (from < 0 || end > this.#there.length || packet.length >= this.#sent.packet.length) return false;
    const more = ipv4.getMoreFrags(piece, 0);
    if (more !== (end < this.#there.length || ipv4.getMoreFrags(sent, 0))) return false;
    const same = Buffer.compare(
      packet.subarray(headerLen),
      this.#sent.packet.subarray(this.#headerLen + from, this.#headerLen + end),
    );
    if (same !== 0) return false;
    this.#there.fill(1, from, end);
    this.#largest = Math.max(this.#largest, packet.length);
    return true;
  }

  get begun(): boolean {
    return this.#largest > 0;
  }

  get whole(): boolean {
    return this.begun && !this.#there.includes(0);
  }

  get difference(): Difference {
    return cutAgain(this.#sent.packet.length, this.#largest);
  }
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
