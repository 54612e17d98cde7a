import { inspectTag } from '../../payload/generated.js';
import { formatAddress } from '../../wire/address.js';
import { type Frame, frameData } from '../../wire/frame.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as extension from '../../wire/ipv6-extension.js';
import { NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import * as udp from '../../wire/udp.js';
import type { ArrivedPackets } from '../common/arrival.js';

/** One datagram on its way in, from the packets seen of it. */
export interface WatchedDatagram {
  readonly source: string;
  readonly ttl: number;
  readonly dontFragment: boolean;
  readonly ident: number;
  /** Octets of IP payload by offset; one at 0 for a datagram that is not fragmented. */
  readonly pieces: Map<number, number>;
  fragmented: boolean;
  duplicates: number;
  inOrder: boolean;
  /** Highest offset so far. */
  highest: number;
  last: boolean;
  /** Milliseconds of `performance.now()` when its latest packet was seen. */
  at: number;
  /** From the first fragment: null until it came. */
  sourcePort: number | null;
  optionsLen: number;
  seed: number;
  sequence: number;
}

/** What a packet says of itself. */
interface Piece {
  readonly source: string;
  readonly ident: number;
  readonly ttl: number;
  readonly dontFragment: boolean;
  readonly fragmented: boolean;
  readonly offset: number;
  readonly len: number;
  readonly more: boolean;
  readonly optionsLen: number;
  /** Octets of the frame where the payload begins. */
  readonly at: number;
}

type Named = Pick<WatchedDatagram, 'source' | 'sourcePort' | 'seed' | 'sequence'>;

const MOST_DATAGRAMS = 4096;
const MOST_PIECES = 8192;
const MOST_RUNS = 24;

/** Groups captured packets to one UDP port into the datagrams they belong to; looks at no payload but its tag. */
export class FragmentWatch {
  readonly #port: number;
  readonly #network = new NetworkLayer();
  readonly #chain = new extension.ExtensionChain();
  /** Latest last; bounded. */
  readonly #datagrams = new Map<string, WatchedDatagram>();
  /** The latest of them with each tag from a socket, and the latest from it without one. */
  readonly #found = new Map<string, WatchedDatagram>();
  #wholes = 0;

  constructor(port: number) {
    this.#port = port;
  }

  push(frames: readonly Frame[]): void {
    for (const frame of frames) {
      const bytes = frameData(frame);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      if (!networkLayer(view, 0, bytes.length, frame.linktype, this.#network)) continue;
      const { family, offset, len } = this.#network;
      const piece = family === 4 ? this.#piece4(view, offset, len) : this.#piece6(view, offset, len);
      if (piece !== null) this.#add(piece, view, bytes);
    }
  }

  /** The datagram from that socket with that tag; failing that, the latest whose first fragment was too short for a tag. */
  find(source: string, sourcePort: number, seed: number, sequence: number): WatchedDatagram | undefined {
    const tagged = this.#found.get(nameOf({ source, sourcePort, seed, sequence }));
    return tagged ?? this.#found.get(nameOf({ source, sourcePort, seed: -1, sequence: -1 }));
  }

  /** Takes out what has been quiet since `before` (of `performance.now()`) and was never asked for. */
  takeQuiet(before: number): WatchedDatagram[] {
    const quiet: WatchedDatagram[] = [];
    for (const [key, one] of this.#datagrams) {
      if (one.at > before) continue;
      this.#forget(key, one);
      quiet.push(one);
    }
    return quiet;
  }

  #piece4(view: DataView, base: number, len: number): Piece | null {
    const header = ipv4.parse(view, base, len);
    if (header === null || header.protocol !== udp.PROTOCOL) return null;
    const headerLen = ipv4.HEADER_LEN + header.options.length;
    return {
      source: formatAddress(header.source),
      ident: header.ident,
      ttl: header.ttl,
      dontFragment: header.dontFragment,
      fragmented: header.moreFrags || header.fragOff > 0,
      offset: header.fragOff * 8,
      len: Math.min(len, header.totLen) - headerLen,
      more: header.moreFrags,
      optionsLen: header.options.length,
      at: base + headerLen,
    };
  }

  #piece6(view: DataView, base: number, len: number): Piece | null {
    const header = ipv6.parse(view, base, len);
    if (header === null) return null;
    const end = base + Math.min(len, ipv6.HEADER_LEN + header.payloadLen);
    const chain = this.#chain;
    if (!extension.walkExtensions(view, base + ipv6.NEXT_HEADER, base + ipv6.HEADER_LEN, end, chain)) return null;
    if (chain.upperProtocol !== udp.PROTOCOL && chain.fragmentOffset < 0) return null;
    const fragment =
      chain.fragmentOffset < 0 ? null : extension.parseFragment(view, chain.fragmentOffset, end - chain.fragmentOffset);
    return {
      source: formatAddress(header.source),
      ident: fragment?.ident ?? 0,
      ttl: header.hopLimit,
      dontFragment: true,
      fragmented: fragment !== null,
      offset: (fragment?.fragOff ?? 0) * 8,
      len: end - (fragment === null ? chain.upperOffset : chain.fragmentOffset + extension.FRAGMENT_HEADER_LEN),
      more: fragment?.moreFrags ?? false,
      optionsLen: chain.upperOffset - base - ipv6.HEADER_LEN - (fragment === null ? 0 : extension.FRAGMENT_HEADER_LEN),
      at: chain.upperOffset,
    };
  }

  #add(piece: Piece, view: DataView, bytes: Uint8Array): void {
    const isFirst = piece.offset === 0 && piece.at + udp.HEADER_LEN <= bytes.length;
    if (isFirst && udp.getDestinationPort(view, piece.at) !== this.#port) return;
    const key = piece.fragmented ? `${piece.source} ${piece.ident}` : `whole ${this.#wholes++}`;
    const datagram = this.#datagrams.get(key) ?? this.#create(key, piece);
    note(datagram, piece);
    if (!isFirst) return;
    this.#unname(datagram); // an ident that comes again names another datagram
    datagram.sourcePort = udp.getSourcePort(view, piece.at);
    datagram.optionsLen = piece.optionsLen;
    const tag = inspectTag(bytes.subarray(piece.at + udp.HEADER_LEN));
    if (tag !== null) Object.assign(datagram, { seed: tag.seed, sequence: tag.sequence });
    this.#found.set(nameOf(datagram), datagram);
  }

  #forget(key: string, datagram: WatchedDatagram): void {
    this.#datagrams.delete(key);
    this.#unname(datagram);
  }

  #unname(datagram: WatchedDatagram): void {
    const name = nameOf(datagram);
    if (this.#found.get(name) === datagram) this.#found.delete(name);
  }

  #create(key: string, { source, ident, ttl, dontFragment, fragmented }: Piece): WatchedDatagram {
    if (this.#datagrams.size >= MOST_DATAGRAMS) this.#forget(...this.#datagrams.entries().next().value!);
    const datagram: WatchedDatagram = {
      source,
      ident,
      ttl,
      dontFragment,
      pieces: new Map(),
      fragmented,
      duplicates: 0,
      inOrder: true,
      highest: -1,
      last: false,
      at: 0,
      sourcePort: null,
      optionsLen: 0,
      seed: -1,
      sequence: -1,
    };
    this.#datagrams.set(key, datagram);
    return datagram;
  }
}

function nameOf({ source, sourcePort, seed, sequence }: Named): string {
  return `${source} ${sourcePort} ${seed} ${sequence}`;
}

function note(datagram: WatchedDatagram, { offset, len, more }: Piece): void {
  datagram.at = performance.now();
  if (datagram.pieces.has(offset)) datagram.duplicates += 1;
  else if (datagram.pieces.size < MOST_PIECES) {
    if (offset < datagram.highest) datagram.inOrder = false;
    datagram.highest = Math.max(datagram.highest, offset);
    datagram.pieces.set(offset, len);
  }
  if (!more) datagram.last = true;
}

/** The packets of a datagram in the words of a report. */
export function arrivedPackets(datagram: WatchedDatagram): ArrivedPackets {
  const { pieces, fragmented, duplicates, inOrder, last, ttl, dontFragment, optionsLen, ident } = datagram;
  const sizes: [number, number][] = [];
  for (const [, len] of [...pieces].sort((a, b) => a[0] - b[0])) {
    const run = sizes.at(-1);
    if (run?.[0] === len) run[1] += 1;
    else if (sizes.length < MOST_RUNS) sizes.push([len, 1]);
  }
  const fragments = fragmented ? pieces.size : 0;
  const first = pieces.has(0);
  return { fragments, duplicates, first, last, inOrder, sizes, ttl, dontFragment, optionsLen, ident };
}
