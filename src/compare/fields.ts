import { HEADER_OPTION_NAMES } from '../options/driver-options.js';
import { HEADER_OPTIONS, type HeaderOptionName } from '../options/headers.js';
import { longName } from '../options/option.js';
import type { DatagramVerdict, UdpVerdict } from '../verify/verdict.js';
import { withoutRouteData } from '../wire/ipv4-options.js';
import type { Difference } from './difference.js';
import type { ExpectedDatagram } from './expected.js';

type Value = string | number | boolean;

/** One header field: where its value stands in what was sent and in what came. */
interface Field {
  readonly name: string;
  /** Undefined: not to be compared. Of several any is right. */
  readonly want: (expected: ExpectedDatagram) => Value | readonly Value[] | undefined;
  /** The values in all of the datagram's packets; none where it was not seen. */
  readonly got: (verdict: DatagramVerdict) => readonly Value[];
  readonly format?: (value: Value) => string;
  /** Whether a router may make the one of the other; never, where it is left out. */
  readonly onTheWay?: (want: Value, got: Value) => boolean;
}

const always = (): boolean => true;
const one = (value: Value | null | undefined): readonly Value[] =>
  value === null || value === undefined ? [] : [value];

/** What a field is called: as its option, in words. */
type Unnamed = Omit<Field, 'name'> & { readonly name?: string };

/**
 * How each option of the headers shows in packets; none where no packet tells it by itself. Routers lower the TTL (RFC 1812
 * 5.3.1) and write DSCP and ECN (RFC 2474, RFC 3168).
 */
const OF_OPTIONS: { readonly [K in HeaderOptionName]: readonly Unnamed[] } = {
  mtu: [], // told from the sizes: `cutDifferences`
  idents: [{ want: (e) => e.ident, got: (v) => (v.ident === null ? ['none'] : [v.ident]) }],
  ttl: [{ want: (e) => e.headers?.ttl, got: (v) => v.seen?.ttl ?? [], onTheWay: always }],
  tos: [
    {
      name: 'dscp',
      want: (e) => part(e.headers?.tos, (tos) => tos >>> 2),
      got: (v) => distinct(v.seen?.tos, (tos) => tos >>> 2),
      format: dscpText,
      onTheWay: always,
    },
    {
      name: 'ecn',
      want: (e) => part(e.headers?.tos, (tos) => tos & 3),
      got: (v) => distinct(v.seen?.tos, (tos) => tos & 3),
      onTheWay: always,
    },
  ],
  dontFragment: [
    { want: (e) => e.headers?.df, got: (v) => v.seen?.df ?? [], format: (df) => (df === true ? '1' : '0') },
  ],
  flowLabel: [{ want: (e) => e.headers?.flowLabel, got: (v) => v.seen?.flowLabel ?? [] }],
  vlans: [
    {
      want: (e) => e.headers?.vlan,
      got: (v) => (v.seen?.vlan ?? []).filter((tags) => tags !== null),
      format: orNone,
    },
  ],
  options: [
    {
      want: (e) => e.headers?.options,
      got: (v) => one(v.seen?.options),
      format: orNone,
      onTheWay: (want, got) => onlyRoutesDiffer(`${want}`, `${got}`),
    },
  ],
  extensionHeaders: [
    { want: (e) => e.headers?.extensionHeaders, got: (v) => one(v.seen?.extensionHeaders), format: orNone },
  ],
  checksum: [
    { name: 'udp checksum', want: (e) => e.headers?.checksum, got: (v) => one(v.udp && checksumOf(v.udp, v.findings)) },
  ],
  sourceMac: [], // link addresses change at every hop
  destinationMac: [],
};

/** Every field of the headers that is compared. */
const FIELDS: readonly Field[] = [
  { name: 'source', want: (e) => e.source, got: (v) => [v.source] },
  { name: 'destination', want: (e) => e.destination, got: (v) => [v.destination] },
  { name: 'sourcePort', want: (e) => e.sourcePort, got: (v) => one(v.udp?.sourcePort) },
  { name: 'destinationPort', want: (e) => e.destinationPort, got: (v) => one(v.udp?.destinationPort) },
  ...HEADER_OPTION_NAMES.flatMap((key) =>
    OF_OPTIONS[key].map((field) => ({ name: longName(key, HEADER_OPTIONS[key]).replaceAll('-', ' '), ...field })),
  ),
];

/** What of the headers is not as it was sent. */
export function fieldDifferences(expected: ExpectedDatagram, verdict: DatagramVerdict): Difference[] {
  const differences: Difference[] = [];
  for (const { name, want, got, format = String, onTheWay } of FIELDS) {
    const wanted = want(expected);
    if (wanted === undefined) continue;
    const all: readonly Value[] = typeof wanted === 'object' ? wanted : [wanted];
    for (const value of got(verdict)) {
      if (all.includes(value)) continue;
      differences.push({
        field: name,
        from: all.map(format).join(' or '),
        to: format(value),
        onTheWay: onTheWay?.(all[0]!, value) ?? false,
      });
    }
  }
  return differences;
}

function part(
  value: number | readonly number[] | undefined,
  of: (value: number) => number,
): readonly number[] | undefined {
  return value === undefined ? undefined : distinct(typeof value === 'number' ? [value] : value, of);
}

function distinct(values: readonly number[] | undefined, of: (value: number) => number): number[] {
  return values === undefined ? [] : [...new Set(values.map(of))];
}

/** A checksum that the device still has to compute is one that was asked for. */
function checksumOf({ checksum }: UdpVerdict, findings: DatagramVerdict['findings']): Value {
  return checksum === 'none' || findings.some(({ code }) => code === 'udp-checksum-zero') ? 'zero' : 'computed';
}

/** Class selectors (RFC 2474), expedited (RFC 3246) and assured forwarding (RFC 2597) by their names. */
export function dscpText(dscp: Value): string {
  const value = Number(dscp);
  const name =
    value === 46
      ? 'ef'
      : value > 0 && value % 8 === 0
        ? `cs${value / 8}`
        : value >= 10 && value <= 38 && value % 2 === 0
          ? `af${value >> 3}${(value & 7) >> 1}`
          : '';
  return name === '' ? `${value}` : `${value} (${name})`;
}

function orNone(text: Value): string {
  return `${text}` || 'none';
}

/** Whether only what routers write into options differs. */
function onlyRoutesDiffer(want: string, got: string): boolean {
  return want.length === got.length && unwritten(want) === unwritten(got);
}

/** The options with what routers write left out. */
function unwritten(hex: string): string {
  return Buffer.from(withoutRouteData(Buffer.from(hex, 'hex'))).toString('hex');
}
