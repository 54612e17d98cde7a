/** What can be wrong with the packets of one datagram. */
export const FAULTS = [
  'missing',
  'overlap',
  'unaligned',
  'too-long',
  'empty',
  'end',
  'chain',
  'header',
  'header-checksum',
  'length',
  'reserved',
  'df',
  'protocol',
  'udp-length',
  'udp-checksum',
] as const;
export type Fault = (typeof FAULTS)[number];

/** What a correct receiver makes of a datagram with one fault. */
export interface Rule {
  /** `no`: must not be delivered; `yes`: is; `either`: the RFCs leave it open. */
  readonly delivered: 'yes' | 'no' | 'either';
  readonly does: string;
  readonly section: string;
}

const IPV4_TIME = 'RFC 792, RFC 1122 §3.3.2';
const IPV6_TIME = 'RFC 8200 §4.5, RFC 4443 §3.3';

/** What the RFCs ask of a receiver, fault by fault and family by family: the one table that plans and `conform` speak from. */
export const RULES: Readonly<Record<Fault, { readonly 4: Rule; readonly 6: Rule }>> = {
  missing: {
    4: no('waits 60 to 120 s, then Time Exceeded code 1, only where fragment 0 came', IPV4_TIME),
    6: no('waits 60 s, then Time Exceeded code 1, only where fragment 0 came', IPV6_TIME),
  },
  overlap: {
    4: either('takes either copy', 'RFC 791 §3.2, RFC 1858 §4'),
    6: no('discards the whole datagram in silence', 'RFC 5722 §4, RFC 8200 §4.5'),
  },
  unaligned: {
    4: either('offsets count 8 octets, so the next fragment cannot follow', 'RFC 791 §3.1'),
    6: no('discards it: Parameter Problem code 0, pointer 4 (payload length)', 'RFC 8200 §4.5'),
  },
  'too-long': {
    4: no('discards it: a packet has at most 65,535 octets', 'RFC 791 §3.1'),
    6: no('discards it: Parameter Problem code 0, pointer to the fragment offset', 'RFC 8200 §4.5'),
  },
  empty: {
    4: either('a fragment without octets says where the end is and no more', 'RFC 791 §3.2'),
    6: either('a fragment without octets says where the end is and no more', 'RFC 8200 §4.5'),
  },
  end: {
    4: either('two ends contradict each other', 'RFC 791 §3.2'),
    6: no('what lies behind the end overlaps or is no part of it', 'RFC 5722 §4'),
  },
  chain: {
    4: either('IPv4 has no header chain', 'RFC 791 §3.1'),
    6: no('discards it; Parameter Problem code 3 may say so', 'RFC 7112 §5, RFC 8200 §4.5'),
  },
  header: {
    4: no('discards what is no IPv4 header in silence', 'RFC 1122 §3.2.1.1'),
    6: no('discards what is no IPv6 header', 'RFC 8200 §3, §4.1'),
  },
  'header-checksum': {
    4: no('discards the fragment in silence', 'RFC 1122 §3.2.1.2'),
    6: either('IPv6 has no header checksum', 'RFC 8200 §3'),
  },
  length: {
    4: no('discards a packet that ends before its length', 'RFC 791 §3.1'),
    6: no('discards a packet that ends before its length', 'RFC 8200 §3'),
  },
  reserved: {
    4: either('the flag must be 0; nothing says what to do with it', 'RFC 791 §3.1'),
    6: yes('ignores the reserved bits', 'RFC 8200 §4.5'),
  },
  df: {
    4: yes('puts it together: the flag is for routers', 'RFC 791 §3.1'),
    6: yes('IPv6 has no such flag', 'RFC 8200 §4.5'),
  },
  protocol: {
    4: no('hands it to the protocol that its header names: it is no UDP datagram', 'RFC 791 §3.1, RFC 1122 §3.2.2.1'),
    6: no('hands it to the protocol that its header names: it is no UDP datagram', 'RFC 8200 §4, RFC 4443 §3.4'),
  },
  'udp-length': {
    4: no('discards a datagram that ends before its length', 'RFC 768'),
    6: no('discards a datagram that ends before its length', 'RFC 768, RFC 8200 §8.1'),
  },
  'udp-checksum': {
    4: no('discards it in silence', 'RFC 1122 §4.1.3.4'),
    6: no('discards it in silence', 'RFC 1122 §4.1.3.4, RFC 8200 §8.1'),
  },
};

/** All faults of one datagram together: what must not be delivered for one of them is not. */
export function delivered(faults: Iterable<Fault>, family: 4 | 6): Rule['delivered'] {
  const all = [...faults].map((fault) => RULES[fault][family].delivered);
  return all.includes('no') ? 'no' : all.includes('either') ? 'either' : 'yes';
}

function no(does: string, section: string): Rule {
  return { delivered: 'no', does, section };
}

function yes(does: string, section: string): Rule {
  return { delivered: 'yes', does, section };
}

function either(does: string, section: string): Rule {
  return { delivered: 'either', does, section };
}
