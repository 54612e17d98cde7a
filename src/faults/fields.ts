import { argumentError } from '../errors.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import * as extension from '../wire/ipv6-extension.js';
import { fragmentHeaderAt, type PlanPacket, viewOf } from './packet.js';

/** A header field by the name that plans give it; `at` is where the IPv6 fragment header begins. */
interface Field {
  readonly max: number;
  readonly multiple?: number;
  readonly get: (view: DataView, at: number) => number;
  readonly set: (view: DataView, at: number, value: number) => void;
  /** Needs an IPv6 fragment header. */
  readonly inFragmentHeader?: boolean;
}

/** A bit of the 16-bit word at `offset`. */
function bit(offset: number, mask: number): Field {
  return {
    max: 1,
    get: (view) => ((view.getUint16(offset) & mask) === 0 ? 0 : 1),
    set: (view, _at, value) => view.setUint16(offset, (view.getUint16(offset) & ~mask) | (value === 0 ? 0 : mask)),
  };
}

function field(max: number, get: Field['get'], set: Field['set']): Field {
  return { max, get, set };
}

/** Between offset and M in the fragment header (RFC 8200 §4.5). */
const RESERVED_BITS = 0x06;

const V4: Readonly<Record<string, Field>> = {
  version: field(
    15,
    (view) => ipv4.getVersion(view, 0),
    (view, _at, value) => view.setUint8(0, (view.getUint8(0) & 0x0f) | (value << 4)),
  ),
  tos: field(
    255,
    (view) => ipv4.getTos(view, 0),
    (view, _at, value) => ipv4.setTos(view, 0, value),
  ),
  length: field(
    0xffff,
    (view) => ipv4.getTotLen(view, 0),
    (view, _at, value) => ipv4.setTotLen(view, 0, value),
  ),
  ident: field(
    0xffff,
    (view) => ipv4.getIdent(view, 0),
    (view, _at, value) => ipv4.setIdent(view, 0, value),
  ),
  reserved: bit(ipv4.FRAG_OFF, ipv4.RESERVED_FLAG),
  df: bit(ipv4.FRAG_OFF, ipv4.DF),
  mf: bit(ipv4.FRAG_OFF, ipv4.MF),
  offset: {
    max: 8 * ipv4.FRAG_OFF_MASK,
    multiple: 8,
    get: (view) => 8 * ipv4.getFragOff(view, 0),
    set: (view, _at, value) =>
      ipv4.setFragOff(view, 0, (ipv4.getFragWord(view, 0) & ~ipv4.FRAG_OFF_MASK) | (value >>> 3)),
  },
  ttl: field(
    255,
    (view) => ipv4.getTtl(view, 0),
    (view, _at, value) => ipv4.setTtl(view, 0, value),
  ),
  protocol: field(
    255,
    (view) => ipv4.getProtocol(view, 0),
    (view, _at, value) => ipv4.setProtocol(view, 0, value),
  ),
  checksum: field(
    0xffff,
    (view) => ipv4.getChecksum(view, 0),
    (view, _at, value) => ipv4.setChecksum(view, 0, value),
  ),
};

const V6: Readonly<Record<string, Field>> = {
  version: field(
    15,
    (view) => ipv6.getVersion(view, 0),
    (view, _at, value) => view.setUint8(0, (view.getUint8(0) & 0x0f) | (value << 4)),
  ),
  tos: field(
    255,
    (view) => ipv6.getTrafficClass(view, 0),
    (view, _at, value) => ipv6.setClassAndFlow(view, 0, value, ipv6.getFlowLabel(view, 0)),
  ),
  'flow-label': field(
    0xf_ffff,
    (view) => ipv6.getFlowLabel(view, 0),
    (view, _at, value) => ipv6.setClassAndFlow(view, 0, ipv6.getTrafficClass(view, 0), value),
  ),
  length: field(
    0xffff,
    (view) => ipv6.getPayloadLen(view, 0),
    (view, _at, value) => ipv6.setPayloadLen(view, 0, value),
  ),
  'next-header': field(
    255,
    (view) => ipv6.getNextHeader(view, 0),
    (view, _at, value) => ipv6.setNextHeader(view, 0, value),
  ),
  ttl: field(
    255,
    (view) => ipv6.getHopLimit(view, 0),
    (view, _at, value) => ipv6.setHopLimit(view, 0, value),
  ),
  protocol: {
    ...field(255, extension.getFragNextHeader, extension.setFragNextHeader),
    inFragmentHeader: true,
  },
  reserved: {
    ...field(
      1,
      (view, at) => ((view.getUint8(at + 1) | (view.getUint8(at + 3) & RESERVED_BITS)) === 0 ? 0 : 1),
      (view, at, value) => view.setUint8(at + 1, value),
    ),
    inFragmentHeader: true,
  },
  mf: {
    ...field(
      1,
      (view, at) => (extension.getMoreFrags(view, at) ? 1 : 0),
      (view, at, value) => extension.setFragOff(view, at, extension.getFragOff(view, at), value === 1),
    ),
    inFragmentHeader: true,
  },
  offset: {
    max: 65_528,
    multiple: 8,
    get: (view, at) => 8 * extension.getFragOff(view, at),
    set: (view, at, value) => extension.setFragOff(view, at, value >>> 3, extension.getMoreFrags(view, at)),
    inFragmentHeader: true,
  },
  ident: { ...field(0xffff_ffff, extension.getFragIdent, extension.setFragIdent), inFragmentHeader: true },
};

const FIELDS = { 4: V4, 6: V6 } as const;

/** Every field name that some family has. */
export const FIELD_NAMES: readonly string[] = [...new Set([...Object.keys(V4), ...Object.keys(V6)])];

/** The value of every field that the packet's header has, in the order of the header. */
export function fieldValues({ family, header }: Pick<PlanPacket, 'family' | 'header'>): (readonly [string, number])[] {
  const view = viewOf(header);
  const at = family === 6 ? fragmentHeaderAt(header) : -1;
  return Object.entries(FIELDS[family]).flatMap(([name, { get, inFragmentHeader }]) =>
    inFragmentHeader === true && at < 0 ? [] : [[name, get(view, at)] as const],
  );
}

/** The header of `fragment` with the field set; IPv4's checksum is made right unless it is the field. @throws argument error */
export function withField(fragment: PlanPacket, name: string, value: number): PlanPacket {
  const { max, multiple = 1, set } = fieldOf(fragment, name);
  if (value > max || value % multiple !== 0) {
    throw argumentError(name, value, `0 … ${max}${multiple === 1 ? '' : `, a multiple of ${multiple}`}`);
  }
  return changed(fragment, (view, at) => {
    set(view, at, value);
    if (fragment.family === 4 && name !== 'checksum') ipv4.fillChecksum(view, 0);
  });
}

/** The header with the lowest bit of the field turned, and nothing made right. @throws argument error */
export function withFlippedField(fragment: PlanPacket, name: string): PlanPacket {
  const { get, set, multiple = 1 } = fieldOf(fragment, name);
  return changed(fragment, (view, at) => set(view, at, get(view, at) ^ multiple));
}

function changed(fragment: PlanPacket, change: (view: DataView, at: number) => void): PlanPacket {
  const header = fragment.header.slice();
  change(viewOf(header), fragmentHeaderAt(header));
  return { ...fragment, header };
}

function fieldOf(fragment: PlanPacket, name: string): Field {
  const { family, header } = fragment;
  const found = FIELDS[family][name];
  if (found === undefined)
    throw argumentError('field', name, `for IPv${family} ${Object.keys(FIELDS[family]).join(', ')}`);
  if (family === 6 && found.inFragmentHeader === true && fragmentHeaderAt(header) < 0) {
    throw argumentError('field', name, 'a field of a packet without fragment header: this one was not cut');
  }
  return found;
}
