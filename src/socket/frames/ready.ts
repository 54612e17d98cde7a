import { argumentError } from '../../errors.js';
import { HEADER_LEN as ETHERNET_LEN, TAG_LEN, TPID_VLAN } from '../../wire/ethernet.js';
import { type Frame, frameData } from '../../wire/frame.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { LINKTYPE_ETHERNET, linktypeName, NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import { rightIpv4Header } from '../flight/way.js';
import type { FrameWay } from './ways.js';

const network = new NetworkLayer();
/** Where the outer tag of an Ethernet frame begins. */
const TAG_AT = ETHERNET_LEN - 2;

/**
 * What is sent of a frame: all of it, or the IP packet in it, without the link's padding. The octets are the caller's own.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT naming the frame, where it would not arrive as it is
 */
export function readyOctets(frame: Frame, number: number, way: FrameWay): Uint8Array {
  const { linktype, caplen, len } = frame;
  if (caplen < len) throw refusedFrame(number, `${caplen} of ${len} octets`, 'a whole frame: its capture has cut it');
  const octets = Uint8Array.from(frameData(frame));
  if (way.sends === 'packets') return packetIn(octets, linktype, number, way);
  if (linktype === LINKTYPE_ETHERNET && octets.length >= ETHERNET_LEN) return octets;
  const name = linktype === LINKTYPE_ETHERNET ? `${octets.length} octets` : linktypeName(linktype);
  throw refusedFrame(
    number,
    name ?? `link type ${linktype}`,
    'an Ethernet frame',
    'raw-socket sends the IP packets in it',
  );
}

function refusedFrame(number: number, got: string, want: string, hint?: string): Error {
  return argumentError(`frame ${number}`, got, want, hint);
}

/** Refuses a frame that an interface of this MTU does not carry by this way. */
export function refuseLong(octets: Uint8Array, number: number, mtu: number, { sends, tagsOnTop }: FrameWay): void {
  const link = sends === 'packets' ? 0 : ETHERNET_LEN + (tagsOnTop && isTagged(octets) ? TAG_LEN : 0);
  if (octets.length <= mtu + link) return;
  throw refusedFrame(number, `${octets.length} octets`, `at most ${mtu + link}, what the interface carries`);
}

function isTagged(octets: Uint8Array): boolean {
  return octets.length > TAG_AT + 1 && ((octets[TAG_AT]! << 8) | octets[TAG_AT + 1]!) === TPID_VLAN;
}

function packetIn(octets: Uint8Array, linktype: number, number: number, way: FrameWay): Uint8Array {
  const view = new DataView(octets.buffer);
  if (!networkLayer(view, 0, octets.length, linktype, network))
    throw refusedFrame(number, 'no IP packet', 'one: raw-socket sends nothing else', AS_IT_IS);
  const { family, offset, len } = network;
  const least = family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN;
  if (len < least) throw refusedFrame(number, `${len} octets of IP`, `at least ${least}, the header`);
  const stated = family === 4 ? ipv4.getTotLen(view, offset) : ipv6.HEADER_LEN + ipv6.getPayloadLen(view, offset);
  if (stated > len) throw refusedFrame(number, `${len} octets`, `the ${stated} that its header tells`, AS_IT_IS);
  const packet = octets.subarray(offset, offset + stated);
  if (family === 4 && way.rightsIpv4Headers && !rightIpv4Header(packet)) {
    const want = 'right ones: raw-socket has the kernel write them itself, and it would not arrive as it is';
    throw refusedFrame(number, 'a wrong IPv4 length or checksum, id 0 or source 0.0.0.0', want, AS_IT_IS);
  }
  return packet;
}

const AS_IT_IS = 'packet-socket sends frames as they are';
