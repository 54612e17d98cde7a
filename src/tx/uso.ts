import { ERRNO, errnoName } from '../errors.js';
import { activeFeatures } from '../host/device-features.js';
import type { Flow } from '../skb/flow.js';

/** The feature's name in ethtool: NETIF_F_GSO_UDP_L4. */
export const UDP_SEGMENTATION = 'tx-udp-segmentation';
/** What the stack says to what it cannot cut; EMSGSIZE where the path is narrower than a datagram. */
const REFUSALS: ReadonlySet<number> = new Set([ERRNO.EINVAL, ERRNO.EIO, ERRNO.EMSGSIZE, ERRNO.EOPNOTSUPP]);

/** Whether joined datagrams (SKB_GSO_UDP_L4) may go out of an interface, until the kernel refuses some. */
export class UsoGate {
  readonly #interface: string;
  /** Why nothing is to be joined, null for no reason; undefined until somebody asks. */
  #refused: string | null | undefined;

  /** @param refused where that is known; else the interface is looked at when somebody asks, which needs no privilege */
  constructor(interfaceName: string, refused?: string | null) {
    this.#interface = interfaceName;
    this.#refused = refused;
  }

  /** Why datagrams of this length are not to be joined; null where they may. */
  refusal({ checksum }: Flow, payloadLen: number): string | null {
    if (payloadLen === 0) return 'empty ones have nothing to be cut at';
    if (!checksum) return 'without a UDP checksum there is nothing to offload';
    if (this.#refused === undefined) this.#refused = usoObstacle(this.#interface);
    return this.#refused;
  }

  /** Nothing is in the way of those that have been joined already. */
  get open(): boolean {
    return this.#refused === null;
  }

  /** Whether a failed send was the kernel's refusal to cut; from then on nothing is joined. */
  refuse(errno: number): boolean {
    if (!REFUSALS.has(errno)) return false;
    this.#refused = `the kernel refused joined datagrams out of ${this.#interface} (${errnoName(errno)})`;
    return true;
  }
}

/** Why joined datagrams would not leave an interface one by one; null where the kernel cuts them in front of it. */
export function usoObstacle(name: string): string | null {
  try {
    if (!activeFeatures(name).has(UDP_SEGMENTATION)) return null;
  } catch {
    return `nobody knows whether ${name} cuts joined datagrams`;
  }
  return `${name} takes joined ones as they are (ethtool -K ${name} ${UDP_SEGMENTATION} off lets the kernel cut them)`;
}
