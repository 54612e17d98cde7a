import { openFileCapture } from '../../capture/file/engine.js';
import { isReadOnce } from '../../host/input-stream.js';
import { OwnNetworks } from '../../host/own-networks.js';
import type { SameFile } from '../../host/same-file.js';
import { REACH_OPTIONS, type Reach, type ReachName } from '../../options/reach.js';
import { rewritten } from '../../socket/frames/rewrite.js';
import { FRAME_WAYS } from '../../socket/frames/ways.js';
import type { Address } from '../../wire/address.js';
import * as ethernet from '../../wire/ethernet.js';
import { type Frame, frameData } from '../../wire/frame.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { LINKTYPE_ETHERNET, NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import { type Beyond, beyondError, beyondFrom, beyondTo } from '../common/reach.js';
import type { ReplayOptions } from './options.js';

const NAMES = Object.keys(REACH_OPTIONS) as ReachName[];
const ETHERTYPE_ARP = 0x0806;
/** Sender and target of an ARP packet for IPv4 over Ethernet (RFC 826). */
const ARP_LEN = 28;
const ARP_SENDER = 14;

/** Finds frames that need leave: to groups, to broadcast addresses, from addresses that are not this host's. */
export class FrameReach {
  readonly #reach: Reach;
  readonly #networks: OwnNetworks;
  readonly #wholeFrames: boolean;
  readonly #network = new NetworkLayer();
  /** The first frame of each kind that nobody gave leave for. */
  readonly #missing = new Map<ReachName, { readonly number: number; readonly beyond: Beyond }>();

  /** @param wholeFrames the link header is sent too */
  constructor(reach: Reach, wholeFrames: boolean, networks = new OwnNetworks()) {
    this.#reach = reach;
    this.#wholeFrames = wholeFrames;
    this.#networks = networks;
  }

  /** Nothing is left to look for. */
  get done(): boolean {
    return NAMES.every((name) => this.#reach[name] === true || this.#missing.has(name));
  }

  look(frame: Frame, number: number): void {
    const octets = frameData(frame);
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    const link = frame.linktype === LINKTYPE_ETHERNET ? ethernet.parse(view, 0, octets.length) : null;
    if (link !== null && this.#wholeFrames) this.#note(number, beyondLink(link.destination));
    const ends = endsOf(view, frame.linktype, link, this.#network);
    if (ends === null) return;
    this.#note(number, beyondTo(ends.destination, this.#networks));
    this.#note(number, beyondFrom(ends.source, this.#networks));
  }

  /** @throws UfoError ERR_UFO_INVALID_ARGUMENT naming the first such frame, and an option for every kind that was found */
  refuse(): void {
    const [first] = this.#missing.values();
    if (first === undefined) return;
    const names = NAMES.filter((name) => this.#missing.has(name)).map((name) => `--${name}`);
    throw beyondError(first.beyond, `frame ${first.number}`, names);
  }

  #note(number: number, beyond: Beyond | null): void {
    if (beyond === null || this.#reach[beyond.name] === true || this.#missing.has(beyond.name)) return;
    this.#missing.set(beyond.name, { number, beyond });
  }
}

/**
 * Looks through the whole file before anything is sent; what can be read but once is looked at as it comes: then it gives back
 * what does.
 * @throws what `FrameReach.refuse` throws, and what reading and rewriting throw
 */
export async function checkReach(
  options: ReplayOptions,
  same: SameFile,
  signal: AbortSignal,
): Promise<((frame: Frame) => void) | undefined> {
  const { file, rewrite, driver } = options;
  const found = new FrameReach(options, FRAME_WAYS[driver].sends === 'frames');
  if (found.done) return undefined;
  let number = 0;
  if (await isReadOnce(file))
    return (frame) => {
      found.look(frame, ++number);
      found.refuse();
    };
  await same.check();
  await using capture = await openFileCapture(file, { signal });
  for await (const batch of capture) {
    signal.throwIfAborted();
    for (const frame of batch) {
      number += 1;
      found.look(rewrite === undefined ? frame : rewritten(frame, rewrite, number), number);
    }
    if (found.done) break;
  }
  found.refuse();
  return undefined;
}

/** The first bit of an address on the wire says group (IEEE 802 §8.2: the I/G bit); broadcast is the group of all. */
function beyondLink(destination: Uint8Array): Beyond | null {
  if ((destination[0]! & 1) === 0) return null;
  const isAll = destination.every((octet) => octet === 0xff);
  return { name: isAll ? 'broadcast' : 'multicast', address: ethernet.formatMac(destination) };
}

interface Ends {
  readonly source: Address;
  readonly destination: Address;
}

/** Of the IP packet; of ARP, which claims an address for its sender, sender and target. */
function endsOf(
  view: DataView,
  linktype: number,
  link: ethernet.EthernetHeader | null,
  network: NetworkLayer,
): Ends | null {
  const octets = (at: number, len: number) => new Uint8Array(view.buffer, view.byteOffset + at, len);
  if (!networkLayer(view, 0, view.byteLength, linktype, network)) {
    const at = link === null ? 0 : ethernet.headerLen(link);
    if (link?.etherType !== ETHERTYPE_ARP || view.byteLength < at + ARP_LEN) return null;
    const sender = { family: 4, octets: octets(at + ARP_SENDER, 4) } as const;
    return { source: sender, destination: sender };
  }
  const { family, offset, len } = network;
  const header = family === 4 ? ipv4 : ipv6;
  if (len < header.HEADER_LEN) return null;
  const size = family === 4 ? 4 : 16;
  return {
    source: { family: family as 4 | 6, octets: octets(offset + header.SOURCE, size) },
    destination: { family: family as 4 | 6, octets: octets(offset + header.DESTINATION, size) },
  };
}
