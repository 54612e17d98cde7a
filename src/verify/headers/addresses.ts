import { evidence } from '../findings.js';
import { KEY_SOURCE } from '../reassembly/fragment.js';
import type { Group } from '../reassembly/group.js';
import type { Packet } from './packet.js';

/** What an address stands for: one host, none at all, the host itself, a group, or all on the link. */
type Kind = 'one' | 'none' | 'loopback' | 'group' | 'all';

/**
 * Notes addresses that no packet on a wire may have (RFC 1122 §3.2.1.3, RFC 4291 §2.5 and §2.7): a source that stands for
 * many hosts or for none, a destination that stands for none, and a host's own loopback. Whoever has no address yet sends
 * from the unspecified one to all. All fragments of a datagram have the same: it is looked at once.
 */
export function checkAddresses(packet: Packet, group: Group): void {
  const { family, key, loopback, macHigh } = group;
  const kindOf = family === 4 ? kind4 : kind6;
  const source = kindOf(key, KEY_SOURCE);
  const destination = family === 4 ? kind4(key, KEY_SOURCE + 1) : destination6(key, KEY_SOURCE + 4);
  if (source === 'one' && destination !== 'none' && destination !== 'loopback') return;
  const onWire = !loopback && macHigh >= 0; // without Ethernet it may have been the loopback's
  const toMany = destination === 'all' || destination === 'group';
  const oddSource = source === 'loopback' ? onWire : source !== 'one' && !(source === 'none' && toMany);
  if (oddSource) note(packet, group, 0);
  if (destination === 'loopback' ? onWire : destination === 'none') note(packet, group, 1);
}

/** `which` 0: the source, 1: the destination. */
function note({ view, base, headerLen }: Packet, group: Group, which: 0 | 1): void {
  const [of, source, len] = group.family === 4 ? (['IPv4 header', 12, 4] as const) : (['IPv6 headers', 8, 16] as const);
  const at = source + which * len;
  const text =
    which === 0
      ? 'source address got one that no host sends from on a wire'
      : 'destination address got one that no host has on a wire';
  group.note('address-special', text, evidence(of, view, base, headerLen, [at, at + len]));
}

function kind4(key: Int32Array, at: number): Kind {
  const address = key[at]! >>> 0;
  const first = address >>> 24;
  if (first === 0) return 'none';
  if (first === 127) return 'loopback';
  if (address === 0xffff_ffff) return 'all';
  return first >>> 4 === 0xe ? 'group' : 'one';
}

/** Groups of scope 0 are nobody's, and those of scope 1 never leave their host (RFC 4291 §2.7; the kernel's `ip6_rcv_core`). */
function destination6(key: Int32Array, at: number): Kind {
  const kind = kind6(key, at);
  if (kind !== 'group') return kind;
  const scope = (key[at]! >>> 16) & 0xf;
  return scope === 0 ? 'none' : scope === 1 ? 'loopback' : 'group';
}

function kind6(key: Int32Array, at: number): Kind {
  if (key[at]! >>> 24 === 0xff) return 'group';
  if ((key[at]! | key[at + 1]! | key[at + 2]!) !== 0 || key[at + 3]! >>> 0 > 1) return 'one';
  return key[at + 3] === 0 ? 'none' : 'loopback';
}
