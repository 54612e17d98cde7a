/**
 * IPv6 extension headers (RFC 8200 §4). Hop-by-hop, routing and destination headers begin alike:
 *
 *      0               8               16
 *     +---------------+---------------+-------- …
 *     |  nextHeader   |      len      | 8 × (len + 1) octets in all
 *     +---------------+---------------+-------- …
 *
 * The fragment header (§4.5) has a fixed length of 8:
 *
 *      0               8               16                      29  31
 *     +---------------+---------------+-------------------------+---+-+
 *     |  nextHeader   |   reserved    |         fragOff         |res|M|
 *     +---------------+---------------+-------------------------+---+-+
 *     |                             ident                             |
 *     +---------------------------------------------------------------+
 *
 * Routing headers are in `ipv6-routing.ts`, options in `ipv6-options.ts`.
 */
import { formatPiece } from './fragment-text.js';
import { OptionsFound, walkOptions } from './ipv6-options.js';

export const HOP_BY_HOP = 0;
export const ROUTING = 43;
export const FRAGMENT = 44;
export const ESP = 50;
export const AUTHENTICATION = 51;
export const NO_NEXT_HEADER = 59;
export const DESTINATION_OPTIONS = 60;

export const FRAGMENT_HEADER_LEN = 8;

const FRAG_NEXT_HEADER = 0;
const FRAG_RESERVED = 1;
export const FRAG_OFF = 2;
const FRAG_IDENT = 4;
const MORE_FRAGS = 1;

export function getFragNextHeader(view: DataView, base: number): number {
  return view.getUint8(base + FRAG_NEXT_HEADER);
}

/** In 8-octet units, 0 … 8191. */
export function getFragOff(view: DataView, base: number): number {
  return view.getUint16(base + FRAG_OFF) >>> 3;
}

export function getMoreFrags(view: DataView, base: number): boolean {
  return (view.getUint16(base + FRAG_OFF) & MORE_FRAGS) !== 0;
}

/** 32 bits, unsigned. */
export function getFragIdent(view: DataView, base: number): number {
  return view.getUint32(base + FRAG_IDENT);
}

/** Next header, with the reserved octet beside it cleared. */
export function setFragNextHeader(view: DataView, base: number, value: number): void {
  view.setUint8(base + FRAG_NEXT_HEADER, value);
  view.setUint8(base + FRAG_RESERVED, 0);
}

/** `fragOff` in 8-octet units; the offset and the M bit share a word, so they are written together. */
export function setFragOff(view: DataView, base: number, fragOff: number, moreFrags: boolean): void {
  view.setUint16(base + FRAG_OFF, (fragOff << 3) | (moreFrags ? MORE_FRAGS : 0));
}

export function setFragIdent(view: DataView, base: number, value: number): void {
  view.setUint32(base + FRAG_IDENT, value);
}

/** `fragOff` in 8-octet units. */
export interface FragmentHeader {
  readonly nextHeader: number;
  readonly fragOff: number;
  readonly moreFrags: boolean;
  readonly ident: number;
}

/** The fragment header in `len` octets at `base`; null where they are fewer than 8. */
export function parseFragment(view: DataView, base: number, len: number): FragmentHeader | null {
  if (len < FRAGMENT_HEADER_LEN) return null;
  return {
    nextHeader: getFragNextHeader(view, base),
    fragOff: getFragOff(view, base),
    moreFrags: getMoreFrags(view, base),
    ident: getFragIdent(view, base),
  };
}

/** Writes the fragment header, reserved bits 0. Returns its length. */
export function emitFragment(view: DataView, base: number, header: FragmentHeader): number {
  setFragNextHeader(view, base, header.nextHeader);
  setFragOff(view, base, header.fragOff, header.moreFrags);
  setFragIdent(view, base, header.ident);
  return FRAGMENT_HEADER_LEN;
}

/**
 * What `walkExtensions` found. All offsets count from the start of the view; −1 where there is no such header. One object
 * is filled again and again, so that a walk allocates nothing.
 */
export class ExtensionChain {
  /**
   * `ok`: `upperOffset` and `upperProtocol` hold. `truncated`: the octets end within a header. `malformed`: a hop-by-hop
   * header that is not first, or a second fragment header. Fields found before stay filled.
   */
  status: 'ok' | 'truncated' | 'malformed' = 'ok';
  /** Protocol of the first header that is no extension header; for a later fragment the fragment header's next header. */
  upperProtocol = NO_NEXT_HEADER;
  /** Where that header or the fragment's piece begins. */
  upperOffset = 0;
  hopByHopOffset = -1;
  routingOffset = -1;
  fragmentOffset = -1;
  /**
   * End of the per-fragment part (RFC 8200 §4.5): after the routing header, else after hop-by-hop, else after the fixed
   * header. Here a fragment header belongs; what follows is cut.
   */
  perFragmentEnd = 0;
  /** Offset of the next-header octet that must say 44 when a fragment header is put at `perFragmentEnd`. */
  perFragmentNextHeader = 0;
  /** Jumbo payload length (RFC 2675), 0 where there is no such option. */
  jumboLen = 0;
}

/**
 * Walks the chain in `[start, end)` that the next-header octet at `nextHeaderAt` begins (for a packet: the fixed header's,
 * `base + ipv6.NEXT_HEADER`, with `start = base + ipv6.HEADER_LEN`). Never throws, `end` bounding every access; returns
 * whether it came to the end of the chain. Stops behind the fragment header of a later fragment, since what follows is
 * the middle of something. ESP and unknown headers end the chain as upper protocols.
 */
export function walkExtensions(
  view: DataView,
  nextHeaderAt: number,
  start: number,
  end: number,
  out: ExtensionChain,
): boolean {
  begin(out, nextHeaderAt, start);
  let at = start;
  let link = nextHeaderAt; // offset of the octet that names the header at `at`
  for (;;) {
    const protocol = view.getUint8(link);
    out.upperProtocol = protocol;
    out.upperOffset = at;
    if (!isExtension(protocol)) return true;
    const len = headerLenAt(view, protocol, at, end);
    if (len === 0 || at + len > end) return stop(out, 'truncated');
    if (!note(view, protocol, at, len, start, out)) return stop(out, 'malformed');
    link = at;
    at += len;
    if (protocol === HOP_BY_HOP || protocol === ROUTING) {
      out.perFragmentEnd = at;
      out.perFragmentNextHeader = link;
    }
    if (protocol === FRAGMENT && getFragOff(view, link) !== 0) break;
  }
  out.upperProtocol = view.getUint8(link);
  out.upperOffset = at;
  return true;
}

const options = new OptionsFound();

function begin(out: ExtensionChain, nextHeaderAt: number, start: number): void {
  out.status = 'ok';
  out.hopByHopOffset = -1;
  out.routingOffset = -1;
  out.fragmentOffset = -1;
  out.perFragmentEnd = start;
  out.perFragmentNextHeader = nextHeaderAt;
  out.jumboLen = 0;
}

function stop(out: ExtensionChain, status: 'truncated' | 'malformed'): false {
  out.status = status;
  return false;
}

/** Whether the walker steps over headers of this protocol. */
export function isExtension(protocol: number): boolean {
  return (
    protocol === HOP_BY_HOP ||
    protocol === ROUTING ||
    protocol === FRAGMENT ||
    protocol === DESTINATION_OPTIONS ||
    protocol === AUTHENTICATION
  );
}

/** Octets of the extension header at `at`; 0 where not even its length is there. */
export function headerLenAt(view: DataView, protocol: number, at: number, end: number): number {
  if (protocol === FRAGMENT) return FRAGMENT_HEADER_LEN;
  if (at + 2 > end) return 0;
  const len = view.getUint8(at + 1);
  return protocol === AUTHENTICATION ? 4 * (len + 2) : 8 * (len + 1); // AH counts words, RFC 4302 §2.2
}

/** Notes the header at `at`; false where it must not stand there. */
function note(view: DataView, protocol: number, at: number, len: number, start: number, out: ExtensionChain): boolean {
  if (protocol === HOP_BY_HOP) {
    if (at !== start) return false;
    out.hopByHopOffset = at;
    walkOptions(view, at, len, true, options);
    out.jumboLen = options.jumbo < 0 ? 0 : view.getUint32(options.jumbo);
  } else if (protocol === FRAGMENT) {
    if (out.fragmentOffset >= 0) return false;
    out.fragmentOffset = at;
  } else if (protocol === ROUTING) {
    out.routingOffset = at;
  }
  return true;
}

/** `id 0x000004d2  offset     0  len  1448  MF  next 17`, of a fragment that carries `len` octets behind its header. */
export function formatFragment(header: FragmentHeader, len: number): string {
  return `${formatPiece(header, 8, len)}  next ${header.nextHeader}`;
}
