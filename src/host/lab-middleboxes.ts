/** A middlebox as `lab --router NAME` makes it: what it does to what passes, and the words of sh(1) that make it. */
export interface Middlebox {
  readonly does: string;
  readonly rules: string;
}

const LATER_4 = 'ip frag-off & 0x1fff != 0';
const FIRST_4 = 'ip frag-off & 0x3fff == 0x2000';
const LATER_6 = 'frag frag-off != 0';
const FIRST_6 = 'frag frag-off 0 frag more-fragments 1';

/** At egress (Linux 5.16): the IP layer's `dup` sets DF in its copies (nf_dup_ipv4). The mark keeps copies from being copied. */
const TWICE = `nft -f - <<'RULES'
table netdev twice {
  chain c {
    type filter hook egress device rfar0 priority 0;
    meta protocol { ip, ip6 } meta mark != 1 meta mark set 1 dup to rfar0
  }
}
RULES`;

/** Middleboxes that people meet, by name; made of nftables, tc and iproute2 on the lab's router alone. */
export const MIDDLEBOXES: Readonly<Record<string, Middlebox>> = {
  none: { does: 'forwards, and does nothing else', rules: '' },
  'drop-later': {
    does: 'drops fragments other than the first: a stateless filter on ports',
    rules: raw(`${LATER_4} drop`, `${LATER_6} drop`),
  },
  'drop-first': { does: 'drops first fragments', rules: raw(`${FIRST_4} drop`, `${FIRST_6} drop`) },
  'drop-fragments': {
    does: 'drops every fragment',
    rules: raw('ip frag-off & 0x3fff != 0 drop', 'exthdr frag exists drop'),
  },
  'drop-tiny': {
    does: 'drops first fragments of fewer than 68 octets (RFC 1858)',
    rules: raw(`${FIRST_4} meta length < 68 drop`, `${FIRST_6} meta length < 88 drop`),
  },
  'drop-large': { does: 'drops packets over 1,000 octets, without a word', rules: raw('meta length > 1000 drop') },
  mtu: { does: 'has an MTU of 1,400 behind it, and says so by ICMP', rules: 'ip link set rfar0 mtu 1400' },
  'mtu-blackhole': {
    does: 'has an MTU of 1,400 behind it, and says nothing',
    rules: `ip link set rfar0 mtu 1400
${table(
  'output',
  'filter hook output priority 0',
  'icmp type destination-unreachable drop',
  'icmpv6 type packet-too-big drop',
)}`,
  },
  conntrack: {
    does: 'tracks connections, for which it reassembles and cuts again',
    rules: table('track', 'filter hook forward priority 0', 'ct state invalid counter'),
  },
  nat: {
    does: 'translates source addresses, for which it reassembles and cuts again',
    rules: table('nat', 'nat hook postrouting priority 100', 'oifname rfar0 masquerade'),
  },
  starved: {
    does: 'tracks connections and has room to reassemble only 8,000 octets at a time',
    rules: `${table('track', 'filter hook forward priority 0', 'ct state invalid counter')}
cd /proc/sys/net
for name in ipv4/ipfrag netfilter/nf_conntrack_frag6; do
  echo 0 > \${name}_low_thresh; echo 8000 > \${name}_high_thresh
done`,
  },
  reorder: {
    does: 'sends every other packet by a slower queue, so that packets overtake each other',
    rules: `tc qdisc add dev rfar0 root handle 1: htb default 1
tc class add dev rfar0 parent 1: classid 1:1 htb rate 10gbit burst 1m
tc class add dev rfar0 parent 1: classid 1:2 htb rate 40mbit burst 1600
${table('forward', 'filter hook forward priority 0', 'oifname rfar0 numgen inc mod 2 == 1 meta priority set 1:2')}`,
  },
  duplicate: {
    does: 'sends every packet towards the far host twice',
    rules: TWICE,
  },
  'rate-limit': {
    does: 'lets 20 fragments a second pass, after a burst of 60',
    rules: raw(
      'ip frag-off & 0x3fff != 0 limit rate over 20/second burst 60 packets drop',
      'exthdr frag exists limit rate over 20/second burst 60 packets drop',
    ),
  },
  ttl: { does: 'sets TTL and hop limit to 9', rules: raw('ip ttl set 9', 'ip6 hoplimit set 9') },
  'drop-options': {
    does: 'drops packets with IPv4 options or with IPv6 hop-by-hop or destination options',
    rules: raw('ip hdrlength != 5 drop', 'exthdr hbh exists drop', 'exthdr dst exists drop'),
  },
};

/** Rules for what comes from the near host, before connection tracking reassembles (priority −400). */
function raw(...rules: readonly string[]): string {
  return table('raw', 'filter hook prerouting priority -500', ...rules.map((rule) => `iifname rnear0 ${rule}`));
}

function table(chain: string, type: string, ...rules: readonly string[]): string {
  return `nft -f - <<'RULES'
table inet ${chain}box {
  chain c {
    type ${type};
${rules.map((rule) => `    ${rule}`).join('\n')}
  }
}
RULES`;
}
