import { argumentError, typeError } from '../errors.js';
import { checkExtensionHeaders, type ExtensionHeader, MTU_RANGE } from '../skb/flow.js';
import type { IdentSource } from '../ufo/ident.js';
import { isVlanTag, type VlanTag } from '../wire/ethernet.js';
import { hex, numbered, value } from './builders.js';
import type { DriverOption, ValuesOf } from './option.js';
import { parseMac } from './parse-address.js';
import { parseExtensionHeaders, parseVlans } from './parse-headers.js';

const group = 'headers';

/** What the headers of a datagram say, from the cut outwards. */
export const HEADER_OPTIONS = {
  /** Largest IP packet in octets; never above the smaller of device and route, which is the default. */
  mtu: numbered(
    { describe: 'largest IP packet; default what device and route carry', group },
    { 4: { ...MTU_RANGE[4], unit: 'octets' }, 6: { ...MTU_RANGE[6], unit: 'octets' } },
  ),
  /** Identifications: the first of a row that counts up, or a source of them, for replays; default random, not repeating. */
  idents: identOption(),
  /** TTL or hop limit, 1 … 255; default 64, and 1 to a multicast group. */
  ttl: numbered({ describe: 'TTL or hop limit (64; to a group 1)', group }, { min: 1, max: 255 }),
  /** TOS or traffic class, 0 … 255; default 0. */
  tos: numbered({ describe: 'TOS or traffic class (0)', group }, { min: 0, max: 255 }),
  /** DF: what is larger than the MTU fails with EMSGSIZE. IPv4. */
  dontFragment: switched(
    { name: 'df', describe: "don't fragment: what is larger than the MTU is refused", family: 4 },
    true,
  ),
  /** IPv4 options, 0 … 40 octets. */
  options: octetsOption(),
  /** IPv6 extension headers in the order they appear. */
  extensionHeaders: extensionOption(),
  /** 20 bits, IPv6. */
  flowLabel: numbered({ describe: 'IPv6 flow label (0)', group, family: 6 }, { min: 0, max: 0xf_ffff }),
  /** false: UDP checksum field 0. */
  checksum: switched({ name: 'zero-checksum', describe: 'UDP checksum 0' }, false),
  /** VLAN tags of the Ethernet header, outermost first. */
  vlans: vlanOption(),
  /** Ethernet address to send from; default the interface's own. */
  sourceMac: macOption('Ethernet address to send from; default that of the interface'),
  /** Next hop's Ethernet address, for a device under test without IP. */
  destinationMac: macOption('Ethernet address to send to, for a device without IP; needs -i'),
} as const;

export type HeaderOptionName = keyof typeof HEADER_OPTIONS;

/** The values of all of them, as the library takes them. */
export type HeaderValues = ValuesOf<typeof HEADER_OPTIONS>;

function identOption(): DriverOption<number | IdentSource> {
  const { neutral: _, ...plain } = numbered(
    { describe: 'identification of the first datagram; the next count up', group, name: 'ident' },
    { 4: { min: 1, max: 0xffff }, 6: { min: 1, max: 0xffff_ffff } },
  );
  const check: DriverOption<number>['check'] = (given, name, family) => {
    if (typeof given === 'number') plain.check(given, name, family);
    else if (!isIdentSource(given)) {
      throw argumentError(name, given, 'a number to count up from, or a source with next4 and next6');
    }
  };
  return { ...plain, check };
}

function isIdentSource(given: unknown): given is IdentSource {
  const source = given as IdentSource | null;
  return typeof source?.next4 === 'function' && typeof source.next6 === 'function';
}

/** A flag whose presence stands for `meaning`; the library's value that is none changes nothing. */
function switched(basics: { name: string; describe: string; family?: 4 | 6 }, meaning: boolean): DriverOption<boolean> {
  return {
    kind: 'flag',
    group,
    ...basics,
    parse: (_text, _name, given) => (given ? meaning : undefined),
    check: (given, name) => {
      if (typeof given !== 'boolean') throw argumentError(name, given, 'true or false');
    },
    neutral: (given) => given !== meaning,
  };
}

function octetsOption(): DriverOption<Uint8Array> {
  const most = 40;
  return {
    ...hex(
      { describe: 'IPv4 options in hexadecimal', range: `0 … ${most} octets, a multiple of 4`, group, family: 4 },
      most,
    ),
    check: (given, name) => {
      if (given instanceof Uint8Array && given.length <= most && given.length % 4 === 0) return;
      throw argumentError(
        name,
        given,
        `IPv4 options (a Uint8Array) of 0 … ${most} octets, a multiple of 4`,
        'pad with NOPs (01)',
      );
    },
    neutral: ({ length }) => length === 0,
  };
}

function extensionOption(): DriverOption<readonly ExtensionHeader[]> {
  const describe =
    'IPv6 extension headers: hop-by-hop=HEX, routing=HEX, destination=HEX, joined by commas; each header whole, from its first octet (next header, any) on';
  return {
    ...value({ describe, group, family: 6 }, parseExtensionHeaders),
    check: (given, name) => checkExtensionHeaders(given, name),
    neutral: ({ length }) => length === 0,
  };
}

function vlanOption(): DriverOption<readonly VlanTag[]> {
  const describe = 'VLAN tag ID or ID.PRIORITY; OUTER,INNER for two';
  return {
    ...value({ describe, range: '0 … 4095, priority 0 … 7', group, name: 'vlan' }, parseVlans),
    check: (given, name) => {
      if (Array.isArray(given) && given.every(isVlanTag)) return;
      throw typeError(name, given, 'an array of { tpid, tci }, tci 0 … 65535 and tpid 0x8100, 0x88a8 or 0x9100');
    },
    neutral: ({ length }) => length === 0,
  };
}

function macOption(describe: string): DriverOption<Uint8Array> {
  return {
    ...value({ describe, group }, parseMac),
    check: (given, name) => {
      if (!(given instanceof Uint8Array) || given.length !== 6)
        throw argumentError(name, given, 'a Uint8Array of 6 octets');
    },
  };
}
