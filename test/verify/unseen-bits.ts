import { SAMPLES } from './flip-samples.js';

/** Bits of header fields that no receiver can see flipped, with the reason. */
export interface UnseenBits {
  readonly field: string;
  /** Which of it, from its first; all where left out. */
  readonly bits?: string;
  readonly samples: readonly string[];
  readonly why: string;
}

const C55 = (...numbers: readonly number[]): string[] => numbers.map((number) => `case c55, ${number}`);
const IPV6_WHOLE = [
  'case c02',
  'ipv6 whole',
  'ipv4 in ipv6',
  'ipv6 in ipv4',
  'gre',
  'case c53',
  ...C55(1, 2, 3, 4, 5, 6, 7),
];

/** Each row is needed for each of its samples, and all that a sample needs is here: `bit-flips.test.ts` holds both. */
export const UNSEEN: readonly UnseenBits[] = [
  {
    field: 'ethernet destination',
    samples: [
      'ipv4 whole',
      'ipv4 without checksum',
      'ipv6 whole',
      'vlan whole',
      'ipv4 in ipv6',
      'ipv6 in ipv4',
      'gre',
      'vxlan',
      'mpls whole',
      'case c02',
      'case c41',
      'case c53',
      ...C55(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    ],
    why: 'A capture sees frames to any station, and one packet alone has no other to be compared with (fragments have).',
  },
  {
    field: 'ethernet destination',
    samples: ['gre with a key', 'mac in mac fragments', 'ipv4 in ipv4 fragments', 'geneve fragments'],
    why: "The outer station is the tunnel's end, and the tunnel's packets are not fragments: those inside are compared.",
  },
  {
    field: 'ethernet 2 source',
    samples: ['mac in mac fragments'],
    why: 'The receiver takes frames of any sender, inside as outside.',
  },
  {
    field: 'ethernet type',
    bits: '5-8,10-15',
    samples: ['snap fragments'],
    why: 'A length (IEEE 802.3) that is longer than the frame may be that of one that the capture cut; the lengths of IP decide.',
  },
  {
    field: 'mpls label',
    samples: ['mpls whole'],
    why: 'Another way through the network, in which the packet is right; fragments with another label are missing in the first.',
  },
  {
    field: 'mpls 2 label',
    samples: ['mpls whole'],
    why: 'Another way through the network, in which the packet is right; fragments with another label are missing in the first.',
  },
  ...['mpls', 'mpls 2'].flatMap((entry) =>
    ['traffic class', 'ttl'].map((field) => ({
      field: `${entry} ${field}`,
      samples: ['mpls whole', 'mpls fragments'],
      why: 'Every router of the way writes it (RFC 3032 2.4, RFC 5462), and nothing covers the label stack.',
    })),
  ),
  {
    field: 'pppoe length',
    bits: '0-9,11,13,15',
    samples: ['pppoe fragments'],
    why: 'A length that is longer than the frame may be that of one that the capture cut; the lengths of IP decide.',
  },
  ...['priority', 'drop eligible', 'use customer addresses', 'reserved 1'].map((field) => ({
    field: `mac in mac ${field}`,
    samples: ['mac in mac fragments'],
    why: 'Bridges write priority and drop eligibility; the other two are for bridges, or ignored (802.1Q 9.7).',
  })),
  {
    field: 'ethernet source',
    samples: Object.keys(SAMPLES),
    why: 'The receiver takes frames of any sender; nothing covers the address but the frame check sequence, which captures leave out.',
  },
  {
    field: 'ethernet type',
    bits: '3',
    samples: ['vlan whole', 'case c01'],
    why: '0x8100 becomes 0x9100, which is a VLAN tag of older switches.',
  },
  {
    field: 'vlan 2 drop eligible',
    samples: ['vlan fragments'],
    why: 'Switches may write it (802.1Q 6.9), fragment by fragment.',
  },
  {
    field: 'vlan 2 priority',
    samples: ['vlan fragments'],
    why: 'Switches may write it (802.1Q 6.9), fragment by fragment.',
  },
  {
    field: 'vlan drop eligible',
    samples: ['vlan whole', 'vlan fragments', 'case c01'],
    why: 'Switches may write it (802.1Q 6.9), fragment by fragment.',
  },
  {
    field: 'vlan id',
    samples: ['vlan whole'],
    why: 'Another network, in which the packet is right; of fragments those in the first network are missing.',
  },
  {
    field: 'vlan priority',
    samples: ['vlan whole', 'vlan fragments', 'case c01'],
    why: 'Switches may write it (802.1Q 6.9), fragment by fragment.',
  },
  {
    field: 'vlan type',
    bits: '3',
    samples: ['vlan fragments'],
    why: '0x8100 becomes 0x9100, which is a VLAN tag of older switches.',
  },
  {
    field: 'ipv6 destination',
    samples: ['ipv4 in ipv6', ...C55(1, 2, 3, 5, 6, 7)],
    why: 'IPv6 has no header checksum; what is carried sums its own addresses, or the end of the routing header (RFC 8200 8.1).',
  },
  {
    field: 'ipv6 flow label',
    samples: IPV6_WHOLE,
    why: 'IPv6 has no header checksum (RFC 6437 3: any value is right); between fragments it is a note.',
  },
  {
    field: 'ipv6 hop limit',
    samples: IPV6_WHOLE,
    why: 'IPv6 has no header checksum, and every router writes it; between fragments it is a note.',
  },
  {
    field: 'ipv6 payload length',
    bits: '14-15',
    samples: ['case c02'],
    why: 'The datagram is shorter than its packet: a few octets more or fewer behind it are surplus as well (RFC 9868).',
  },
  {
    field: 'ipv6 source',
    samples: ['ipv4 in ipv6'],
    why: 'IPv6 has no header checksum, and what the packet carries sums its own addresses.',
  },
  {
    field: 'ipv6 traffic class',
    samples: IPV6_WHOLE,
    why: 'IPv6 has no header checksum, and routers may write it; between fragments it is a note.',
  },
  {
    field: 'fragment ident',
    samples: ['case c53'],
    why: "The ident of an atomic fragment is nobody's: it is never put together with others (RFC 6946 4).",
  },
  {
    field: 'hop-by-hop data',
    bits: '2-5,7,16-31,34-36,38-39',
    samples: ['case c53'],
    why: 'Option types that are to be skipped where unknown (RFC 8200 4.2), lengths that fit as well, and data that nobody reads.',
  },
  {
    field: 'destination options data',
    bits: '2-7,13',
    samples: ['case c53'],
    why: 'Option types that are to be skipped where unknown (RFC 8200 4.2), and a length that fits as well.',
  },
  {
    field: 'routing data',
    bits: '6,8-31',
    samples: C55(2),
    why: 'Flags and tag of segment routing (RFC 8754 2), and a last entry that the header holds as well.',
  },
  {
    field: 'routing data',
    bits: '8-31',
    samples: C55(1, 3),
    why: 'Flags and tag of segment routing (RFC 8754 2: ignored where unknown), or reserved 32 bits of types 0 and 2.',
  },
  {
    field: 'routing data',
    samples: C55(4),
    why: 'No segments are left: the header is passed over (RFC 8200 4.4).',
  },
  {
    field: 'routing data',
    samples: C55(5, 6, 7),
    why: 'Flags and tag of segment routing (RFC 8754 2: ignored where unknown), or reserved 32 bits of types 0 and 2.',
  },
  {
    field: 'routing more data',
    bits: '0-127',
    samples: C55(5, 6),
    why: 'Addresses on the way; the pseudo-header has the last one alone (RFC 8200 8.1).',
  },
  {
    field: 'routing more data',
    bits: '128-255',
    samples: C55(3),
    why: 'Addresses on the way; the pseudo-header has the last one alone (RFC 8200 8.1).',
  },
  {
    field: 'routing more data',
    bits: '128-383',
    samples: C55(1),
    why: 'Addresses on the way; the pseudo-header has the last one alone (RFC 8200 8.1).',
  },
  {
    field: 'routing more data',
    bits: '128-447',
    samples: C55(2),
    why: 'Addresses on the way; the pseudo-header has the last one alone (RFC 8200 8.1).',
  },
  {
    field: 'routing more data',
    samples: C55(4),
    why: 'No segments are left: the header is passed over (RFC 8200 4.4).',
  },
  {
    field: 'routing segments left',
    bits: '6',
    samples: C55(2),
    why: 'As many as its addresses allow (RFC 8754 4.3.1.1: one more than the last entry), and the end of the way is the same.',
  },
  {
    field: 'routing segments left',
    bits: '6-7',
    samples: C55(4),
    why: 'As many as its addresses allow (RFC 8754 4.3.1.1: one more than the last entry), and the end of the way is the same.',
  },
  {
    field: 'routing segments left',
    bits: '7',
    samples: C55(1),
    why: 'As many as its addresses allow (RFC 8754 4.3.1.1: one more than the last entry), and the end of the way is the same.',
  },
  {
    field: 'routing type',
    bits: '6-7',
    samples: C55(7),
    why: 'Types 0 and 3 have the same last address in the same place.',
  },
  {
    field: 'gre flags',
    bits: '4-12',
    samples: ['gre', 'gre with a key'],
    why: 'RFC 2784 2.3: bits 6 to 12 must be ignored; bits 4 and 5 meant something in RFC 1701 alone, and Linux ignores them.',
  },
  {
    field: 'udp destination port',
    samples: ['ipv4 without checksum'],
    why: 'The datagram has no checksum (RFC 768: 0 over IPv4), so nobody sums its ports.',
  },
  {
    field: 'udp source port',
    samples: ['ipv4 without checksum'],
    why: 'The datagram has no checksum (RFC 768: 0 over IPv4), so nobody sums its ports.',
  },
];
