/** Words of a key: family and protocol, ident, source 4, destination 4. IPv4 uses the first four. */
export const KEY_WORDS = 10;
export const KEY_SOURCE = 2;

/**
 * One fragment, as either family's header parser leaves it for the reassembler. One object is filled again and again, so
 * that a fragment costs no allocation; nobody may keep it.
 */
export class Fragment {
  family: 4 | 6 = 4;
  /** What fragments of one datagram share: RFC 791 (source, destination, protocol, ident), RFC 8200 §4.5 (no protocol). */
  readonly key = new Int32Array(KEY_WORDS);
  /** Words of `key` in use. */
  keyLen = 4;
  /** IPv4's protocol field, or the next header of IPv6's fragment header. */
  protocol = 0;
  ident = 0;
  /** Octets into the reassembled IP payload. */
  offset = 0;
  /** Octets of IP payload it carries as its header says, and how many of them are in the frame. */
  len = 0;
  captured = 0;
  /** Whether the missing octets were never on the wire, instead of left out by the capture. */
  shortOnWire = false;
  more = false;
  /** Most octets of IP payload that the headers leave in a packet of 65,535 octets. */
  limit = 0;
  /** Seconds since the epoch. */
  time = 0;
  /** Where its data are: `bytes` and `view` are over the same memory. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  data = 0;
  /** Where `bytes` begins in the memory of the SIMD kernel, −1 where it is elsewhere. */
  at = -1;
}
