import type { NetworkLayer } from '../wire/network-layer.js';
import { isTunnel, type OuterPacket } from '../wire/tunnel.js';
import { KEY_LAYERS, KEY_SOURCE } from './reassembly/fragment.js';
import type { Group } from './reassembly/group.js';
import type { DatagramVerdict } from './verdict.js';

interface Inner {
  readonly bytes: Uint8Array;
  readonly outer: OuterPacket;
  readonly layers: number;
  readonly via: string;
  readonly depth: number;
}

/** Packets that came in tunnels whose own packets were fragmented, until their turn comes. */
export class InnerPackets {
  readonly #waiting: Inner[] = [];
  #latest: Inner | undefined;

  /** Octets of the upper-layer packet that `next` told of, and the packet it was put together from. */
  get bytes(): Uint8Array {
    return this.#latest!.bytes;
  }
  get outer(): OuterPacket {
    return this.#latest!.outer;
  }

  /** Keeps what `group` carries if it is a tunnel, in `view`, and all of it is right. */
  offer(group: Group, verdict: DatagramVerdict, view: DataView): void {
    if (!verdict.complete || group.findings.mismatches > 0 || group.upperOffset < 0) return;
    if (!isTunnel(group.protocol, verdict.udp?.destinationPort ?? 0)) return;
    const { family, protocol, key, upperOffset, total, via, viaDepth } = group;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + upperOffset, total - upperOffset).slice();
    const outer = { family, protocol, ends: key.slice(KEY_SOURCE), whole: true };
    this.#waiting.push({ bytes, outer, layers: key[KEY_LAYERS]!, via, depth: viaDepth });
  }

  /** Begins with the next of them; false where there is none. */
  next(network: NetworkLayer): boolean {
    this.#latest = this.#waiting.shift();
    if (this.#latest === undefined) return false;
    const { bytes, layers, via, depth } = this.#latest;
    network.layers.restore(layers, via, depth);
    network.offset = bytes.byteOffset;
    network.end = bytes.byteOffset + bytes.length;
    return true;
  }
}
