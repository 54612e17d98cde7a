import type { DriverName } from '../../tx/net-device.js';
import { flowHeaders } from '../../ufo/flow-headers.js';
import { formatAddress } from '../../wire/address.js';
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
  /** What a user should know about this way out of the machine. */
  readonly notes: readonly string[];
}

export function pathInfo(peer: Peer): PathInfo {
  const { device } = peer.channel;
  const flow = peer.flow();
  const { family, sourcePort, destinationPort, mtu } = flow;
  return {
    driver: device.driver,
    interface: device.name,
    family,
    source: formatAddress(flow.source),
    sourcePort,
    destination: formatAddress(flow.destination),
    destinationPort,
    mtu,
    maxPayloadLen: flowHeaders(flow).maxPayloadLen,
    packets: (len) => peer.packets(len),
    seenByCaptures: device.seenByCaptures,
    notes: device.notes ?? [],
  };
}
