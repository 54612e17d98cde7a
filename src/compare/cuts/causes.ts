import type { Cause, KnownWay } from './cause.js';
import { checksumLeft, firstHopSummed, joinedDatagrams, noChecksum } from './checksum-rules.js';
import { optionsLeftOut, recordedRoute, repeatedOptions, routeWritten } from './option-rules.js';
import { refragmented } from './refragmented.js';
import {
  atomicFragment,
  miscountedExtensions,
  notCutYet,
  otherOrder,
  ownFlowLabel,
  ownIdent,
  repeatedDestinationOptions,
  unroundedLast,
} from './rules.js';

const KERNEL_UFO = ['kernel-ufo'];
const KERNEL_IP = ['kernel-ip'];
const KERNEL_USO = ['kernel-uso'];
const KERNEL = [...KERNEL_IP, ...KERNEL_UFO, ...KERNEL_USO];
/** An ordinary socket, its datagrams joined or not. */
const SOCKET = [...KERNEL_IP, ...KERNEL_USO];

/** What a capture of several MTUs shows of those that were cut for a smaller one; whoever infers the MTU finds it. */
export const SMALLER_MTU: KnownWay = {
  code: 'smaller-mtu',
  what: 'cut for a smaller MTU than others between the two hosts',
  who: 'whoever knows of one',
  rule: 'nobody said which MTU it was cut for: tell it, or compare a capture of one MTU',
  judgement: 'unsure',
  ways: [],
};

export const NOT_CUT_YET: Cause = {
  code: 'not-cut-yet',
  what: 'one packet larger than the MTU',
  who: 'a capture on the host, before its device cuts',
  rule: 'capture behind the device: what it makes of it cannot be seen here',
  judgement: 'unsure',
  ways: [],
  make: notCutYet,
};

/** Of datagrams that were handed over as one message (USO): each packet is one of them. */
export const IDENTS_COUNTED: KnownWay = {
  code: 'idents-counted',
  what: 'identifications of its own, counting up by one for each datagram of a message',
  who: 'inet_gso_segment',
  rule: 'who sends chooses them, as long as none comes again soon (RFC 6864 §4.3)',
  judgement: 'allowed',
  ways: KERNEL_USO,
};

/**
 * Every way of cutting that is not ours and is known, most of them Linux's. Each makes of our packets what it says; it
 * explains a difference only where that leaves fewer. In the order in which they are tried; `native-notes/cuts.md` has the
 * same table.
 */
export const CAUSES: readonly Cause[] = [
  NOT_CUT_YET,
  {
    code: 'refragmented',
    what: 'fragments that were cut again for a smaller MTU',
    who: 'a router on the way (ip_fragment)',
    rule: 'routers cut what is too large and may be cut (RFC 791 §3.2)',
    judgement: 'allowed',
    ways: [],
    make: refragmented,
  },
  {
    code: 'atomic-fragment',
    what: 'a fragment header on a datagram that is not cut',
    who: 'IPv6 senders before RFC 8021, and translators (RFC 6145)',
    rule: 'receivers take it by itself (RFC 6946), nobody should send it (RFC 8021)',
    judgement: 'allowed',
    ways: [],
    make: atomicFragment,
  },
  {
    code: 'ident-own',
    what: 'another identification, the same in all fragments',
    who: 'ip_select_ident, ipv6_select_ident, ipv6_proxy_select_ident',
    rule: 'who cuts chooses it (RFC 6864 §4.3, RFC 7739 §5)',
    judgement: 'allowed',
    ways: KERNEL,
    make: ownIdent,
  },
  {
    code: 'flow-label-own',
    what: 'another IPv6 flow label, the same in all fragments',
    who: 'ip6_make_flowlabel (net.ipv6.auto_flowlabels)',
    rule: 'the source chooses it (RFC 6437 §3)',
    judgement: 'allowed',
    ways: SOCKET,
    make: ownFlowLabel,
  },
  {
    code: 'last-unrounded',
    what: 'the last fragment fills an MTU that is no multiple of 8, where UFO makes one more',
    who: '__ip_append_data',
    rule: 'only the others are in units of 8 octets (RFC 791 §3.2)',
    judgement: 'allowed',
    ways: KERNEL_IP,
    make: unroundedLast,
  },
  {
    code: 'destination-options-repeated',
    what: 'destination options without a routing header are repeated in every fragment',
    who: 'ip6_find_1stfragopt',
    rule: 'they are part of what is cut (RFC 8200 §4.5); receivers take it all the same',
    judgement: 'broken',
    ways: KERNEL_IP,
    make: repeatedDestinationOptions,
  },
  {
    code: 'extension-headers-miscounted',
    what: 'offsets count the extension headers with each piece, so that holes are left',
    who: 'ipv6_gso_segment',
    rule: 'offsets are of the fragmentable part (RFC 8200 §4.5); no receiver can put it together',
    judgement: 'broken',
    ways: KERNEL_UFO,
    make: miscountedExtensions,
  },
  {
    code: 'options-repeated',
    what: 'IPv4 options without the copied flag are repeated in every fragment',
    who: 'inet_gso_segment',
    rule: 'they belong into the first fragment alone (RFC 791 §3.1)',
    judgement: 'broken',
    ways: KERNEL_UFO,
    make: repeatedOptions,
  },
  {
    code: 'options-left-out',
    what: 'later fragments have other padding in place of options without the copied flag, or shorter headers',
    who: 'who leaves them out, where Linux and we put NOPs (ip_options_fragment)',
    rule: 'they belong into the first fragment alone (RFC 791 §3.1), and the header may be shorter without them (§3.2)',
    judgement: 'allowed',
    ways: [],
    make: optionsLeftOut,
  },
  {
    code: 'route-recorded',
    what: "the sender's own address stands in the record route already",
    who: 'ip_options_build',
    rule: 'whoever routes it records itself (RFC 791 §3.1)',
    judgement: 'allowed',
    ways: SOCKET,
    make: recordedRoute,
  },
  {
    code: 'route-written',
    what: 'something else stands in a recorded route, source route or timestamp',
    who: 'the routers that each fragment passed (ip_forward_options)',
    rule: 'each of them writes into it (RFC 791 §3.1)',
    judgement: 'allowed',
    ways: [],
    make: routeWritten,
  },
  {
    code: 'first-hop-summed',
    what: "the UDP checksum is over the header's destination, the first hop of a source route",
    who: 'udp_send_skb, udp4_ufo_fragment, udp6_ufo_fragment',
    rule: 'the pseudo-header has the final destination (RFC 1122 §4.1.3.4, RFC 8200 §8.1): the last host drops it',
    judgement: 'broken',
    ways: [...KERNEL_IP, ...KERNEL_UFO],
    make: firstHopSummed,
  },
  {
    code: 'checksum-left',
    what: 'the UDP checksum is the sum of the pseudo-header, for the device to finish',
    who: 'CHECKSUM_PARTIAL, of packets that are not cut',
    rule: 'seen before the device has computed it',
    judgement: 'allowed',
    ways: KERNEL,
    make: checksumLeft,
  },
  {
    code: 'joined',
    what: 'one packet of several datagrams, under the UDP checksum of the first',
    who: 'a host that joined them without looking (UDP_GRO of a list)',
    rule: 'no wire carries it so: capture in front of who joins them',
    judgement: 'unsure',
    ways: [],
    make: joinedDatagrams,
  },
  {
    code: 'no-checksum',
    what: 'the UDP checksum is 0',
    who: 'who was asked not to compute it, and tunnels',
    rule: 'not computed (RFC 768), over IPv6 by tunnels alone (RFC 6935)',
    judgement: 'allowed',
    ways: [],
    make: noChecksum,
  },
  {
    code: 'other-order',
    what: 'the fragments left in another order',
    who: 'Linux before 2.4 sent the last one first',
    rule: 'fragments may come in any order (RFC 791 §3.2, RFC 8200 §4.5)',
    judgement: 'allowed',
    ways: [],
    make: otherOrder,
  },
];
