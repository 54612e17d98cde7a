import { type LayerKind, Layers } from './layers.js';

/** Numbers behind those of EtherTypes, for what has none. */
export const NEXT_IP = 0x1_0000;
/** The frame ends within a header. */
export const NEXT_CUT = 0x1_0001;
/** Something that is named by `unknown` and `value`. */
export const NEXT_UNKNOWN = 0x1_0002;

/** What kind of number tells what a frame carries. */
export type UnknownKind =
  | 'ethertype'
  | 'llc'
  | 'ppp'
  | 'address family'
  | 'ip version'
  | 'gre protocol'
  | 'gre version'
  | 'gre checksum'
  | 'mpls label'
  | 'pppoe'
  | 'llc control'
  | '802.1ah'
  | 'link type'
  | 'depth';

/**
 * Where the IP header of a frame is, and how the way there goes on while it is looked for; one object is filled again and
 * again. `family` 0 means no IP packet, and `why`: the frame ends within its link header, carries something else, or has a
 * link type we don't know.
 */
export class NetworkLayer {
  ok = false;
  family: 4 | 6 | 0 = 0;
  /** Offset of the IP header from the start of the view. */
  offset = 0;
  /** Octets captured from there on, padding and trailers included; possibly fewer than a header's. */
  len = 0;
  why: '' | 'truncated' | 'not-ip' | 'linktype' = '';
  /** What it is instead of IP. */
  unknown: UnknownKind = 'ethertype';
  value = 0;
  /** Offset of the innermost destination MAC address, −1 where the link has none. */
  mac = -1;
  /** EtherType of what comes at `offset`, or one of the numbers above. */
  next = 0;
  /** Where the captured octets end, a trailer that a length field tells left out. */
  end = 0;
  readonly layers = new Layers();

  /** Goes on with what `next` names, behind `len` octets of header. */
  step(len: number, next: number): void {
    this.offset += len;
    this.next = next;
  }

  /** Ends the way: what comes is no IP. */
  stop(unknown: UnknownKind, value: number): void {
    this.unknown = unknown;
    this.value = value;
    this.next = NEXT_UNKNOWN;
  }

  /** Adds a layer; ends the way where there are too many. */
  nest(kind: LayerKind, value: number): boolean {
    if (this.layers.push(kind, value)) return true;
    this.stop('depth', 0);
    return false;
  }

  /** Whether `len` octets are there; ends the way where not. */
  has(len: number): boolean {
    if (this.offset + len <= this.end) return true;
    this.next = NEXT_CUT;
    return false;
  }
}
