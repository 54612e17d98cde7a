import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { Layers } from '../../wire/layers.js';

/** Words of a key: family and protocol, ident, layers, source 4, destination 4. IPv4 uses the first five. */
export const KEY_WORDS = 11;
const KEY_IDENT = 1;
export const KEY_LAYERS = 2;
export const KEY_SOURCE = 3;

/** By what fragments are known to be of one datagram, and where that is kept. */
export interface Keying {
  readonly family: 4 | 6;
  readonly protocol: number;
  readonly ident: number;
  readonly layers: { readonly key: number };
  readonly key: Int32Array;
  keyLen: number;
}

/**
 * Makes the key of a fragment whose IP header is at `base`: RFC 791 (source, destination, protocol, ident), RFC 8200 §4.5 (no
 * protocol), and the network that it came through.
 */
export function setKey(of: Keying, view: DataView, base: number): void {
  const { family, key } = of;
  const words = family === 4 ? 2 : 8;
  const addresses = base + (family === 4 ? ipv4.SOURCE : ipv6.SOURCE);
  key[0] = family === 4 ? (4 << 8) | of.protocol : 6 << 8;
  key[KEY_IDENT] = of.ident;
  key[KEY_LAYERS] = of.layers.key;
  for (let i = 0; i < words; i++) key[KEY_SOURCE + i] = view.getInt32(addresses + 4 * i);
  of.keyLen = KEY_SOURCE + words;
}

/**
 * One fragment, as either family's header parser leaves it for the reassembler. One object is filled again and again, so
 * that a fragment costs no allocation; nobody may keep it.
 */
export class Fragment implements Keying {
  family: 4 | 6 = 4;
  /** What fragments of one datagram share: `setKey`. */
  readonly key = new Int32Array(KEY_WORDS);
  /** Words of `key` in use. */
  keyLen = KEY_SOURCE + 2;
  /** VLAN tags, labels and tunnels around the packet. */
  layers = new Layers();
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
  /** TTL or hop limit, and TOS or traffic class. */
  ttl = 0;
  tos = 0;
  /** Number of its frame in the capture, from 1, and its time: seconds since the epoch. */
  frame = 0;
  time = 0;
  /** Destination MAC address, the first two octets and the other four; −1 where the link has none. */
  macHigh = -1;
  macLow = -1;
  /** Where its data are: `bytes` and `view` are over the same memory. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  data = 0;
  /** Where its IP header begins. */
  header = 0;
  /** Where `bytes` begins in the memory of the SIMD kernel, −1 where it is elsewhere. */
  at = -1;
}

/** What is known of a packet of which not even the addresses are. */
export function noHeader(fragment: Fragment, family: 4 | 6): void {
  const { key } = fragment;
  fragment.family = family;
  fragment.keyLen = family === 4 ? KEY_SOURCE + 2 : KEY_WORDS;
  key.fill(0);
  key[0] = family << 8;
  key[KEY_LAYERS] = fragment.layers.key;
  fragment.protocol = fragment.ident = fragment.offset = fragment.ttl = fragment.tos = 0;
  fragment.more = false;
}
