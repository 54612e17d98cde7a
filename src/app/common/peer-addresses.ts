import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { argumentError } from '../../errors.js';
import { OwnNetworks } from '../../host/own-networks.js';
import { refuseMany } from './reach.js';

/** An address of a host, as a literal. */
interface PeerAddress {
  readonly family: 4 | 6;
  readonly address: string;
}

/** One address of each family that a host has, or of the one asked for. @throws UfoError for none or many, ENOTFOUND */
export async function peerAddresses(host: string, family: 4 | 6 | undefined): Promise<PeerAddress[]> {
  const peers = await lookUp(host, family);
  refuseMany(
    host,
    peers.map(({ address }) => address),
    'HOST',
    new OwnNetworks(),
  );
  return peers;
}

async function lookUp(host: string, family: 4 | 6 | undefined): Promise<PeerAddress[]> {
  const literal = isIP(host);
  if (literal !== 0) {
    if (family !== undefined && family !== literal)
      throw argumentError('HOST', host, `an IPv${family} address, or a name`);
    return [{ family: literal === 4 ? 4 : 6, address: host }];
  }
  const found = await lookup(host, { all: true, family: family ?? 0, verbatim: true });
  return ([4, 6] as const).flatMap((wanted) => {
    const one = found.find((entry) => entry.family === wanted);
    return one === undefined ? [] : [{ family: wanted, address: one.address }];
  });
}
