import { usageError } from '../app/common/exit-codes.js';
import { argumentError } from '../errors.js';
import { defineCommand } from './command.js';
import {
  count,
  endpoint,
  ident,
  json,
  macPair,
  mtu,
  required,
  size,
  string,
  tos,
  ttl,
  withDefault,
} from './options.js';

/** `udp-ufo segment`: offline, no privileges. */
export const segment = defineCommand({
  name: 'segment',
  describe: 'Cut datagrams into fragments and write them to a pcap file; no network, no privileges',
  options: {
    source: required(endpoint({ describe: 'ADDRESS:PORT, [IPv6]:PORT' })),
    destination: required(endpoint({ describe: 'ADDRESS:PORT, [IPv6]:PORT' })),
    size: size({ describe: 'octets of generated payload' }),
    seed: count({ describe: 'seed of generated payload (1)' }, { min: 0, max: 0xffff_ffff }),
    file: string({ describe: 'payload from this file; without --size and --file from standard input' }),
    datagramSize: size({ describe: 'cut a file or standard input into datagrams of so many octets' }),
    count: count({ describe: 'datagrams to make (1)' }),
    mtu: withDefault(mtu({ describe: 'largest IP packet' }), '1500'),
    ident: ident({ describe: 'identification of the first datagram; the next count up' }),
    ttl: ttl({ describe: 'TTL or hop limit (64)' }),
    tos: tos({ describe: 'TOS or traffic class (0)' }),
    plan: string({ describe: 'what becomes of the fragments on purpose: steps like "reverse, drop(2)" (plan list)' }),
    ethernet: macPair({ describe: 'SRC,DST: Ethernet frames instead of raw IP' }),
    write: required(string({ describe: 'pcap file, - for stdout', alias: 'w' })),
    json,
  },
  exclusive: [
    ['size', 'file'],
    ['size', 'datagramSize'],
  ],
  examples: [
    ['segment --source 192.0.2.1:1111 --destination 192.0.2.2:9999 --size 65507 -w out.pcap', '45 fragments'],
    [
      'segment --source [2001:db8::1]:1111 --destination [2001:db8::2]:9999 --size 8192 --mtu 1280 -w - | tshark -r -',
      'IPv6',
    ],
  ],
  handler: async (values, { output, signal }) => {
    if (values.datagramSize === 0) throw argumentError('--datagram-size', 0, '1 octet or more');
    if (values.seed !== undefined && values.size === undefined) {
      throw usageError('--seed: only generated payloads have one', 'add --size');
    }
    const { segment } = await import('../app/segment/segment.js');
    await segment(values, output, signal);
  },
});
