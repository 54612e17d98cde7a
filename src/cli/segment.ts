import { usageError } from '../errors.js';
import { endpoint, json, outputFile, required, withDefault } from '../options/builders.js';
import { HEADER_OPTIONS } from '../options/headers.js';
import { PAYLOAD_EXCLUSIVE, PAYLOAD_OPTIONS } from '../options/payload.js';
import { PLAN_OPTION } from '../options/plan.js';
import { PROOF_OPTIONS } from '../options/proof.js';
import { defineCommand } from './command.js';
import { stepNames } from './names.js';

/** Of a packet that gets an Ethernet header; without any of these it has none. */
const NO_MAC = '00:00:00:00:00:00 where only the other, or --vlan, is given';

/** `udp-ufo segment`: offline, no privileges. */
export const segment = defineCommand({
  name: 'segment',
  describe: 'Cut datagrams into fragments and write them to a pcap file; no network, no privileges',
  options: {
    source: required(endpoint({ describe: 'ADDRESS:PORT, [IPv6]:PORT', group: 'headers' })),
    destination: required(endpoint({ describe: 'ADDRESS:PORT, [IPv6]:PORT', group: 'headers' })),
    ...PAYLOAD_OPTIONS,
    ...HEADER_OPTIONS,
    mtu: withDefault({ ...HEADER_OPTIONS.mtu, describe: 'largest IP packet' }, '1500'),
    ttl: { ...HEADER_OPTIONS.ttl, describe: 'TTL or hop limit (64)' },
    sourceMac: { ...HEADER_OPTIONS.sourceMac, describe: `Ethernet address to send from; ${NO_MAC}` },
    destinationMac: { ...HEADER_OPTIONS.destinationMac, describe: `Ethernet address to send to; ${NO_MAC}` },
    plan: { ...PLAN_OPTION, completes: stepNames },
    pcap: required(outputFile({ describe: 'pcap file, - for stdout', group: 'output', alias: 'w' })),
    save: PROOF_OPTIONS.save,
    json,
  },
  exclusive: PAYLOAD_EXCLUSIVE,
  examples: [
    ['segment --source 192.0.2.1:1111 --destination 192.0.2.2:9999 --size 65507 -w out.pcap', '45 fragments'],
    [
      'segment --source [2001:db8::1]:1111 --destination [2001:db8::2]:9999 --size 8192 --mtu 1280 -w - | tshark -r -',
      'IPv6',
    ],
  ],
  handler: async (values, { output, signal }) => {
    if (values.seed !== undefined && values.size === undefined) {
      throw usageError('--seed: only generated payloads have one', 'add --size');
    }
    const { segment } = await import('../app/segment/segment.js');
    await segment(values, output, signal);
  },
});
