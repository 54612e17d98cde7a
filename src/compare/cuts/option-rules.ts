import * as ipv4 from '../../wire/ipv4.js';
import { END, iterateOptions, NOP, optionsFault, RECORD_ROUTE, withoutRouteData } from '../../wire/ipv4-options.js';
import type { Made, Reference } from './cause.js';
import { byOffset } from './differences.js';
import { type CutPacket, concat } from './packet.js';
import { cutAt, evenly, identOf, sameOctets, withHeaders, withOptions } from './rebuild.js';

/** In each as the routers have written it, if they did. */
export function repeatedOptions(
  { whole, packets }: Made,
  { family }: Reference,
  got: readonly CutPacket[],
): Made | null {
  if (family !== 4 || packets.length < 2 || whole.header.length === ipv4.HEADER_LEN) return null;
  const own = optionsOf(whole);
  const came = byOffset(got).map(optionsOf);
  const put = ({ buffer, byteOffset, byteLength }: DataView, i: number): void => {
    const options = new Uint8Array(buffer, byteOffset + ipv4.HEADER_LEN, byteLength - ipv4.HEADER_LEN);
    const theirs = came[i] ?? own;
    if (!isSameRoute(options, theirs)) options.set(isSameRoute(own, theirs) ? theirs : own);
  };
  return { whole, packets: withHeaders(packets, put) };
}

function isSameRoute(own: Uint8Array, theirs: Uint8Array): boolean {
  return sameOctets(withoutRouteData(own), withoutRouteData(theirs));
}

/**
 * What follows the first fragment has the copied options and nothing else but padding: where it has none, each fragment may carry
 * as much more.
 */
export function optionsLeftOut(
  { whole, packets }: Made,
  { family, mtu }: Reference,
  got: readonly CutPacket[],
): Made | null {
  if (family !== 4 || packets.length < 2 || got.length < 2 || whole.header.length === ipv4.HEADER_LEN) return null;
  const [, ...later] = byOffset(got).map(optionsOf);
  const copied = copiedOptions(optionsOf(whole));
  if (copied === null || !later.every((options) => isCopiedOnly(options, copied))) return null;
  const sizes = packets.map(({ payload }) => payload.length);
  const room = (mtu - ipv4.HEADER_LEN - later[0]!.length) & ~7;
  const [first = 0] = sizes;
  const roomy = [first, ...evenly(whole.payload.length - first, room)];
  const came = byOffset(got).map(({ payload }) => payload.length);
  const made = cutAt(whole, String(roomy) === String(came) ? roomy : sizes, identOf(packets));
  return {
    whole,
    packets: made.map((packet, i) => (i === 0 ? packet : withOptions(packet, later[i - 1] ?? later[0]!))),
  };
}

function optionsOf({ header }: CutPacket): Uint8Array {
  return header.subarray(ipv4.HEADER_LEN);
}

/** The options that belong into every fragment, behind each other; null where these are no options. */
function copiedOptions(options: Uint8Array): Uint8Array | null {
  if (optionsFault(options) !== null) return null;
  const all = [...iterateOptions(options)].filter(({ copied }) => copied);
  return concat(all.map(({ offset, len }) => options.subarray(offset, offset + len)));
}

function isCopiedOnly(options: Uint8Array, want: Uint8Array): boolean {
  const got = copiedOptions(options);
  const others = [...iterateOptions(options)].filter(({ type, copied }) => !copied && type !== NOP && type !== END);
  return got !== null && sameOctets(got, want) && others.length === 0;
}

/** What routers write is as it came. */
export function routeWritten({ whole, packets }: Made, { family }: Reference, got: readonly CutPacket[]): Made | null {
  if (family !== 4 || packets.length !== got.length) return null;
  const came = byOffset(got).map(optionsOf);
  const written = packets.map((packet, i) => {
    const [own, theirs] = [optionsOf(packet), came[i]!];
    return isSameRoute(own, theirs) ? withOptions(packet, theirs) : packet;
  });
  return { whole, packets: written };
}

/** In the first packet: later fragments have no such option. */
export function recordedRoute({ whole, packets }: Made, { family }: Reference): Made | null {
  if (family !== 4) return null;
  const record = (view: DataView): void => {
    const header = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (const { type, offset, len } of iterateOptions(header, ipv4.HEADER_LEN, header.length - ipv4.HEADER_LEN)) {
      const pointer = header[offset + 2]!;
      if (type !== RECORD_ROUTE || pointer < 4 || pointer + 3 > len) continue;
      header.set(ipv4.getSource(view, 0), offset + pointer - 1);
      header[offset + 2] = pointer + 4;
    }
  };
  return { whole: withHeaders([whole], record)[0]!, packets: withHeaders(packets, record) };
}
