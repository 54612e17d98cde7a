import type { Flow } from '../../skb/flow.js';
import { flowHeaders } from '../../ufo/flow-headers.js';
import { HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';
import type { Channel } from './channel.js';

/** Where datagrams to one address and port go: the channel they leave by, and the flow as the path allows it just now. */
export class Peer {
  readonly channel: Channel;
  readonly #pathMtu: () => number;
  readonly #mtu: number;
  #flow: Flow;

  /** @param pathMtu what the route carries now, octets; Infinity where nobody knows */
  constructor(channel: Channel, flow: Flow, pathMtu: () => number) {
    this.channel = channel;
    this.#flow = flow;
    this.#mtu = flow.mtu;
    this.#pathMtu = pathMtu;
  }

  /** The flow, with the MTU of now: the route's or the device's may have changed since the last datagram. */
  flow(): Flow {
    const mtu = Math.min(this.#mtu, this.channel.mtu, this.#pathMtu());
    if (mtu !== this.#flow.mtu) this.#flow = { ...this.#flow, mtu };
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
