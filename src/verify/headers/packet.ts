import type { Code } from '../codes.js';

/** The IP packet of the frame at hand. One object is filled again and again. */
export class Packet {
  bytes: Uint8Array = new Uint8Array(0);
  /** Over the whole ArrayBuffer of `bytes`, as all offsets here. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Offset of the frame, and its link type. */
  link = 0;
  linktype = 0;
  /** Offset of the IP header. */
  base = 0;
  /** Octets captured from there on, link-layer padding included, and how many there were on the wire. */
  captured = 0;
  onWire = 0;
  /** Octets of IP header and IPv6 headers before the fragment or UDP header. */
  headerLen = 0;
  /** Whether the length field says 0, so that the frame's length counts. */
  lengthMissing = false;
  /** What is wrong with a packet whose headers cannot be used. */
  fault = '';
  faultCode: Code = 'ip-version';
  /** Which octets from `base` on say so, `[start, end)`. */
  faultMark: readonly [number, number] = [0, 1];

  /** Notes why the headers cannot be used. */
  malformed(code: Code, fault: string, mark: readonly [number, number]): 'malformed' {
    this.faultCode = code;
    this.fault = fault;
    this.faultMark = mark;
    return 'malformed';
  }
}

/**
 * What a parser made of a packet. `whole`: UDP that was not fragmented. `atomic`: an IPv6 fragment that is the whole
 * datagram (RFC 6946). `other`: a whole packet of another protocol, in order as far as looked at; `faulty`: one that is
 * not. `short`: the capture cut the headers. `malformed`: see `fault`.
 */
export type PacketKind = 'fragment' | 'atomic' | 'whole' | 'other' | 'faulty' | 'short' | 'malformed';
