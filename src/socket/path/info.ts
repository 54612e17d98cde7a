import type { SentHeaders } from '../../options/sent-headers.js';
import type { Flow } from '../../skb/flow.js';
import type { DriverName } from '../../tx/net-device.js';
import { flowHeaders } from '../../ufo/flow-headers.js';
import { formatAddress } from '../../wire/address.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import type { Peer } from './peer.js';

/** What datagrams to one destination meet on their way, for a look before sending. */
export interface PathInfo {
  readonly driver: DriverName;
  /** Interface that they leave by, or the file. */
  readonly interface: string;
  readonly family: 4 | 6;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Largest IP packet just now, octets. */
  readonly mtu: number;
  /** Largest UDP payload with these headers, octets. */
  readonly maxPayloadLen: number;
  /** IP packets that a payload of `len` octets makes just now. */
  readonly packets: (len: number) => number;
  /** Captures on that interface see them. */
  readonly seenByCaptures: boolean;
  /** What the headers of every datagram say, as far as anybody here decides it. */
  readonly headers: SentHeaders;
  /** Octets of IP header in front of every packet's payload, the IPv6 fragment header not counted. */
  readonly headerLen: number;
  /** Octets of IPv6 extension headers that stand in the first fragment only. */
  readonly chainLen: number;
  /** What a user should know about this way out of the machine. */
  readonly notes: readonly string[];
}

export function pathInfo(peer: Peer): PathInfo {
  const { device } = peer.channel;
  const flow = peer.flow();
  return {
    driver: device.driver,
    interface: device.name,
    ...flowInfo(flow, device.writesHeaders),
    maxPayloadLen: flowHeaders(flow).maxPayloadLen,
    packets: (len) => peer.packets(len),
    seenByCaptures: device.seenByCaptures,
    notes: device.notes ?? [],
  };
}

/** What is to be seen of the datagrams of a flow. */
export type FlowInfo = Pick<
  PathInfo,
  'family' | 'source' | 'sourcePort' | 'destination' | 'destinationPort' | 'mtu' | 'headers' | 'headerLen' | 'chainLen'
>;

/** @param ours whether we write the headers, and not the kernel behind an ordinary socket */
export function flowInfo(flow: Flow, ours: boolean): FlowInfo {
  const { family, sourcePort, destinationPort, mtu } = flow;
  const [source, destination] = [formatAddress(flow.source), formatAddress(flow.destination)];
  return { ...{ family, source, sourcePort, destination, destinationPort, mtu }, ...headersOf(flow, ours) };
}

function headersOf(flow: Flow, ours: boolean): Pick<PathInfo, 'headers' | 'headerLen' | 'chainLen'> {
  const { family, ttl, tos, dontFragment, flowLabel, linkHeader, checksum } = flow;
  const { bytes, linkLen, networkLen, chainLen } = flowHeaders(flow);
  const fixedLen = family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN;
  const between = Buffer.from(bytes.subarray(linkLen + fixedLen, linkLen + networkLen + chainLen)).toString('hex');
  return {
    headers: {
      ...{ ttl, tos, checksum: checksum ? 'computed' : 'zero' },
      ...(family === 4 ? { df: dontFragment, options: between } : { extensionHeaders: between }),
      ...(family === 6 && ours && { flowLabel }),
      ...(linkHeader.length > 0 && { vlan: vlanOf(linkHeader) }),
    },
    headerLen: networkLen,
    chainLen,
  };
}

function vlanOf(linkHeader: Uint8Array): string {
  const view = new DataView(linkHeader.buffer, linkHeader.byteOffset, linkHeader.length);
  return ethernet.formatVlans(ethernet.parse(view, 0, linkHeader.length)?.vlans ?? []);
}
