import * as ethernet from '../../wire/ethernet.js';
import { Layers } from '../../wire/layers.js';
import {
  DLT_RAW,
  DLT_RAW_OPENBSD,
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
  type NetworkLayer,
} from '../../wire/link-layer.js';

/** Octets of a frame that a kernel compares at once. */
const MOST_OCTETS = 16;

/** Octets in front of the IP header, and which of them say what comes behind: from `from` to `to`. */
interface Shape {
  readonly len: number;
  readonly from: number;
  readonly to: number;
}

const RAW: Shape = { len: 0, from: 0, to: 0 };
/** Link types whose header is always as long. */
const SHAPES: ReadonlyMap<number, Shape> = new Map([
  ...[LINKTYPE_RAW, DLT_RAW, DLT_RAW_OPENBSD, LINKTYPE_IPV4, LINKTYPE_IPV6].map((type) => [type, RAW] as const),
  [LINKTYPE_LINUX_SLL, { len: 16, from: 14, to: 16 }],
  [LINKTYPE_LINUX_SLL2, { len: 20, from: 0, to: 2 }],
  [LINKTYPE_NULL, { len: 4, from: 0, to: 4 }],
  [LINKTYPE_LOOP, { len: 4, from: 0, to: 4 }],
]);

/** What stands in front of the IP header in frames of one network: VLAN tags and nothing else that is nested. */
export interface Link {
  readonly family: 4 | 6;
  readonly linktype: number;
  /** Octets in front of the IP header. */
  readonly len: number;
  /** What a frame has from `from` on, if it is of this network. */
  readonly from: number;
  readonly octets: Uint8Array;
  readonly hasMac: boolean;
  /** The tags, and as text for a sighting; null where the link has none. */
  readonly layers: Layers;
  readonly vlan: string | null;
}

/** Whether the frame at `at` of `view`, `caplen` octets long, begins as those of `link`. */
export function isOn(link: Link, view: DataView, at: number, caplen: number): boolean {
  const { from, octets, len, family } = link;
  if (caplen <= len || view.getUint8(at + len) >>> 4 !== family) return false;
  for (let i = 0; i < octets.length; i++) if (view.getUint8(at + from + i) !== octets[i]) return false;
  return true;
}

/** What the frame at `at`, in which `network` was found, has in front of its IP header; null where it is more than tags. */
export function linkOf(network: NetworkLayer, view: DataView, at: number, linktype: number): Link | null {
  const shape = SHAPES.get(linktype) ?? taggedShape(network, view, at, linktype);
  if (
    shape === null ||
    network.family === 0 ||
    network.offset !== at + shape.len ||
    shape.to - shape.from > MOST_OCTETS
  )
    return null;
  const layers = new Layers();
  layers.restore(network.layers.key, network.layers.depth === 0 ? '' : network.layers.text(), network.layers.depth);
  return {
    family: network.family,
    linktype,
    len: shape.len,
    from: shape.from,
    octets: new Uint8Array(view.buffer, view.byteOffset + at + shape.from, shape.to - shape.from).slice(),
    hasMac: linktype === LINKTYPE_ETHERNET,
    layers,
    vlan: vlanOf(view, at, linktype, shape.len),
  };
}

/** Ethernet, whose tags and EtherType all count. */
function taggedShape({ offset }: NetworkLayer, view: DataView, at: number, linktype: number): Shape | null {
  if (linktype !== LINKTYPE_ETHERNET) return null;
  const from = 2 * ethernet.MAC_LEN;
  for (let tag = at + from; tag < offset - 2; tag += ethernet.TAG_LEN)
    if (!ethernet.isTag(view.getUint16(tag))) return null;
  return { len: offset - at, from, to: offset - at };
}

/** As sightings have it. */
export function vlanOf(view: DataView, at: number, linktype: number, len: number): string | null {
  if (linktype !== LINKTYPE_ETHERNET) return null;
  if (len <= ethernet.HEADER_LEN) return '';
  const header = ethernet.parse(view, at, len);
  return header === null ? null : ethernet.formatVlans(header.vlans);
}
