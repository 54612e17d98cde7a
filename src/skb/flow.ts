import { argumentError, typeError } from '../errors.js';
import { type Address, parseAddress } from '../wire/address.js';

/** One IPv6 extension header before the upper layer: its type (0, 43 or 60) and its octets, `nextHeader` filled in later. */
export interface ExtensionHeader {
  readonly type: number;
  readonly octets: Uint8Array;
}

/**
 * What every datagram of one 5-tuple has in common: the kernel's flowi and dst_entry together. Immutable, so that header
 * templates can be kept with it.
 */
export interface Flow {
  readonly family: 4 | 6;
  /** 4 or 16 octets, network order. */
  readonly source: Uint8Array;
  /** What the IP header says, 4 or 16 octets: with a source route the first hop, and the route names the final one. */
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** TTL or hop limit. */
  readonly ttl: number;
  /** TOS or traffic class, ECN bits included. */
  readonly tos: number;
  /** 20 bits, IPv6 only. */
  readonly flowLabel: number;
  /** DF: a datagram larger than the MTU is refused with EMSGSIZE instead of cut. IPv4 only. */
  readonly dontFragment: boolean;
  /** IPv4 options as in the first fragment, 0–40 octets, a multiple of 4. */
  readonly options: Uint8Array;
  /** IPv6 extension headers in the order they appear, without the fragment header. */
  readonly extensionHeaders: readonly ExtensionHeader[];
  /** Link header in front of the IP header (Ethernet and VLAN tags); 0 octets for drivers that begin at IP. */
  readonly linkHeader: Uint8Array;
  /** Largest IP packet that may go out: the smaller of device and route. */
  readonly mtu: number;
  /** false: UDP checksum field 0 (RFC 768, RFC 6935). */
  readonly checksum: boolean;
}

/** What a flow is made of, as people write it. Octets and ranges as in `Flow`. */
export interface FlowOptions {
  readonly source: string;
  readonly destination: string;
  /** 0 … 65,535. */
  readonly sourcePort: number;
  /** 1 … 65,535. */
  readonly destinationPort: number;
  readonly mtu: number;
  /** 1 … 255; default 64. */
  readonly ttl?: number | undefined;
  /** 0 … 255; default 0. */
  readonly tos?: number | undefined;
  /** 0 … 0xfffff; default 0. */
  readonly flowLabel?: number | undefined;
  readonly dontFragment?: boolean | undefined;
  readonly options?: Uint8Array | undefined;
  readonly extensionHeaders?: readonly ExtensionHeader[] | undefined;
  readonly linkHeader?: Uint8Array | undefined;
  readonly checksum?: boolean | undefined;
}

/**
 * MTUs that can be asked for: from the headers and 8 octets of each fragment to the longest packet there is. An IPv6 header is
 * not in its payload length.
 */
export const MTU_RANGE = { 4: { min: 28, max: 65_535 }, 6: { min: 56, max: 65_575 } } as const;

/**
 * A flow from what people write.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT: no address, two families, a number out of range, options of the other family.
 */
export function createFlow(from: FlowOptions): Flow {
  const source = address('source', from.source);
  const destination = address('destination', from.destination);
  const { family } = destination;
  if (source.family !== family) {
    throw argumentError('source', from.source, `an IPv${family} address, as ${from.destination} is one`);
  }
  const { ttl = 64, tos = 0, flowLabel = 0, dontFragment = false, checksum = true, options = NONE } = from;
  const { extensionHeaders = [], linkHeader = NONE, sourcePort, destinationPort, mtu } = from;
  range('sourcePort', sourcePort, 0, 65_535);
  range('destinationPort', destinationPort, 1, 65_535);
  range('ttl', ttl, 1, 255);
  range('tos', tos, 0, 255);
  range('flowLabel', flowLabel, 0, 0xf_ffff);
  flag('dontFragment', dontFragment);
  flag('checksum', checksum);
  octets('options', options);
  octets('linkHeader', linkHeader);
  checkExtensionHeaders(extensionHeaders);
  checkMtu(Math.min(mtu, MTU_RANGE[family].max), family); // a link's may be larger than any packet: lo has 65,536
  if (family === 6 && options.length > 0)
    throw argumentError('options', options, 'none for IPv6: use extensionHeaders');
  if (family === 4 && extensionHeaders.length > 0) throw argumentError('extensionHeaders', family, 'none for IPv4');
  return {
    family,
    source: source.octets,
    destination: destination.octets,
    sourcePort,
    destinationPort,
    ttl,
    tos,
    flowLabel,
    dontFragment,
    options,
    extensionHeaders,
    linkHeader,
    mtu,
    checksum,
  };
}

const NONE = new Uint8Array(0);

/** @throws UfoError ERR_UFO_INVALID_ARGUMENT for an MTU that nobody can ask for */
export function checkMtu(mtu: number, family: 4 | 6): void {
  const { min, max } = MTU_RANGE[family];
  range('mtu', mtu, min, max, `octets for IPv${family}`);
}

function address(name: string, text: string): Address {
  const parsed = typeof text === 'string' ? parseAddress(text) : null;
  if (parsed === null) throw argumentError(name, text, 'an IPv4 or IPv6 address');
  return parsed;
}

/** @throws UfoError (TypeError) for what is no list of `ExtensionHeader`s; what they say is `flowHeaders`' to check */
export function checkExtensionHeaders(given: unknown, name = 'extensionHeaders'): void {
  const fits = (one: unknown): boolean => {
    const { type, octets } = (one ?? {}) as Partial<ExtensionHeader>;
    return typeof type === 'number' && octets instanceof Uint8Array;
  };
  if (!Array.isArray(given) || !given.every(fits)) throw typeError(name, given, 'an array of { type, octets }');
}

function octets(name: string, value: unknown): void {
  if (!(value instanceof Uint8Array)) throw typeError(name, value, 'a Uint8Array');
}

function flag(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw typeError(name, value, 'true or false');
}

function range(name: string, value: number, least: number, most: number, unit = ''): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw argumentError(name, value, `${least} … ${most}${unit && ` ${unit}`}`);
  }
}
