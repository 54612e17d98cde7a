import * as ipv4 from './ipv4.js';
import * as ipv6 from './ipv6.js';
import * as extension from './ipv6-extension.js';
import { NetworkLayer, networkLayer } from './link-layer.js';
import * as udp from './udp.js';

/** Where a datagram begins in a frame that holds its first fragment, or all of it. */
interface Start {
  readonly ident: number | null;
  readonly udpOffset: number;
}

/**
 * Comments for the first frame of each UDP datagram, counted as they come: `datagram 3: 65507 octets, id 11562`. What belongs
 * to which can then be seen in any tool that shows comments.
 */
export function datagramComments(): (
  view: DataView,
  offset: number,
  caplen: number,
  linktype: number,
) => string | undefined {
  const layer = new NetworkLayer();
  let datagrams = 0;
  return (view, offset, caplen, linktype) => {
    if (!networkLayer(view, offset, caplen, linktype, layer)) return undefined;
    const start = layer.family === 4 ? start4(view, layer) : start6(view, layer);
    if (start === null || start.udpOffset + udp.HEADER_LEN > layer.offset + layer.len) return undefined;
    const octets = Math.max(0, udp.getLength(view, start.udpOffset) - udp.HEADER_LEN);
    datagrams += 1;
    return `datagram ${datagrams}: ${octets} octets${start.ident === null ? '' : `, id ${start.ident}`}`;
  };
}

function start4(view: DataView, { offset, len }: NetworkLayer): Start | null {
  if (len < ipv4.HEADER_LEN || ipv4.getProtocol(view, offset) !== udp.PROTOCOL) return null;
  if (ipv4.getFragOff(view, offset) !== 0) return null;
  return { ident: ipv4.getIdent(view, offset), udpOffset: offset + ipv4.getHeaderLen(view, offset) };
}

const chain = new extension.ExtensionChain();

function start6(view: DataView, { offset, len }: NetworkLayer): Start | null {
  if (len < ipv6.HEADER_LEN) return null;
  extension.walkExtensions(view, offset + ipv6.NEXT_HEADER, offset + ipv6.HEADER_LEN, offset + len, chain);
  const at = chain.fragmentOffset;
  if (chain.upperProtocol !== udp.PROTOCOL || (at >= 0 && extension.getFragOff(view, at) !== 0)) return null;
  return { ident: at < 0 ? null : extension.getFragIdent(view, at), udpOffset: chain.upperOffset };
}
