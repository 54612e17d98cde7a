/**
 * IPv6 routing headers (RFC 8200 §4.4).
 *
 *      0               8               16              24            31
 *     +---------------+---------------+---------------+---------------+
 *     |  nextHeader   |      len      |     type      |  segmentsLeft |
 *     +---------------+---------------+---------------+---------------+
 *     |          type-specific data, 8 × len + 4 octets               |
 */
import { octetsAt } from './octets.js';

/** Source route, deprecated by RFC 5095: addresses in the order of travel. */
const TYPE_SOURCE_ROUTE = 0;
/** Mobile IPv6 (RFC 6275 §6.4): one home address. */
const TYPE_MOBILE = 2;
/** RPL source route (RFC 6554): addresses with the prefix left out. */
const TYPE_RPL = 3;
/** Segment routing (RFC 8754 §2): the last segment comes first. */
const TYPE_SEGMENT_ROUTING = 4;

const LEN = 1;
const TYPE = 2;
const SEGMENTS_LEFT = 3;
/** Of segment routing: index of the last address. */
const LAST_ENTRY = 4;
/** Type-specific data that precede the addresses are 4 octets in all four types. */
const ADDRESSES = 8;

/** Octets of the whole header. */
export function getHeaderLen(view: DataView, base: number): number {
  return 8 * (view.getUint8(base + LEN) + 1);
}

export function getType(view: DataView, base: number): number {
  return view.getUint8(base + TYPE);
}

export function getSegmentsLeft(view: DataView, base: number): number {
  return view.getUint8(base + SEGMENTS_LEFT);
}

/**
 * How many segments may be left at the most: the addresses that the header holds (RFC 2460 §4.4, RFC 6275 §6.4, RFC 6554 §4.2),
 * of segment routing one more than its last entry, which it must hold (RFC 8754 §4.3.1.1). Undefined for other types.
 */
export function mostSegmentsLeft(view: DataView, base: number): number | undefined {
  const addressesLen = getHeaderLen(view, base) - ADDRESSES;
  const addresses = addressesLen >>> 4;
  switch (getType(view, base)) {
    case TYPE_SOURCE_ROUTE:
      return addresses;
    case TYPE_MOBILE:
      return Math.min(1, addresses);
    case TYPE_SEGMENT_ROUTING:
      return view.getUint8(base + LAST_ENTRY) < addresses ? view.getUint8(base + LAST_ENTRY) + 1 : 0;
    case TYPE_RPL: {
      const [inner, last] = [16 - (view.getUint8(base + 4) >>> 4), 16 - (view.getUint8(base + 4) & 0x0f)];
      const rest = addressesLen - (view.getUint8(base + 5) >>> 4) - last;
      return rest < 0 ? 0 : Math.floor(rest / inner) + 1;
    }
    default:
      return undefined;
  }
}

/**
 * Whether hosts drop a packet for a routing header in which nothing is wrong, unless they are told otherwise: for a source route
 * (RFC 5095 §3), a home address that they do not know, and segments that they are not asked to serve, used up or not.
 */
export function isUnwelcome(type: number, segmentsLeft: number): boolean {
  if (type === TYPE_SOURCE_ROUTE) return segmentsLeft > 0;
  return type === TYPE_MOBILE || type === TYPE_RPL || type === TYPE_SEGMENT_ROUTING;
}

/**
 * Writes the final destination of a packet, which its pseudo-header uses (RFC 8200 §8.1), to `out` (16 octets): the last
 * address of the routing header at `routing`, or `destination`, that of the fixed header, where no segments are left.
 * False where the header's type or shape does not tell; then `out` is `destination`. The routing header must lie within
 * the view as a whole, as `walkExtensions` makes sure.
 */
export function finalDestination(view: DataView, routing: number, destination: Uint8Array, out: Uint8Array): boolean {
  out.set(destination);
  if (getSegmentsLeft(view, routing) === 0) return true;
  const addressesLen = getHeaderLen(view, routing) - ADDRESSES;
  switch (getType(view, routing)) {
    case TYPE_SOURCE_ROUTE:
      return copyTail(view, routing + ADDRESSES, addressesLen - (addressesLen % 16) - 16, 16, out);
    case TYPE_MOBILE:
    case TYPE_SEGMENT_ROUTING:
      return copyTail(view, routing + ADDRESSES, addressesLen < 16 ? -1 : 0, 16, out);
    case TYPE_RPL:
      return rplDestination(view, routing, addressesLen, out);
    default:
      return false;
  }
}

/** Overwrites the last `len` octets of `out` with those at `base + offset`; false for a negative offset. */
function copyTail(view: DataView, base: number, offset: number, len: number, out: Uint8Array): boolean {
  if (offset < 0) return false;
  out.set(octetsAt(view, base + offset, len), 16 - len);
  return true;
}

/** The last address leaves out cmprE octets, which it shares with the destination; padding follows it. */
function rplDestination(view: DataView, routing: number, addressesLen: number, out: Uint8Array): boolean {
  const lastLen = 16 - (view.getUint8(routing + 4) & 0x0f);
  const pad = view.getUint8(routing + 5) >>> 4;
  return copyTail(view, routing + ADDRESSES, addressesLen - pad - lastLen, lastLen, out);
}
