import { foldSum, sumOctets } from '../../wire/checksum.js';
import { KEY_SOURCE } from '../reassembly/fragment.js';
import type { Group } from '../reassembly/group.js';

/** A whole upper-layer packet: offset of its header in the view, and octets from there to the end of the IP payload. */
export interface UpperPacket {
  readonly view: DataView;
  readonly at: number;
  readonly len: number;
}

/**
 * Folded sum of the pseudo-header (RFC 768, RFC 8200 §8.1) over the addresses that count: the final destination of a route
 * that is not used up, the home address of a mobile node (RFC 6275 §11.3.1).
 */
export function pseudoSum(group: Group, protocol: number, len: number): number {
  const { key, finalDestination, homeAddress } = group;
  const destination = KEY_SOURCE + ((key.length - KEY_SOURCE) >> 1);
  const source = homeAddress ? sumOctets(homeAddress) : words(key, KEY_SOURCE, destination);
  const end = finalDestination ? sumOctets(finalDestination) : words(key, destination, key.length);
  return foldSum(source + end + protocol + (len >>> 16) + (len & 0xffff));
}

function words(key: Int32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (key[i]! >>> 16) + (key[i]! & 0xffff);
  return sum;
}
