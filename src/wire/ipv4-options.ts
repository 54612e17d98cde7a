/**
 * IPv4 options (RFC 791 §3.1): one octet (end of list, no operation) or type, length and data.
 *
 *      0 1 2 3 4 5 6 7
 *     +-+---+---------+--------+-------- …
 *     |C|cls| number  | length | data
 *     +-+---+---------+--------+-------- …
 *
 * C, the copied flag, says that the option belongs into every fragment. `length` counts type and length too.
 */
import { DESTINATION, getHeaderLen, OPTIONS } from './ipv4.js';

export const END = 0;
export const NOP = 1;
export const RECORD_ROUTE = 7;
export const TIMESTAMP = 68;
/** Loose and strict source and record route. */
export const LSRR = 131;
export const SSRR = 137;
export const ROUTER_ALERT = 148;
/** Labels of networks that a node must be told of: a node that was not drops the packet. */
const CIPSO = 134;
/** The octets of options that fit a header. */
export const MAX_LEN = 40;

const COPIED = 0x80;

/** One option: `offset` of its type octet from the start of the bytes given, `len` octets with type and length. */
export interface Ipv4Option {
  readonly type: number;
  readonly offset: number;
  readonly len: number;
  readonly copied: boolean;
}

/** Whether an option of this type belongs into every fragment. */
function isCopied(type: number): boolean {
  return (type & COPIED) !== 0;
}

/**
 * The options in `bytes[offset … offset + len)` in order, NOPs and the end of the list included; stops after the end and at
 * the first option whose length is impossible.
 */
export function* iterateOptions(bytes: Uint8Array, offset = 0, len: number = bytes.length): Generator<Ipv4Option> {
  for (let at = offset; at < offset + len; ) {
    const type = bytes[at]!;
    const optionLen = lengthAt(bytes, at, offset + len);
    if (optionLen === 0) return;
    yield { type, offset: at, len: optionLen, copied: isCopied(type) };
    if (type === END) return;
    at += optionLen;
  }
}

/** Octets of the option at `at`; 0 where its length is missing, below 2, or leads past `end`. */
function lengthAt(bytes: Uint8Array, at: number, end: number): number {
  const type = bytes[at]!;
  if (type === END || type === NOP) return 1;
  if (at + 1 >= end) return 0;
  const len = bytes[at + 1]!;
  return len >= 2 && at + len <= end ? len : 0;
}

/** Source routes, recorded routes and timestamps are written by every router that they pass (RFC 791 §3.1). */
const WRITTEN_ON_THE_WAY: readonly number[] = [RECORD_ROUTE, TIMESTAMP, LSRR, SSRR];

/** A copy of the options with zeros for what routers write. */
export function withoutRouteData(options: Uint8Array): Uint8Array {
  const octets = Uint8Array.from(options);
  for (const { type, offset, len } of iterateOptions(options)) {
    if (WRITTEN_ON_THE_WAY.includes(type)) octets.fill(0, offset + 2, offset + len);
  }
  return octets;
}

/**
 * Why a receiver drops a packet with the options `[offset, offset + len)` (RFC 791 §3.1, the kernel's `ip_options_compile`);
 * null where it does not.
 */
export function receivedOptionsFault(bytes: Uint8Array, offset: number, len: number): string | null {
  const end = offset + len;
  const seen = new Set<string>();
  for (let at = offset; at < end; ) {
    const type = bytes[at]!;
    if (type === END) return null;
    const optionLen = lengthAt(bytes, at, end);
    if (optionLen === 0) return lengthFault(bytes, at, end);
    const once = ONCE.get(type);
    if (once !== undefined && seen.has(once)) return `option ${type} got a second ${once}, want one`;
    if (once !== undefined) seen.add(once);
    const fault = pointerFault(bytes, at, optionLen);
    if (fault !== null) return fault;
    at += optionLen;
  }
  return null;
}

/** Options of which a header may have but one of a kind. */
const ONCE: ReadonlyMap<number, string> = new Map([
  [LSRR, 'source route'],
  [SSRR, 'source route'],
  [RECORD_ROUTE, 'record of the route'],
  [TIMESTAMP, 'timestamp'],
]);

/**
 * The first option that hosts drop a packet for unless they are told otherwise, though nothing is wrong with it; −1 for none.
 * Source routes go nowhere without `accept_source_route`, used up or not (RFC 7126 §4.3), and CIPSO needs a domain.
 */
export function unwelcomeOption(bytes: Uint8Array, offset: number, len: number): number {
  for (const { type } of iterateOptions(bytes, offset, len))
    if (type === LSRR || type === SSRR || type === CIPSO) return type;
  return -1;
}

function lengthFault(bytes: Uint8Array, at: number, end: number): string {
  const type = bytes[at]!;
  if (at + 1 >= end) return `option ${type} got no length, want it within the header`;
  const len = bytes[at + 1]!;
  return len < 2
    ? `option ${type} got length ${len}, want at least 2`
    : `option ${type} got length ${len}, want at most ${end - at}, the header's rest`;
}

/**
 * The pointers of routes count from the option's type octet, from 1, and lie behind the pointer itself: at room for another
 * whole entry, or behind the option's end.
 */
function pointerFault(bytes: Uint8Array, at: number, len: number): string | null {
  const type = bytes[at]!;
  if (type === ROUTER_ALERT) return len < 4 ? `option ${type} got length ${len}, want at least 4` : null;
  const least = type === LSRR || type === SSRR || type === RECORD_ROUTE ? 4 : type === TIMESTAMP ? 5 : 0;
  if (least === 0) return null;
  if (len < least - 1) return `option ${type} got length ${len}, want at least ${least - 1}`;
  const pointer = bytes[at + 2]!;
  if (pointer < least) return `option ${type} got pointer ${pointer}, want at least ${least}`;
  const flags = type === TIMESTAMP ? bytes[at + 3]! : 0;
  if (pointer > len) return overflown(flags) ? `option ${type} got overflow 15, want less` : null;
  const entry = hasAddress(flags & 0x0f) ? 8 : 4;
  const room = len - pointer + 1;
  return room < entry ? `option ${type} got room for ${room} octets, want ${entry} or none` : null;
}

/** Timestamps with the address of the host that wrote them: every one's (1), or those asked for (3). */
function hasAddress(flag: number): boolean {
  return flag === 1 || flag === 3;
}

/** Hosts that had no room to write are counted, unless only those asked for write; more than 15 there cannot be. */
function overflown(flags: number): boolean {
  return (flags & 0x0f) !== 3 && flags >>> 4 === 15;
}

/** Why these octets are no list of options, or null where they are one; for options that a user gives. */
export function optionsFault(bytes: Uint8Array): string | null {
  if (bytes.length > MAX_LEN) return `${bytes.length} octets, a header holds ${MAX_LEN}`;
  let end = 0;
  for (const option of iterateOptions(bytes)) {
    if (option.type === END) return null;
    end = option.offset + option.len;
  }
  return end === bytes.length ? null : `option ${bytes[end]} at octet ${end} has no valid length`;
}

/**
 * Makes the options of a first fragment, in place, those of the later ones: every option without the copied flag becomes
 * NOPs, so that the header keeps its length (the kernel's `ip_options_fragment`).
 */
export function fragmentOptions(bytes: Uint8Array, offset: number, len: number): void {
  const end = offset + len;
  for (let at = offset; at < end; ) {
    const optionLen = lengthAt(bytes, at, end);
    if (optionLen === 0 || bytes[at] === END) return;
    if (!isCopied(bytes[at]!)) bytes.fill(NOP, at, at + optionLen);
    at += optionLen;
  }
}

/**
 * Offset in the view of the four octets of the final destination: the last address of an LSRR or SSRR that is not used up,
 * otherwise the header's destination. The pseudo-header uses it (RFC 1122 §4.1.3.4 with RFC 791's source routes). The
 * header must lie within the view.
 */
export function finalDestinationOffset(view: DataView, base: number): number {
  const end = base + getHeaderLen(view, base);
  for (let at = base + OPTIONS; at < end; ) {
    const type = view.getUint8(at);
    if (type === END) break;
    if (type === NOP) {
      at += 1;
      continue;
    }
    const len = at + 1 < end ? view.getUint8(at + 1) : 0;
    if (len < 2 || at + len > end) break;
    if (type === LSRR || type === SSRR) return routeEnd(view, at, len) ?? base + DESTINATION;
    at += len;
  }
  return base + DESTINATION;
}

/** The last address of the source route at `at`; undefined where its pointer is past the end: the route is used up. */
function routeEnd(view: DataView, at: number, len: number): number | undefined {
  const addresses = (len - 3) >> 2;
  if (addresses < 1) return undefined;
  const pointer = view.getUint8(at + 2);
  return pointer < 4 || pointer + 3 > len ? undefined : at + 3 + 4 * (addresses - 1);
}
