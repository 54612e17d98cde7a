import { argumentError, usageError } from '../errors.js';
import type { PayloadSizes } from '../payload/sizes.js';
import { type Basics, type DriverOption, type NumberRange, type Option, rangeText } from './option.js';
import { type Endpoint, parseAddress, parseEndpoint, parsePort } from './parse-address.js';
import { type FlowEndpoint, parseFlowEndpoint, parsePorts, parseSources } from './parse-flows.js';
import { parseHex } from './parse-hex.js';
import { parseDuration, parseWhole } from './parse-number.js';
import { parseSizes } from './parse-payload.js';
import { parseRate, type RateWish } from './parse-rate.js';

/** What UDP can say of its length, less its header. */
const PAYLOAD_RANGE = { min: 0, max: 65_527, unit: 'octets' } as const;

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

/** `--echo-check` or `--echo-check=TIME`, in milliseconds: undefined when absent, `without` where no time is given. */
export const flagOrDuration = (basics: Basics, without: number): Option<number | undefined> => ({
  kind: 'optional-value',
  ...basics,
  parse: (text, name, given) => {
    if (text !== undefined) return parseDuration(text, name, 0, 3_600_000);
    return given ? without : undefined;
  },
});

export function choice<const C extends string>(basics: Basics, choices: readonly C[]): Option<C | undefined> {
  const option = value(basics, (text, name) => {
    const found = choices.find((one) => one === text);
    if (found === undefined) throw argumentError(name, text, `one of ${choices.join(', ')}`);
    return found;
  });
  return { ...option, choices };
}

/** A whole number within `range`, multiples and 0x allowed. */
export const count = (basics: Basics, range: NumberRange = { min: 1, max: 2 ** 48 }): Option<number | undefined> =>
  value({ range: rangeText(range), ...basics }, (text, name) => parseWhole(text, name, range));

/** A whole number that is told to a driver, in one range or in one for each family. */
export function numbered(
  basics: Basics,
  range: NumberRange | { readonly 4: NumberRange; readonly 6: NumberRange },
): DriverOption<number> {
  const [range4, range6] = 'min' in range ? [range, range] : [range[4], range[6]];
  const any = { ...range4, min: Math.min(range4.min, range6.min), max: Math.max(range4.max, range6.max) };
  const both = range4 === range6 ? rangeText(range4) : `${rangeText(range4)}, IPv6 ${rangeText(range6)}`;
  return {
    ...count({ range: both, ...basics }, any),
    check: (given, name, family) => {
      const { min, max, unit } = family === 4 ? range4 : range6;
      if (Number.isInteger(given) && (given as number) >= min && (given as number) <= max) return;
      const where = range4 === range6 ? '' : ` for IPv${family}`;
      throw argumentError(name, given, `${rangeText({ min, max, ...(unit === undefined ? {} : { unit }) })}${where}`);
    },
  };
}

/** Octets of UDP payload. The tighter limit of the family and of the headers in front is the sender's to check. */
export const size = (basics: Basics, { min }: Pick<NumberRange, 'min'> = PAYLOAD_RANGE): Option<number | undefined> =>
  count(basics, { ...PAYLOAD_RANGE, min });

/** Octets of UDP payloads: one size, a range, a list of both, or a mix by name. */
export const sizes = (basics: Basics): Option<PayloadSizes | undefined> =>
  value({ range: rangeText(PAYLOAD_RANGE), ...basics }, (text, name) => parseSizes(text, name, PAYLOAD_RANGE));

/** Octets in hexadecimal, at most `most`. */
export const hex = (basics: Basics, most: number = PAYLOAD_RANGE.max): Option<Uint8Array | undefined> =>
  value(basics, (text, name) => parseHex(text, name, most));

/** Milliseconds. */
export const duration = (
  basics: Basics,
  { min = 0, max = 86_400_000 }: { min?: number; max?: number } = {},
): Option<number | undefined> => value(basics, (text, name) => parseDuration(text, name, min, max));

export const rate = (basics: Basics): Option<RateWish | undefined> => value(basics, parseRate);

export const endpoint = (basics: Basics): Option<(Endpoint & { readonly port: number }) | undefined> =>
  value(basics, (text, name) => {
    const { port, ...rest } = parseEndpoint(text, name);
    return { ...rest, port: port! };
  });

/** As `endpoint`, but lists, ranges and prefixes of addresses and ports are allowed too. */
export const flowEndpoint = (basics: Basics): Option<FlowEndpoint | undefined> => value(basics, parseFlowEndpoint);

/** Ports: one, a range, or a list of both. */
export const ports = (basics: Basics): Option<readonly number[] | undefined> => value(basics, parsePorts);

/** As `endpointOrHost`, or several addresses without a port. */
export const sources = (basics: Basics): Option<(Endpoint & { readonly hosts: readonly string[] }) | undefined> =>
  value(basics, parseSources);

/** As `endpoint`, but the port may be left out. */
export const endpointOrHost = (basics: Basics): Option<Endpoint | undefined> =>
  value(basics, (text, name) => parseEndpoint(text, name, true));

export const address = (basics: Basics): Option<string | undefined> => value(basics, parseAddress);

export const port = (basics: Basics): Option<number | undefined> =>
  value(basics, (text, name) => parsePort(text, text, name));

export const interfaceName = (basics: Basics): Option<string | undefined> =>
  value({ completes: 'interface', ...basics }, (text, name) => {
    checkInterfaceName(text, name);
    return text;
  });

/** An interface name as the kernel takes it: 1 … 15 octets, no slash and no space (dev_valid_name). */
export function checkInterfaceName(text: unknown, name: string): asserts text is string {
  if (typeof text === 'string' && Buffer.byteLength(text) <= 15 && /^(?!\.{1,2}$)[^\s/:]+$/.test(text)) return;
  throw argumentError(name, text, 'an interface name of 1 … 15 octets', 'ip link shows the names');
}

/** `--json`, the same for every command. */
export const json: Option<boolean> = flag({
  describe: 'JSON on stdout, one object per line, for programs',
  group: 'output',
});

/** A file that is read; `-` is standard input. */
export const inputFile = (basics: Basics): Option<string | undefined> => ({
  ...string({ completes: 'file', ...basics }),
  opens: 'input',
});

/** A file that is written; `-` is standard output. No other file that the command line names may be the same. */
export const outputFile = (basics: Basics): Option<string | undefined> => ({
  ...string({ completes: 'file', ...basics }),
  opens: 'output',
});

/** `--html FILE`, the same for every command that has a page to write. */
export const htmlFile: Option<string | undefined> = outputFile({
  describe: 'a page of it all in this file, for a browser and for paper',
  group: 'output',
});
