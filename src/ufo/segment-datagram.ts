import { checkObject, refuseUnknown } from '../checks.js';
import { typeError } from '../errors.js';
import { PagePool } from '../memory/page-pool.js';
import { UserMemory } from '../memory/user-memory.js';
import { checkMtu, createFlow, type FlowOptions } from '../skb/flow.js';
import type { Frame } from '../wire/frame.js';
import { checkIdent, createIdentSource, type IdentSource } from './ident.js';
import { checkPlan, type FragmentPlan } from './plan.js';
import { segmentFrames } from './segment-frames.js';

export interface EndpointAddress {
  readonly address: string;
  readonly port: number;
}

export interface SegmentOptions
  extends Omit<FlowOptions, 'source' | 'destination' | 'sourcePort' | 'destinationPort' | 'mtu'> {
  readonly source: EndpointAddress;
  readonly destination: EndpointAddress;
  readonly payload: Uint8Array;
  /** Largest IP packet, octets; default 1,500. IPv4: 28 … 65,535, IPv6: 56 … 65,575. */
  readonly mtu?: number | undefined;
  /** Identification; default a new one. */
  readonly ident?: number | undefined;
  /** What becomes of the fragments on purpose. */
  readonly plan?: FragmentPlan | undefined;
}

const KNOWN: Readonly<Record<keyof SegmentOptions, true>> = {
  ...{ source: true, destination: true, payload: true, mtu: true, ident: true, plan: true, linkHeader: true },
  ...{ ttl: true, tos: true, flowLabel: true, dontFragment: true, checksum: true },
  ...{ options: true, extensionHeaders: true },
};
const OPTIONS: readonly string[] = Object.keys(KNOWN);

/** Pages for the longest packet with the longest headers, twice. */
const PAGES = 64;

let shared: { readonly pool: PagePool; readonly idents: IdentSource } | undefined;

/**
 * The packets that a datagram goes out as, without sending them: raw IP frames, or Ethernet ones with a `linkHeader`.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT; EMSGSIZE: too long, or DF and larger than the MTU
 * @example
 * ```js
 * import { segment } from 'udp-ufo';
 *
 * const source = { address: '192.0.2.1', port: 1111 };
 * const destination = { address: '192.0.2.2', port: 9999 };
 * const frames = [...segment({ source, destination, payload: new Uint8Array(4000), mtu: 1500 })];
 * console.log(frames.length, frames.at(-1).len); // 3 1068
 * ```
 */
export function segment(options: SegmentOptions): Iterable<Frame> {
  checkObject('options', options, 'an object with source, destination and payload');
  refuseUnknown(options, OPTIONS, 'segment');
  const { source, destination, payload, mtu = 1500, ident, plan } = options;
  checkObject('source', source, 'an object with address and port');
  checkObject('destination', destination, 'an object with address and port');
  if (!(payload instanceof Uint8Array)) throw typeError('payload', payload, 'a Uint8Array');
  if (plan !== undefined) checkPlan(plan);
  const flow = createFlow({
    ...options,
    source: source.address,
    sourcePort: source.port,
    destination: destination.address,
    destinationPort: destination.port,
    mtu,
  });
  if (ident !== undefined) checkIdent('ident', ident, flow.family);
  checkMtu(mtu, flow.family);
  shared ??= { pool: new PagePool(new UserMemory({ pages: PAGES })), idents: createIdentSource() };
  const { pool, idents } = shared;
  const id = ident ?? (flow.family === 4 ? idents.next4() : idents.next6());
  return [...segmentFrames(pool, flow, id, payload, plan)];
}
