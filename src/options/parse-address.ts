import { isIP, isIPv4, isIPv6 } from 'node:net';
import { argumentError } from '../errors.js';
import * as ethernet from '../wire/ethernet.js';

/** Where to send to or from. `host` is an address literal (no brackets, zone kept) or a host name still to be resolved. */
export interface Endpoint {
  readonly host: string;
  /** 4 or 6 for a literal, undefined for a name. */
  readonly family: 4 | 6 | undefined;
  /** Undefined only where the port was optional and left out. */
  readonly port: number | undefined;
}

/** A label of RFC 1123 2.1. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
/** Every IPv6 address has them, and HOST:PORT has not: Node's expression for IPv6 takes milliseconds to compile. */
const TWO_COLONS = /:.*:/;

/** `192.0.2.1:9`, `[2001:db8::1]:9`, `host.example:9`; without `:PORT` only if `portOptional`. Nothing is looked up. */
export function parseEndpoint(text: string, name: string, portOptional = false): Endpoint {
  const allowed = portOptional ? 'HOST, HOST:PORT, [V6ADDRESS] or [V6ADDRESS]:PORT' : 'HOST:PORT or [V6ADDRESS]:PORT';
  if (TWO_COLONS.test(text) && isIPv6(text)) {
    if (portOptional) return { host: text, family: 6, port: undefined };
    throw argumentError(name, text, allowed, `put the IPv6 address in brackets: [${text}]:PORT`);
  }
  const match = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::([^:]*))?$/.exec(text);
  if (match === null || (match[3] === undefined && !portOptional)) {
    const hint = (text.match(/:/g) ?? []).length > 1 ? 'IPv6 addresses stand in brackets: [2001:db8::1]:9' : undefined;
    throw argumentError(name, text, allowed, hint);
  }
  const [, bracketed, plain, port] = match;
  return {
    ...(bracketed === undefined ? parseHost(plain!, text, name) : parseBracketed(bracketed, text, name)),
    port: port === undefined ? undefined : parsePort(port, text, name),
  };
}

/** An address literal of either family, brackets allowed, no port. */
export function parseAddress(text: string, name: string): string {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (isIP(bare) === 0) throw argumentError(name, text, 'an IPv4 or IPv6 address');
  return bare;
}

/** A UDP port, 1 … 65535: 0 means "none" in UDP and can't be sent to. */
export function parsePort(port: string, text: string, name: string): number {
  const value = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (value < 1 || value > 65535) throw argumentError(name, text, 'a port of 1 … 65535');
  return value;
}

function parseBracketed(host: string, text: string, name: string): Pick<Endpoint, 'host' | 'family'> {
  if (isIP(host) === 6) return { host, family: 6 };
  throw argumentError(name, text, 'an IPv6 address between the brackets');
}

function parseHost(host: string, text: string, name: string): Pick<Endpoint, 'host' | 'family'> {
  if (isIPv4(host)) return { host, family: 4 };
  const labels = host.replace(/\.$/, '').split('.');
  // The last label of a name is never a number: 999.1.1.1, 10.1 and 0x7f.1 are garbage addresses, not names.
  if (/^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1)!)) {
    throw argumentError(name, text, 'an IPv4 address of four numbers 0 … 255');
  }
  if (host.length > 253 || !labels.every((label) => LABEL.test(label))) {
    throw argumentError(name, text, 'an address or a host name');
  }
  return { host, family: undefined };
}

/** An Ethernet address, `02:00:00:00:00:01` or with hyphens: 6 octets. */
export function parseMac(text: string, name: string): Uint8Array {
  const octets = ethernet.parseMac(text);
  if (octets === null) throw argumentError(name, text, 'an Ethernet address like 02:00:00:00:00:01');
  return octets;
}
