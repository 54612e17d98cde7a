/** What a finding means: where it is written, and what Linux does with the packet or datagram. */
export interface CodeMeaning {
  /** RFC and section; for what no RFC says, where it comes from. */
  readonly source: string;
  /** What a receiver does with it. */
  readonly receiver: string;
  /** A text as verdicts have it. */
  readonly example: string;
}

const DROPS_HEADER = 'Linux drops the packet (ip_rcv_core, ip6_rcv_core, InHdrErrors)';
const DROPS_HEADER4 = 'Linux drops the packet (ip_rcv_core, InHdrErrors)';
/** What `inet_frag_queue_insert` calls IPFRAG_DUP, and what IPFRAG_OVERLAP. */
const DROPS_OVERLAP =
  'Linux drops all so far; what lies inside a fragment or a run of them it drops alone (inet_frag_queue_insert)';
const DROPS_DATAGRAM = 'Linux drops the datagram';
const DROPS_QUEUE = 'Linux drops the fragment and all others of the datagram';
const NEVER_WHOLE = 'the datagram is never whole: given up after 30 s (IPv4) or 60 s (IPv6)';
const DELIVERS = 'Linux delivers';
const CAPTURED_EARLY = 'nothing: the device completes it on the way out';

/**
 * Every code that a finding may have. They are a contract of `--json`: none changes its meaning, and new ones may come.
 * `native-notes/verdicts.md` has the same table for readers.
 */
export const CODES = {
  // Faults of one packet's headers.
  'ip-version': { source: 'RFC 791 3.1, RFC 8200 3', receiver: DROPS_HEADER, example: 'version got 5, want 4' },
  'ip-header-cut': {
    source: 'RFC 791 3.1, RFC 8200 3',
    receiver: DROPS_HEADER,
    example: 'IPv4 header got 12 octets, want 20',
  },
  'ip-header-length': {
    source: 'RFC 791 3.1',
    receiver: DROPS_HEADER4,
    example: 'header length got 16, want at least 20',
  },
  'ip-total-length': {
    source: 'RFC 791 3.1',
    receiver: DROPS_HEADER4,
    example: 'total length got 10, want at least 20, the header',
  },
  'ip-length-past-frame': {
    source: 'RFC 791 3.1, RFC 8200 3',
    receiver: 'Linux drops the packet (InTruncatedPkts)',
    example: "IP length got 1500, want at most 1000, the frame's rest",
  },
  'header-checksum': {
    source: 'RFC 791 3.1',
    receiver: 'Linux drops the packet (ip_rcv_core, InCsumErrors)',
    example: 'fragment #2: header checksum got 0x1234, want 0xb861',
  },
  'reserved-flag': { source: 'RFC 791 3.1', receiver: DELIVERS, example: 'reserved flag got 1, want 0' },
  'ip-option': {
    source: 'RFC 791 3.1',
    receiver: 'Linux drops the packet and sends a parameter problem (ip_options_compile)',
    example: 'option 131 got pointer 3, want at least 4',
  },
  'ip-option-not-copied': {
    source: 'RFC 791 3.1',
    receiver: DELIVERS,
    example: 'fragment #2: option got 7, want only options with the copied flag after the first fragment',
  },
  'ip-options-differ': {
    source: 'RFC 791 3.1',
    receiver: DELIVERS,
    example: 'fragment #3: copied options got none, want 82040102 as in fragment #1',
  },
  'df-differs': {
    source: 'RFC 791 2.3',
    receiver: DELIVERS,
    example: 'fragment #3: DF got 1, want 0 as in fragment #1',
  },
  'header-chain-order': {
    source: 'RFC 8200 4.1',
    receiver: 'Linux drops the packet and sends a parameter problem (ip6_protocol_deliver_rcu, ipv6_frag_rcv)',
    example: 'header chain got a header where it must not stand (RFC 8200 4.1)',
  },
  'header-chain-length': {
    source: 'RFC 8200 4',
    receiver:
      'Linux drops the packet (ipv6_parse_hopopts, ipv6_destopt_rcv, ipv6_rthdr_rcv, ipv6_frag_rcv, InHdrErrors)',
    example: 'header chain got an extension header that ends past the packet',
  },
  'header-chain-cut': {
    source: 'RFC 7112, RFC 8200 4.5',
    receiver: 'Linux drops the first fragment and sends a parameter problem (ipv6frag_thdr_truncated) since 5.10',
    example: 'fragment #1: header chain got 16 octets of it, want all in the first fragment (RFC 7112)',
  },
  'fragment-header-place': {
    source: 'RFC 8200 4.5',
    receiver: 'routers on the way do not see the routing header',
    example: 'fragment #1: fragment header got 40, want 64, behind the routing header',
  },
  'fragment-reserved-bits': { source: 'RFC 8200 4.5', receiver: DELIVERS, example: 'reserved bits got 0x2, want 0' },
  'ipv6-option-overrun': {
    source: 'RFC 8200 4.2',
    receiver: 'Linux drops the packet (ip6_parse_tlv)',
    example: 'option 30 got an end 6 octets past its header',
  },
  'ipv6-option-discard': {
    source: 'RFC 8200 4.2',
    receiver: 'Linux drops the packet, and sends a parameter problem if the type says so (ip6_tlvopt_unknown)',
    example: 'option 0x9e got a type that tells receivers to discard the packet',
  },
  'jumbo-length': {
    source: 'RFC 2675 3',
    receiver:
      'Linux drops the packet (ipv6_hop_jumbo); a parameter problem for 65535 or less, and beside a payload length',
    example: 'jumbo payload length got 100, want more than 65535',
  },
  'ipv6-option-length': {
    source: 'RFC 2711 2.1',
    receiver: 'Linux drops the packet (ipv6_hop_ra)',
    example: 'option 5 got length 4, want 2',
  },
  'routing-type': {
    source: 'RFC 8200 4.4',
    receiver: 'Linux drops the packet and sends a parameter problem (ipv6_rthdr_rcv)',
    example: 'routing type got 9 with 1 segments left, want a type that receivers know',
  },
  'routing-segments': {
    source: 'RFC 2460 4.4, RFC 8754 4.3.1.1',
    receiver:
      'Linux drops the packet and sends a parameter problem (ipv6_rthdr_rcv); types 3 and 4 in silence unless enabled',
    example: 'segments left got 9, want at most 2 by the addresses in the routing header',
  },
  // Faults of fragments among each other.
  'fragment-past-65535': {
    source: 'RFC 791 3.1, RFC 8200 4.5',
    receiver: 'IPv4: Linux drops it and all others of the datagram; IPv6: it alone, and sends a parameter problem',
    example: 'fragment #3: end got 66528, want at most 65515 (a packet holds 65535 octets)',
  },
  'fragment-empty': {
    source: 'RFC 791 3.2, RFC 8200 4.5',
    receiver: 'Linux drops the fragment and all before it of the datagram (ip_frag_queue, ip6_frag_queue)',
    example: 'fragment #2: length got 0, want at least 1',
  },
  'fragment-length': {
    source: 'RFC 791 3.2, RFC 8200 4.5',
    receiver: 'IPv4: Linux cuts it to a multiple of 8; IPv6: drops it and sends a parameter problem',
    example: 'fragment #1: length got 1477, want a multiple of 8',
  },
  'fragment-end-differs': {
    source: 'RFC 791 3.2',
    receiver: DROPS_QUEUE,
    example: 'fragment #3: end of the datagram got 4008, want 3608 as fragment #2 says',
  },
  'fragment-past-end': {
    source: 'RFC 791 3.2',
    receiver: DROPS_QUEUE,
    example: 'fragment #3: end got 4016, want at most 4008, where fragment #2 ends the datagram',
  },
  'fragment-overlap': {
    source: 'RFC 5722, RFC 8200 4.5',
    receiver: DROPS_OVERLAP,
    example: 'fragment #2: fragOff got 184, want 185 (overlaps octets 1472–1480, data equal)',
  },
  'fragment-conflict': {
    source: 'RFC 5722, RFC 8200 4.5',
    receiver: DROPS_OVERLAP,
    example: 'fragment #2: fragOff got 0, want 185 (overlaps octets 0–1480, data conflicting)',
  },
  // Faults of the upper layer.
  'udp-header': { source: 'RFC 768', receiver: DROPS_DATAGRAM, example: 'udp header got 4 octets, want 8' },
  'udp-length': {
    source: 'RFC 768',
    receiver:
      'Linux drops the datagram (__udp4_lib_rcv, __udp6_lib_rcv, InErrors); over IPv6 it takes 0 for all there is',
    example: 'udp length got 5000, want at most 4008',
  },
  'udp-checksum': {
    source: 'RFC 768, RFC 8200 8.1',
    receiver: 'Linux drops the datagram (UDP InCsumErrors)',
    example: 'udp checksum got 0x1234, want 0xabcd',
  },
  'udp-checksum-zero': {
    source: 'RFC 8200 8.1, RFC 6935',
    receiver: 'Linux drops the datagram unless the socket allows it (UDP_NO_CHECK6_RX)',
    example: 'udp checksum got 0, want 0xabcd (IPv6 needs one, RFC 8200 8.1)',
  },
  'udp-checksum-zero-tunnel': {
    source: 'RFC 6935 5, RFC 6936 5',
    receiver: 'Linux drops the datagram unless the tunnel was told so (udp6zerocsumrx, UDP_NO_CHECK6_RX)',
    example: 'udp checksum got 0, which a tunnel may have that its receiver was told of (vxlan)',
  },
  'upper-header': {
    source: 'RFC 792, RFC 4443, RFC 9293, RFC 3828',
    receiver: DROPS_DATAGRAM,
    example: 'tcp header got 16 octets, want 20',
  },
  'upper-checksum': {
    source: 'RFC 792, RFC 4443, RFC 9293, RFC 3828',
    receiver: 'Linux drops it (InCsumErrors of the protocol; of IGMP uncounted)',
    example: 'icmp checksum got 0x1234, want 0xabcd',
  },
  // Payloads, and what was sent.
  'payload-foreign': {
    source: 'udp-ufo',
    receiver: DELIVERS,
    example: 'payload got octets that udp-ufo did not generate, want a generated payload',
  },
  'payload-length': {
    source: 'udp-ufo',
    receiver: DELIVERS,
    example: 'payload length got 1000, want 4000 as it says itself',
  },
  'payload-octet': {
    source: 'udp-ufo',
    receiver: DELIVERS,
    example: 'payload octet 17 got another, want that of seed 1, datagram 7',
  },
  'not-as-sent': { source: 'udp-ufo', receiver: DELIVERS, example: 'ident got 7, want 8 as sent' },
  // Notes: odd or not known, but not wrong.
  'ttl-differs': { source: 'RFC 791 3.2', receiver: DELIVERS, example: 'fragment #2: TTL got 63, fragment #1 has 64' },
  'ttl-zero': { source: 'RFC 1122 3.2.1.7', receiver: DELIVERS, example: 'TTL got 0, which no host may send' },
  'tos-differs': {
    source: 'RFC 3168 5.3, RFC 8200 4.5',
    receiver: 'Linux delivers, but drops a datagram that mixes not-ECT with ECT or CE (ip_frag_ecn_table)',
    example: 'fragment #2: TOS/ECN got 3, fragment #1 has 0',
  },
  'flow-label-differs': {
    source: 'RFC 6437 3',
    receiver: DELIVERS,
    example: 'fragment #2: flow label got 7, fragment #1 has 74565',
  },
  'next-header-differs': {
    source: 'RFC 8200 4.5',
    receiver: 'Linux delivers: the first fragment alone tells',
    example: 'fragment #2: next header got 6, fragment #1 has 17',
  },
  'extension-headers-differ': {
    source: 'RFC 8200 4.5',
    receiver: 'Linux delivers: those of the first fragment stay',
    example: 'fragment #2: extension headers got none, fragment #1 has 2c00010400000000',
  },
  'destination-mac-differs': {
    source: 'RFC 791 3.2, RFC 2992',
    receiver: 'nothing: seen on two hops, or they went by two ways',
    example: 'fragment #2: destination MAC got 02:00:5e:00:53:09, fragment #1 has 02:00:5e:00:53:02, on another hop',
  },
  'address-special': {
    source: 'RFC 1122 3.2.1.3, RFC 4291 2.5 and 2.7',
    receiver: 'Linux drops the packet (ip_route_input_slow, ip6_rcv_core)',
    example: 'source address got one that no host sends from on a wire',
  },
  'udp-port-zero': {
    source: 'RFC 6335 6',
    receiver: 'no socket has it: Linux answers with port unreachable',
    example: 'destination port got 0, which no socket has',
  },
  'ip-option-special': {
    source: 'RFC 7126 4.3, FIPS 188',
    receiver: 'Linux drops the packet unless told otherwise (accept_source_route, a CIPSO domain)',
    example: 'option 131 got a type that Linux discards the packet for',
  },
  'routing-type-special': {
    source: 'RFC 5095, RFC 6275 6.4, RFC 6554, RFC 8754',
    receiver: 'Linux drops the packet; 3 and 4 not where it serves as a segment (rpl_seg_enabled, seg6_enabled)',
    example: 'routing type got 4 with 1 segments left, which Linux discards the packet for',
  },
  'authentication-not-checked': {
    source: 'RFC 4302 3.4',
    receiver: 'Linux drops the packet unless it shares the key (xfrm6_rcv)',
    example: 'authentication header got no check here',
  },
  'ipv6-options-many': {
    source: 'RFC 8504 5.3',
    receiver: 'Linux drops the packet (max_dst_opts_number, max_hbh_opts_number)',
    example: 'options got 9, more than the 8 that hosts take',
  },
  'ipv6-option-special': {
    source: 'RFC 5570, RFC 6553, RFC 7731, RFC 6744, RFC 6971, RFC 9486',
    receiver: 'Linux drops the packet; nodes of that kind of network know the option',
    example: 'option 0x63 got a type that Linux discards the packet for',
  },
  'ipv6-padding': {
    source: 'RFC 4942 2.1.9.5',
    receiver: 'Linux drops the packet (ip6_parse_tlv)',
    example: 'padding got more than 7 octets, or not zeros',
  },
  'cut-by-capture': {
    source: 'pcap: snaplen',
    receiver: 'nothing: the wire had all',
    example: 'fragment #1: cut by the capture (snaplen): 62 of 1480 octets',
  },
  'given-up': {
    source: 'RFC 1122 3.3.2, RFC 8200 4.5',
    receiver: NEVER_WHOLE,
    example: 'given up: the capture ended',
  },
  'header-checksum-not-computed': {
    source: 'Linux: NETIF_F_IP_CSUM, GSO',
    receiver: CAPTURED_EARLY,
    example: 'header checksum 0x0000, not computed yet: captured before the device computes it',
  },
  'checksum-not-computed': {
    source: 'Linux: CHECKSUM_PARTIAL',
    receiver: CAPTURED_EARLY,
    example: 'udp checksum not computed yet: captured before the device computes it',
  },
  'length-not-written': {
    source: 'Linux: BIG TCP, GSO',
    receiver: CAPTURED_EARLY,
    example: 'total length 0, not written yet: the length of the frame counts',
  },
  offloaded: {
    source: 'Linux: UDP_SEGMENT, UDP_GRO',
    receiver: 'a wire carries it as the datagrams it was cut into, or joined from',
    example: 'offloaded: 10 datagrams of 1400 octets in one packet',
  },
  'jumbo-or-offloaded': {
    source: 'Linux: NETIF_F_UFO, GSO',
    receiver: DELIVERS,
    example: "packet of 8028 octets, more than Ethernet's 1500: jumbo frames, or not cut yet",
  },
  'udp-surplus': {
    source: 'RFC 768, RFC 9868',
    receiver: 'Linux delivers what the UDP length says',
    example: 'surplus area: 24 octets behind the 2008 that the udp length says',
  },
  'ident-came-again': {
    source: 'RFC 4963',
    receiver: 'Linux may join the halves, and the checksum then drops them',
    example: 'given up: its ident came again, with 65535 datagrams between',
  },
  spliced: {
    source: 'RFC 4963',
    receiver: 'Linux drops it for its checksum',
    example: 'spliced: halves of two datagrams under one ident, with 65535 datagrams between',
  },
  'fragments-left-out': {
    source: 'RFC 791 3.1: 8,192 at most',
    receiver: 'Linux drops what repeats; what needs more than ipfrag_high_thresh is never whole',
    example: 'more than 8192 fragments: which repeat is not told of the rest',
  },
  'left-out': { source: 'udp-ufo', receiver: 'see what came before', example: 'more of the kind left out' },
} as const satisfies Readonly<Record<string, CodeMeaning>>;

export type Code = keyof typeof CODES;
