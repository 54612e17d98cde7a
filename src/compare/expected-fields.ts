import { isIP } from 'node:net';
import { checkObject, refuseUnknown } from '../checks.js';
import { typeError } from '../errors.js';
import { FAULTS } from '../faults/rules.js';
import { formatAddress, parseAddress } from '../wire/address.js';
import type { ExpectedDatagram, ExpectedHeaders, ExpectedPayload } from './expected.js';
import { type Check, flag, isObject, listOf, oneOf, oneOrMore, shape, text, tuple, whole, wrongKey } from './shape.js';

const address: Check = (value) => typeof value === 'string' && isIP(value) !== 0;
const hex: Check = (value) => typeof value === 'string' && /^([0-9a-f]{2})*$/.test(value);
const sha256: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value);
const PIECE = tuple(whole, whole, oneOf(0, 1));

/** What each name of an expected datagram stands for. */
export const FIELDS: Readonly<Record<keyof ExpectedDatagram, Check>> = {
  ...{ source: address, destination: address, sourcePort: whole, destinationPort: whole, way: text, ident: whole },
  ...{ fragments: whole, sizes: listOf(tuple(whole, whole)), mtu: whole, stoppedAfter: whole },
  headers: shape(
    {},
    {
      ...{ ttl: oneOrMore(whole), tos: oneOrMore(whole), df: oneOrMore(flag), flowLabel: oneOrMore(whole) },
      ...{ vlan: text, options: hex, extensionHeaders: hex },
      checksum: oneOf('computed', 'zero'),
    },
  ),
  planned: shape(
    {
      ...{ plan: text, verdict: oneOf('good', 'bad', 'incomplete'), faults: listOf(oneOf(...FAULTS)) },
      ...{ packets: listOf(PIECE), copies: whole },
    },
    { others: listOf(PIECE) },
  ),
  payload: shape({ length: whole }, { seed: whole, sequence: whole, sha256, digest: text }),
};

export function isPayload(value: unknown): value is ExpectedPayload {
  if (!isObject(value)) return false;
  const { length, seed, sequence } = value;
  const told = Number.isInteger(seed) && Number.isInteger(sequence);
  return Number.isInteger(length) && (told || (seed === undefined && sequence === undefined));
}

const NAMES = Object.keys(FIELDS);
const HEADERS: Readonly<Record<keyof ExpectedHeaders, true>> = {
  ...{ ttl: true, tos: true, df: true, options: true, flowLabel: true },
  ...{ extensionHeaders: true, vlan: true, checksum: true },
};
const HEADER_NAMES = Object.keys(HEADERS);
const PAYLOAD_NAMES = ['length', 'seed', 'sequence', 'sha256', 'digest'];

/** Without the names that it has beside these: a file may come from a later version. */
export function known(expected: ExpectedDatagram): ExpectedDatagram {
  const { headers, payload } = expected;
  return {
    ...pick(expected, NAMES),
    ...(headers !== undefined && { headers: pick(headers, HEADER_NAMES) }),
    payload: pick(payload, PAYLOAD_NAMES),
  };
}

function pick<T extends object>(value: T, names: readonly string[]): T {
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name))) as T;
}

/** What a field of ours is, where it is not what it should be. */
const WANT: Readonly<Partial<Record<keyof ExpectedDatagram, string>>> = {
  source: 'an IPv4 or IPv6 address, as text',
  destination: 'an IPv4 or IPv6 address, as text',
  way: 'a way of sending, as SendResult has it',
  sizes: 'runs: an array of [octets, packets]',
  headers: 'header fields: numbers, flags, and octets as text of small hexadecimal digits',
  planned: 'what a plan makes of the datagram, as `send --save` writes it',
};

/** @throws UfoError (TypeError) for a name or a value that none can have: it would make right datagrams bad */
export function checkExpected(given: unknown): asserts given is ExpectedDatagram {
  checkObject('expected', given, 'an object: a datagram that was sent');
  refuseUnknown(given, NAMES, 'an expected datagram');
  const expected = given as ExpectedDatagram;
  const { headers, payload } = expected;
  if (headers !== undefined) refuseUnknown(headers, HEADER_NAMES, 'headers', 'headers.');
  if (isObject(payload)) refuseUnknown(payload, PAYLOAD_NAMES, 'payload', 'payload.');
  const wrong = isPayload(payload) ? wrongKey(expected, FIELDS) : 'payload';
  if (wrong !== undefined)
    throw typeError(wrong, Reflect.get(expected, wrong), wanted(wrong as keyof ExpectedDatagram));
}

/**
 * What is expected, as verdicts write it: addresses in canonical text (RFC 5952), hashes in small letters. The very object where
 * it is so already: who told it knows it again.
 */
export function asVerdictsWrite(expected: ExpectedDatagram): ExpectedDatagram {
  const { source, destination, payload } = expected;
  const written = {
    ...(source !== undefined && { source: canonical(source) }),
    ...(destination !== undefined && { destination: canonical(destination) }),
    ...('sha256' in payload && payload.sha256 !== undefined && { payload: lowerCase(payload) }),
  };
  const same =
    written.source === source && written.destination === destination && (written.payload ?? payload) === payload;
  return same ? expected : { ...expected, ...written };
}

function wanted(name: keyof ExpectedDatagram): string {
  if (name === 'payload') return 'an object with length, and with seed and sequence, a sha256 or a digest, or alone';
  return WANT[name] ?? 'a whole number';
}

/** The last address asked for: mostly the next one's, too. */
let last = { text: '', canonical: '' };

function canonical(text: string): string {
  if (text !== last.text) last = { text, canonical: formatAddress(parseAddress(text)!.octets) };
  return last.canonical;
}

function lowerCase(payload: Extract<ExpectedPayload, { sha256?: string }>): ExpectedPayload {
  const sha256 = payload.sha256!.toLowerCase();
  return sha256 === payload.sha256 ? payload : { ...payload, sha256 };
}
