import { mixed } from '../../payload/mixed.js';
import type { FlowEnds, Flows } from '../../socket/options.js';
import type { PathInfo } from '../../socket/path/info.js';
import type { UfoSocket } from '../../socket/socket.js';
import { eachOf } from '../../socket/waiting/each-of.js';

/** Flows as they were asked for; can be told to another thread. */
export interface FlowWish {
  /** Each with an address and a port. */
  readonly ends: readonly (FlowEnds & { readonly address: string; readonly port: number })[];
  /** In the order that it gives; null: in turn. */
  readonly seed: number | null;
}

/** Both ends of one flow. */
export type FlowPath = Pick<PathInfo, 'source' | 'sourcePort' | 'destination' | 'destinationPort'>;

/** What a flow came to. */
export interface FlowCount extends FlowPath {
  readonly datagrams: number;
}

/** Which flow the `n`th datagram of a sender is of. */
export function flowIndex({ ends, seed }: FlowWish, n: number): number {
  // Not by the bits that choose a size: else each flow would have its own sizes.
  return seed === null ? n % ends.length : mixed(~seed, n) % ends.length;
}

/**
 * The flows of one sender of several: every so many of them, so that each flow keeps its order; all of them where they have no
 * source port, since each sender then has its own.
 */
export function shareOfFlows(wish: FlowWish, index: number, senders: number): FlowWish {
  if (wish.ends[0]?.sourcePort === undefined) return wish;
  return { ...wish, ends: wish.ends.filter((_, i) => i % senders === index) };
}

/** The flows of one sender, the ways to all of them known. */
export class SendFlows {
  /** Of each flow. */
  readonly paths: readonly PathInfo[];
  readonly #wish: FlowWish;
  readonly #counts: Float64Array;

  private constructor(wish: FlowWish, paths: readonly PathInfo[]) {
    this.#wish = wish;
    this.paths = paths;
    this.#counts = new Float64Array(paths.length);
  }

  /** @throws UfoError of the ways: ENETUNREACH, EHOSTUNREACH, … */
  static async open(socket: UfoSocket, wish: FlowWish): Promise<SendFlows> {
    const one = new Map(wish.ends.map((end) => [end.address, end]));
    const found = await eachOf([...one.values()], ({ address, port }) => socket.path({ address, port }));
    const ways = new Map([...one.keys()].map((address, i) => [address, found[i]!]));
    const paths = wish.ends.map(({ address, port, source, sourcePort }) => {
      const way = ways.get(address)!;
      return {
        ...way,
        destinationPort: port,
        source: source ?? way.source,
        sourcePort: sourcePort ?? way.sourcePort,
      };
    });
    return new SendFlows(wish, paths);
  }

  /** Octets of payload that every flow carries. */
  get maxPayloadLen(): number {
    return this.paths.reduce((least, { maxPayloadLen }) => Math.min(least, maxPayloadLen), Number.POSITIVE_INFINITY);
  }

  /** For a stream of this sender's datagrams from the first on. */
  get stream(): Flows {
    const wish = this.#wish;
    return { ends: wish.ends, counts: this.#counts, of: (n) => flowIndex(wish, n) };
  }

  pathOf(n: number): PathInfo {
    return this.paths[flowIndex(this.#wish, n)]!;
  }

  /** Datagrams of each that have gone. */
  get counts(): FlowCount[] {
    return this.paths.map(({ source, sourcePort, destination, destinationPort }, index) => ({
      ...{ source, sourcePort, destination, destinationPort },
      datagrams: this.#counts[index]!,
    }));
  }
}
