import { argumentError } from '../errors.js';
import type { ExtensionHeader } from '../skb/flow.js';
import { TPID_QINQ, TPID_VLAN, type VlanTag } from '../wire/ethernet.js';
import { parseHex } from './parse-hex.js';

/** The types by name; 44 is the UFO stage's own. */
const EXTENSIONS: Readonly<Record<string, number>> = { hopbyhop: 0, routing: 43, destination: 60 };

/**
 * `hopbyhop=0000050200000000,destination=0000010400000000`: IPv6 extension headers in the order they appear, each whole;
 * its first octet (next header) is filled in later.
 */
export function parseExtensionHeaders(text: string, name: string): ExtensionHeader[] {
  return text.split(',').map((one) => {
    const [kind = '', hex = ''] = one.split('=');
    const plain = kind.replaceAll('-', '');
    const type = Object.hasOwn(EXTENSIONS, plain) ? EXTENSIONS[plain] : undefined;
    if (type === undefined || hex === '') {
      throw argumentError(name, one, 'hop-by-hop=HEX, routing=HEX or destination=HEX, joined by commas');
    }
    return { type, octets: parseHex(hex, name, 2048) };
  });
}

/** `100`, `100.5` with priority 5, `100,200` outer (802.1ad) and inner tag. */
export function parseVlans(text: string, name: string): VlanTag[] {
  const tags = text.split(',');
  if (tags.length > 2) throw argumentError(name, text, 'one tag, or an outer and an inner one');
  return tags.map((tag, index) => {
    const match = /^(\d{1,4})(?:\.([0-7]))?$/.exec(tag);
    const id = Number(match?.[1]);
    if (match === null || id > 4095) throw argumentError(name, tag, 'ID or ID.PRIORITY: 0 … 4095, 0 … 7');
    return { tpid: tags.length === 2 && index === 0 ? TPID_QINQ : TPID_VLAN, tci: (Number(match[2] ?? 0) << 13) | id };
  });
}
