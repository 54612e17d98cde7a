import type { Flow } from '../../skb/flow.js';
import { flowHeaders } from '../../ufo/flow-headers.js';
import { HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';
import type { Channel } from './channel.js';

/** What may change while a peer is in use. */
export interface PathNow {
  /** What the route carries, octets; Infinity where nobody knows. */
  readonly pathMtu: () => number;
  readonly ttl: () => number;
}

/** What differs between flows that go the same way. */
export interface FlowChange {
  readonly source?: Uint8Array | undefined;
  readonly sourcePort?: number | undefined;
  readonly destinationPort?: number | undefined;
}

/** Where datagrams to one address and port go: the channel they leave by, and the flow as the path allows it just now. */
export class Peer {
  readonly channel: Channel;
  /** Address literal, with its zone. */
  readonly address: string;
  readonly #now: PathNow;
  readonly #mtu: number;
  #flow: Flow;

  constructor(channel: Channel, address: string, flow: Flow, now: PathNow) {
    this.channel = channel;
    this.address = address;
    this.#flow = flow;
    this.#mtu = flow.mtu;
    this.#now = now;
  }

  /** The same way for another flow. */
  with(ends: FlowChange): Peer {
    const { source = this.#flow.source, sourcePort = this.#flow.sourcePort } = ends;
    const { destinationPort = this.#flow.destinationPort } = ends;
    return new Peer(this.channel, this.address, { ...this.#flow, source, sourcePort, destinationPort }, this.#now);
  }

  /** The flow, with what holds now: the MTU of route or device, or the TTL, may have changed since the last datagram. */
  flow(): Flow {
    const mtu = Math.min(this.#mtu, this.channel.mtu, this.#now.pathMtu());
    const ttl = this.#now.ttl();
    if (mtu !== this.#flow.mtu || ttl !== this.#flow.ttl) this.#flow = { ...this.#flow, mtu, ttl };
    return this.#flow;
  }

  /** IP packets that a payload of `len` octets makes now. */
  packets(len: number): number {
    const { chainLen, networkLen, gsoSize } = flowHeaders(this.#flow);
    const ipPayloadLen = chainLen + UDP_HEADER_LEN + len;
    return networkLen + ipPayloadLen <= this.#flow.mtu ? 1 : Math.ceil(ipPayloadLen / gsoSize);
  }

  /** Octets of those packets, IP headers included. */
  octets(len: number): number {
    const { chainLen, networkLen, fragmentHeadLen, linkLen } = flowHeaders(this.#flow);
    const packets = this.packets(len);
    return packets * (packets === 1 ? networkLen : fragmentHeadLen - linkLen) + chainLen + UDP_HEADER_LEN + len;
  }
}
