import { argumentError } from '../../errors.js';
import { insideLab } from '../../host/lab-info.js';
import type { OwnNetworks } from '../../host/own-networks.js';
import type { RateWish } from '../../options/parse-rate.js';
import type { Reach, ReachName } from '../../options/reach.js';
import { type Address, formatAddress, isMulticast, parseAddress } from '../../wire/address.js';

/** An end of a packet that needs leave, and which. */
export interface Beyond {
  readonly name: ReachName;
  readonly address: string;
}

const WANT: Readonly<Record<ReachName, string>> = {
  broadcast: 'one host: every host behind a broadcast address gets it, and may answer',
  multicast: 'one host: every member of a group gets it, and may answer',
  spoof: 'an address of this host (ip address shows them): answers, and the blame, go to whose it is',
};

/** Of datagrams that go beyond the lab and the networks of this host's own, where nobody asked for a rate: as an uplink has. */
export const OUTSIDE_RATE: RateWish = { perSecond: 10e6, unit: 'bits' };

/** What a destination needs leave for; null: nothing. */
export function beyondTo(address: Address, networks: OwnNetworks): Beyond | null {
  const named = (name: ReachName) => ({ name, address: formatAddress(address.octets) });
  if (isMulticast(address)) return named('multicast');
  return networks.isBroadcast(address) ? named('broadcast') : null;
}

/** What a source needs leave for; null: nothing. The unspecified address is nobody's. */
export function beyondFrom(address: Address, networks: OwnNetworks): Beyond | null {
  if (networks.has(address) || address.octets.every((octet) => octet === 0)) return null;
  return { name: 'spoof', address: formatAddress(address.octets) };
}

/** What is said of it, and by which options it is let go. */
export function beyondError({ name, address }: Beyond, argument: string, options = [`--${name}`]): Error {
  return argumentError(argument, address, WANT[name], `if that is meant, add ${options.join(' ')}`);
}

/** Ends of datagrams, as texts. @throws UfoError ERR_UFO_INVALID_ARGUMENT: what nobody gave leave for, and its option */
export function refuseBeyond(
  { from, to }: { readonly from: readonly string[]; readonly to: readonly string[] },
  reach: Reach,
  networks: OwnNetworks,
): void {
  const beyond = [
    ...to.map((text) => ['DESTINATION', beyondTo(parseAddress(text)!, networks)] as const),
    ...from.map((text) => ['--source', beyondFrom(parseAddress(text)!, networks)] as const),
  ];
  for (const [argument, one] of beyond) if (one !== null && reach[one.name] !== true) throw beyondError(one, argument);
}

/** One host is asked, and no other is to answer: of its addresses none is of many. @throws UfoError ERR_UFO_INVALID_ARGUMENT */
export function refuseMany(host: string, addresses: readonly string[], argument: string, networks: OwnNetworks): void {
  const many = addresses.find((text) => beyondTo(parseAddress(text)!, networks) !== null);
  if (many === undefined) return;
  const got = many === host ? host : `${host}, which is ${many}`;
  throw argumentError(argument, got, 'one host: broadcast and multicast make others answer, too');
}

/** Whether it is in the lab, or on a network of this host's own; a group with a TTL of 1 is. */
export function isNear(text: string, ttl: number | undefined, networks: OwnNetworks): boolean {
  const address = parseAddress(text)!;
  return insideLab() !== null || networks.onLink(address) || (isMulticast(address) && (ttl ?? 1) === 1);
}
