/** One field of one header of a frame: `[from, to)` in bits from the frame's beginning. */
export interface HeaderField {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Fields of a header in order, each with its bits. */
type Layout = readonly (readonly [name: string, bits: number])[];

const ETHERNET: Layout = [
  ['destination', 48],
  ['source', 48],
  ['type', 16],
];
const VLAN: Layout = [
  ['priority', 3],
  ['drop eligible', 1],
  ['id', 12],
  ['type', 16],
];
const IPV4: Layout = [
  ['version', 4],
  ['header length', 4],
  ['dscp', 6],
  ['ecn', 2],
  ['total length', 16],
  ['ident', 16],
  ['reserved flag', 1],
  ['df', 1],
  ['mf', 1],
  ['offset', 13],
  ['ttl', 8],
  ['protocol', 8],
  ['checksum', 16],
  ['source', 32],
  ['destination', 32],
];
const IPV6: Layout = [
  ['version', 4],
  ['traffic class', 8],
  ['flow label', 20],
  ['payload length', 16],
  ['next header', 8],
  ['hop limit', 8],
  ['source', 128],
  ['destination', 128],
];
const FRAGMENT: Layout = [
  ['next header', 8],
  ['reserved', 8],
  ['offset', 13],
  ['reserved bits', 2],
  ['mf', 1],
  ['ident', 32],
];
const UDP: Layout = [
  ['source port', 16],
  ['destination port', 16],
  ['length', 16],
  ['checksum', 16],
];
const GRE: Layout = [
  ['flags', 16],
  ['protocol', 16],
];
/** RFC 2890: there where the flag K says so. */
const GRE_KEY: Layout = [['key', 32]];
const MPLS: Layout = [
  ['label', 20],
  ['traffic class', 3],
  ['bottom', 1],
  ['ttl', 8],
];
const PPPOE: Layout = [
  ['version', 4],
  ['type', 4],
  ['code', 8],
  ['session', 16],
  ['length', 16],
  ['ppp protocol', 16],
];
const SNAP: Layout = [
  ['dsap', 8],
  ['ssap', 8],
  ['control', 8],
  ['organisation', 24],
  ['type', 16],
];
const MAC_IN_MAC: Layout = [
  ['priority', 3],
  ['drop eligible', 1],
  ['use customer addresses', 1],
  ['reserved 1', 1],
  ['reserved 2', 2],
  ['service', 24],
];
const GENEVE: Layout = [
  ['version', 2],
  ['options length', 6],
  ['control', 1],
  ['critical', 1],
  ['reserved', 6],
  ['protocol', 16],
  ['vni', 24],
  ['reserved end', 8],
];
const VXLAN: Layout = [
  ['flags', 8],
  ['reserved', 24],
  ['vni', 24],
  ['reserved end', 8],
];

/** The fields of all headers of a frame that begins with Ethernet, and of what its tunnels carry. */
export function headerFields(octets: Uint8Array): HeaderField[] {
  const fields: HeaderField[] = [];
  const names = new Map<string, number>();
  let at = 0;
  const add = (header: string, layout: Layout): void => {
    const time = (names.get(header) ?? 0) + 1;
    names.set(header, time);
    const title = time === 1 ? header : `${header} ${time}`;
    for (const [name, bits] of layout) {
      fields.push({ name: `${title} ${name}`, from: at, to: at + bits });
      at += bits;
    }
  };
  const octet = (index: number): number => octets[at / 8 + index]!;
  const word = (index: number): number => octet(index) * 256 + octet(index + 1);
  let next = 'ethernet';
  while (next !== '') next = STEPS[next]!({ add, octet, word });
  return fields;
}

interface Here {
  add(header: string, layout: Layout): void;
  octet(index: number): number;
  word(index: number): number;
}

/** What each header is made of, and which comes next; empty where nothing does. */
const STEPS: Readonly<Record<string, (here: Here) => string>> = {
  ethernet: ({ add, word }) => {
    const type = word(12);
    add('ethernet', ETHERNET);
    return ofEtherType(type);
  },
  vlan: ({ add, word }) => {
    const type = word(2);
    add('vlan', VLAN);
    return ofEtherType(type);
  },
  ipv4: ({ add, octet, word }) => {
    const [protocol, first, options] = [octet(9), (word(6) & 0x1fff) === 0, (octet(0) & 15) * 4 - 20];
    add('ipv4', options === 0 ? IPV4 : [...IPV4, ['options', 8 * options]]);
    return first ? ofProtocol(protocol) : '';
  },
  ipv6: ({ add, octet }) => {
    const next = octet(6);
    add('ipv6', IPV6);
    return ofProtocol(next);
  },
  fragment: ({ add, octet, word }) => {
    const [next, first] = [octet(0), (word(2) & 0xfff8) === 0];
    add('fragment', FRAGMENT);
    return first ? ofProtocol(next) : '';
  },
  'hop-by-hop': (here) => extension('hop-by-hop', here),
  routing: (here) =>
    extension('routing', here, [
      ['type', 8],
      ['segments left', 8],
      ['data', 32],
    ]),
  'destination options': (here) => extension('destination options', here),
  udp: ({ add, word }) => {
    const port = word(2);
    add('udp', UDP);
    return { 4789: 'vxlan', 6081: 'geneve' }[port] ?? '';
  },
  gre: ({ add, octet, word }) => {
    const [type, hasKey] = [word(2), (octet(0) & 0x20) !== 0];
    add('gre', hasKey ? [...GRE, ...GRE_KEY] : GRE);
    return ofEtherType(type);
  },
  mpls: ({ add, octet }) => {
    const [bottom, version] = [(octet(2) & 1) !== 0, octet(4) >> 4];
    add('mpls', MPLS);
    return bottom ? (version === 4 ? 'ipv4' : 'ipv6') : 'mpls';
  },
  pppoe: ({ add, word }) => {
    const protocol = word(6);
    add('pppoe', PPPOE);
    return protocol === 0x21 ? 'ipv4' : 'ipv6';
  },
  snap: ({ add, word }) => {
    const type = word(6);
    add('snap', SNAP);
    return ofEtherType(type);
  },
  'mac in mac': ({ add }) => {
    add('mac in mac', MAC_IN_MAC);
    return 'ethernet';
  },
  geneve: ({ add, octet, word }) => {
    const [options, type] = [32 * (octet(0) & 0x3f), word(2)];
    add('geneve', options === 0 ? GENEVE : [...GENEVE, ['options', options]]);
    return type === 0x6558 ? 'ethernet' : ofEtherType(type);
  },
  vxlan: ({ add }) => {
    add('vxlan', VXLAN);
    return 'ethernet';
  },
};

function extension(name: string, { add, octet }: Here, start: Layout = [['data', 48]]): string {
  const [next, len] = [octet(0), octet(1)];
  const rest: Layout = len === 0 ? [] : [['more data', 64 * len]];
  add(name, [['next header', 8], ['length', 8], ...start, ...rest]);
  return ofProtocol(next);
}

function ofEtherType(type: number): string {
  if (type <= 1500) return 'snap'; // a length
  const names: Readonly<Record<number, string>> = {
    ...{ 2048: 'ipv4', 34525: 'ipv6', 33024: 'vlan', 34984: 'vlan' },
    ...{ 34887: 'mpls', 34916: 'pppoe', 35047: 'mac in mac' },
  };
  return names[type] ?? '';
}

function ofProtocol(protocol: number): string {
  return (
    {
      0: 'hop-by-hop',
      4: 'ipv4',
      17: 'udp',
      41: 'ipv6',
      43: 'routing',
      44: 'fragment',
      47: 'gre',
      60: 'destination options',
    }[protocol] ?? ''
  );
}
