import { usageError } from '../app/common/exit-codes.js';
import type { RateWish } from '../app/common/rate.js';
import { argumentError } from '../errors.js';
import { type Endpoint, parseAddress, parseEndpoint, parseMac, parsePort } from './parse-address.js';
import { type NumberRange, parseDuration, parseWhole } from './parse-number.js';
import { parseRate } from './parse-rate.js';

/**
 * One option or positional argument. `parse` gets the text as typed and the name to blame (`--size`), and throws an
 * `argumentError`. The type parameter is what the handler receives.
 */
export interface Option<T> {
  /** `flag`: no value; `value`: one value; `optional-value`: `--name` or `--name=VALUE`. */
  readonly kind: 'flag' | 'value' | 'optional-value';
  readonly describe: string;
  /** A single letter: `-i`. */
  readonly alias?: string;
  /** The default as a user would type it; parsed like any other text, and shown by `--help`. */
  readonly default?: string;
  readonly required?: boolean;
  readonly choices?: readonly string[];
  /** `text` is undefined for an option that was not given, a flag, or an `optional-value` without one (then `given`). */
  readonly parse: (text: string | undefined, name: string, given: boolean) => T;
}

/** What every helper takes. */
export interface Basics {
  readonly describe: string;
  readonly alias?: string;
}

/** Any text but the empty one: builds the other helpers. */
export function value<T>(basics: Basics, parse: (text: string, name: string) => T): Option<T | undefined> {
  return { kind: 'value', ...basics, parse: (text, name) => (text === undefined ? undefined : parse(text, name)) };
}

/** Makes an option one that has to be given; its absence is named by the parser. */
export function required<T>(option: Option<T | undefined>): Option<T> {
  const parse: Option<T>['parse'] = (text, name, given) => {
    const parsed = option.parse(text, name, given);
    if (parsed === undefined) throw usageError(`${name}: not given (${option.describe})`);
    return parsed;
  };
  return { ...option, required: true, parse };
}

/** Gives an option a default, written as a user would type it. */
export function withDefault<T>(option: Option<T | undefined>, text: string): Option<T> {
  return { ...required(option), required: false, default: text };
}

export const flag = (basics: Basics): Option<boolean> => ({
  kind: 'flag',
  ...basics,
  parse: (_text, _name, given) => given,
});

export const string = (basics: Basics): Option<string | undefined> => value(basics, (text) => text);

/** `--verify` or `--verify=IF`: false when absent, true without a value. */
export const flagOrString = (basics: Basics): Option<string | boolean> => ({
  kind: 'optional-value',
  ...basics,
  parse: (text, _name, given) => text ?? given,
});

export function choice<const C extends string>(basics: Basics, choices: readonly C[]): Option<C | undefined> {
  const option = value(basics, (text, name) => {
    const found = choices.find((one) => one === text);
    if (found === undefined) throw argumentError(name, text, `one of ${choices.join(', ')}`);
    return found;
  });
  return { ...option, choices };
}

/** A whole number within `range`, binary multiples and 0x allowed. */
export const count = (basics: Basics, range: NumberRange = { min: 1, max: 2 ** 48 }): Option<number | undefined> =>
  value(basics, (text, name) => parseWhole(text, name, range));

/** Octets of UDP payload. The tighter limit of the family and of the headers in front is the sender's to check. */
export const size = (basics: Basics, max = 65527): Option<number | undefined> =>
  count(basics, { min: 0, max, unit: 'octets' });

/** Milliseconds. */
export const duration = (
  basics: Basics,
  { min = 0, max = 86_400_000 }: { min?: number; max?: number } = {},
): Option<number | undefined> => value(basics, (text, name) => parseDuration(text, name, min, max));

export const rate = (basics: Basics): Option<RateWish | undefined> => value(basics, parseRate);

/** From 28, the smallest IPv4 packet that carries 8 octets of a fragment, to the largest IP packet. */
export const mtu = (basics: Basics): Option<number | undefined> =>
  count(basics, { min: 28, max: 65535, unit: 'octets' });

/** Nonzero: the kernel overwrites an IPv4 id of 0. IPv4 has 16 bits, which the sender checks. */
export const ident = (basics: Basics): Option<number | undefined> => count(basics, { min: 1, max: 0xffff_ffff });

export const ttl = (basics: Basics): Option<number | undefined> => count(basics, { min: 1, max: 255 });

export const tos = (basics: Basics): Option<number | undefined> => count(basics, { min: 0, max: 255 });

export const endpoint = (basics: Basics): Option<(Endpoint & { readonly port: number }) | undefined> =>
  value(basics, (text, name) => {
    const { port, ...rest } = parseEndpoint(text, name);
    return { ...rest, port: port! };
  });

/** As `endpoint`, but the port may be left out. */
export const endpointOrHost = (basics: Basics): Option<Endpoint | undefined> =>
  value(basics, (text, name) => parseEndpoint(text, name, true));

export const address = (basics: Basics): Option<string | undefined> => value(basics, parseAddress);

export const port = (basics: Basics): Option<number | undefined> =>
  value(basics, (text, name) => parsePort(text, text, name));

export const mac = (basics: Basics): Option<Uint8Array | undefined> => value(basics, parseMac);

/** `SRC,DST` Ethernet addresses. */
export const macPair = (
  basics: Basics,
): Option<{ readonly source: Uint8Array; readonly destination: Uint8Array } | undefined> =>
  value(basics, (text, name) => {
    const [source, destination, ...rest] = text.split(',');
    if (source === undefined || destination === undefined || rest.length > 0) {
      throw argumentError(name, text, 'two Ethernet addresses: SRC,DST');
    }
    return { source: parseMac(source, name), destination: parseMac(destination, name) };
  });

/** An interface name as the kernel takes it: 1 … 15 octets, no slash and no space (dev_valid_name). */
export const interfaceName = (basics: Basics): Option<string | undefined> =>
  value(basics, (text, name) => {
    if (Buffer.byteLength(text) > 15 || /[\s/:]/.test(text) || text === '.' || text === '..') {
      throw argumentError(name, text, 'an interface name of 1 … 15 octets', 'ip link shows the names');
    }
    return text;
  });

/** `--json`, the same for every command. */
export const json: Option<boolean> = flag({ describe: 'JSON on stdout, one object per line, for programs' });
