import { isIP, isIPv4 } from 'node:net';
import { argumentError, usageError } from '../errors.js';
import { formatAddress, parseAddress } from '../wire/address.js';
import { type Endpoint, parseEndpoint, parsePort } from './parse-address.js';

/** Where the flows of a sender go. */
export interface FlowEndpoint extends Endpoint {
  /** Of `hosts` the first. */
  readonly port: number;
  /** All addresses, or the one name; `host` is the first. */
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
}

/** Addresses that each have to be asked a way for, at most. */
const MOST_ADDRESSES = 1024;

const FORMS = 'HOST:PORT or [V6ADDRESS]:PORT, with lists (A,B), ranges (A-B, 9000-9099) and prefixes (A/28)';

/**
 * `192.0.2.2:9000-9099,9200`, `192.0.2.2-192.0.2.9:9`, `192.0.2.0/28:9`, `[2001:db8::2,2001:db8::5]:9`, and all that
 * `parseEndpoint` takes.
 */
export function parseFlowEndpoint(text: string, name: string): FlowEndpoint {
  const [, bracketed, plain, ports] = /^(?:\[([^\]]*)\]|([^:[\]]+)):([\d,-]+)$/.exec(text) ?? [];
  const hosts = bracketed ?? plain;
  const many =
    hosts !== undefined && ports !== undefined && (/[,/]/.test(hosts) || isRange(hosts) || /[,-]/.test(ports));
  if (!many) {
    const { port, ...one } = parseEndpoint(text, name);
    return { ...one, port: port!, hosts: [one.host], ports: [port!] };
  }
  const first =
    /[,/]/.test(hosts) || isRange(hosts)
      ? null
      : parseEndpoint(`${bracketed === undefined ? hosts : `[${hosts}]`}:9`, name);
  const addresses = first === null ? parseAddresses(hosts, name) : [first.host];
  const parsed = parsePorts(ports, name);
  const family = first === null ? familyOf(addresses[0]!) : first.family;
  if ((family === 6) !== (bracketed !== undefined)) throw argumentError(name, text, FORMS);
  return { host: addresses[0]!, family, port: parsed[0]!, hosts: addresses, ports: parsed };
}

/** `9000`, `9000-9099`, `9000,9010-9019`: each once, in this order. */
export function parsePorts(text: string, name: string): readonly number[] {
  const ports = new Set<number>();
  for (const part of text.split(',')) {
    const ends = part.split('-');
    const [from, to] = [ends[0]!, ends.at(-1)!].map((end) => parsePort(end, text, name)) as [number, number];
    if (ends.length > 2 || to < from)
      throw argumentError(name, text, 'ports of 1 … 65535: 9000, 9000-9099, 9000,9010-9019');
    for (let port = from; port <= to; port++) ports.add(port);
  }
  return [...ports];
}

/** Addresses of one family: `A`, `A-B`, `A/28` (of an IPv4 prefix its hosts), joined by commas; each once. */
export function parseAddresses(text: string, name: string): readonly string[] {
  const all = new Set<string>();
  for (const part of text.split(',')) {
    const [first, count] = stretchOf(part, text, name);
    if (all.size + count > MOST_ADDRESSES) {
      throw argumentError(name, text, `at most ${MOST_ADDRESSES} addresses`, 'ports make flows too: HOST:9000-9999');
    }
    for (let i = 0; i < count; i++) all.add(addressBehind(first, i));
  }
  const families = new Set([...all].map(familyOf));
  if (families.size > 1) throw argumentError(name, text, 'addresses of one family');
  return [...all];
}

/** `ADDRESS`, `ADDRESS:PORT`, or several addresses without a port. */
export function parseSources(text: string, name: string): Endpoint & { readonly hosts: readonly string[] } {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (!/[,/]/.test(bare) && !isRange(bare)) {
    const one = parseEndpoint(text, name, true);
    return { ...one, hosts: [one.host] };
  }
  const hosts = parseAddresses(bare, name);
  return { host: hosts[0]!, family: familyOf(hosts[0]!), port: undefined, hosts };
}

/** How many flows at most: each has headers of its own, made once. */
const MOST_FLOWS = 65_536;

/** @throws UfoError ERR_UFO_USAGE for more than can be kept apart */
export function checkFlowCount(count: number): void {
  if (count <= MOST_FLOWS) return;
  throw usageError(
    `${count} flows, want at most ${MOST_FLOWS}`,
    'addresses, ports, source addresses and source ports multiply',
  );
}

/** The first address and how many there are from it on. */
function stretchOf(part: string, text: string, name: string): [string, number] {
  const [address, prefix] = part.split('/');
  if (prefix !== undefined) return prefixOf(address!, prefix, text, name);
  const [from, to, more] = part.split('-');
  const ends = [from!, to ?? from!].map((end) => (isIP(end) === 0 || end.includes('%') ? null : parseAddress(end)));
  const [one, other] = ends;
  if (!one || !other || one.family !== other.family || more !== undefined) {
    throw argumentError(name, text, 'addresses: A, A-B or A/28, joined by commas');
  }
  const count = distance(one.octets, other.octets);
  if (count < 0) throw argumentError(name, text, 'the lower address of a range first');
  return [from!, count + 1];
}

function prefixOf(address: string, prefix: string, text: string, name: string): [string, number] {
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const len = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (family === 0 || address.includes('%') || !(len >= 1 && len <= bits)) {
    throw argumentError(name, text, `a prefix: ADDRESS/1 … ADDRESS/${bits}`);
  }
  const octets = parseAddress(address)!.octets.map(
    (octet, i) => octet & (0xff00 >> Math.min(8, Math.max(0, len - 8 * i))),
  );
  const count = 2 ** (bits - len);
  const network = formatAddress(octets);
  // The first of an IPv4 prefix is the network, the last a broadcast (RFC 922), but where there are only two (RFC 3021).
  return family === 4 && len < 31 ? [addressBehind(network, 1), count - 2] : [network, count];
}

/** From one address to another; at most one more than are allowed, negative where the other is lower. */
function distance(from: Uint8Array, to: Uint8Array): number {
  let count = 0;
  for (const [i, octet] of from.entries()) count = count * 256 + to[i]! - octet;
  return count;
}

function addressBehind(first: string, offset: number): string {
  if (offset === 0) return first;
  const octets = Uint8Array.from(parseAddress(first)!.octets);
  for (let i = octets.length - 1, carry = offset; carry > 0 && i >= 0; i--) {
    carry += octets[i]!;
    octets[i] = carry & 0xff;
    carry = Math.floor(carry / 256);
  }
  return formatAddress(octets);
}

function isRange(text: string): boolean {
  const [from, to] = text.split('-');
  return to !== undefined && (isIPv4(from!) || from!.includes(':'));
}

function familyOf(address: string): 4 | 6 {
  return isIPv4(address) ? 4 : 6;
}
