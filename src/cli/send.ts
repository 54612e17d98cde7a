import { usageError } from '../app/common/exit-codes.js';
import { argumentError } from '../errors.js';
import { defineCommand } from './command.js';
import {
  choice,
  count,
  duration,
  endpoint,
  endpointOrHost,
  flag,
  flagOrString,
  ident,
  interfaceName,
  json,
  mac,
  mtu,
  rate,
  required,
  size,
  string,
  tos,
  ttl,
  value,
  withDefault,
} from './options.js';
import { parseExtensionHeaders, parseHex, parseVlans } from './parse-headers.js';

/** `udp-ufo send HOST:PORT …`. */
export const send = defineCommand({
  name: 'send',
  describe: 'Send UDP datagrams of any size as fragments, and prove them on the wire if asked to',
  positionals: {
    destination: required(endpoint({ describe: 'HOST:PORT, [IPv6]:PORT' })),
  },
  options: {
    interface: interfaceName({ describe: 'interface to send by; default: where the routes lead', alias: 'i' }),
    driver: withDefault(
      choice({ describe: 'how packets leave' }, [
        'raw-socket',
        'packet-socket',
        'af-xdp',
        'xdp-live',
        'virtio-ufo',
        'kernel-udp',
        'pcap-file',
        'auto',
      ]),
      'raw-socket',
    ),
    source: endpointOrHost({ describe: 'ADDRESS or ADDRESS:PORT to send from' }),
    size: size({ describe: 'octets of generated payload' }),
    seed: count({ describe: 'seed of generated payload (1)' }, { min: 0, max: 0xffff_ffff }),
    file: string({ describe: 'payload from this file; without --size and --file from standard input' }),
    datagramSize: size({ describe: 'cut a file or standard input into datagrams of so many octets' }),
    count: count({ describe: 'datagrams to send (1)' }),
    duration: duration({ describe: 'stop after that time; without --count, send as many as go' }),
    rate: rate({ describe: 'at most that fast: 1000/s or 10kdps datagrams, 50kfps packets, 1.5Gbit' }),
    gap: duration({ describe: 'time from one datagram to the next' }, { min: 0.001 }),
    mtu: mtu({ describe: 'largest IP packet; default what device and route carry' }),
    ident: ident({ describe: 'identification of the first datagram; the next count up' }),
    ttl: ttl({ describe: 'TTL or hop limit (64)' }),
    tos: tos({ describe: 'TOS or traffic class (0)' }),
    df: flag({ describe: "don't fragment: what is larger than the MTU is refused (IPv4)" }),
    options: value({ describe: 'IPv4 options in hexadecimal, 0 to 40 octets' }, (text, name) =>
      parseHex(text, name, 40),
    ),
    extensionHeaders: value(
      { describe: 'IPv6 extension headers: hop-by-hop=HEX, routing=HEX, destination=HEX, joined by commas' },
      parseExtensionHeaders,
    ),
    flowLabel: count({ describe: 'IPv6 flow label (0)' }, { min: 0, max: 0xf_ffff }),
    zeroChecksum: flag({ describe: 'UDP checksum 0' }),
    vlan: value({ describe: 'VLAN tag ID or ID.PRIORITY; OUTER,INNER for two' }, parseVlans),
    queue: count({ describe: 'af-xdp: transmit queue of the interface (0)' }, { min: 0, max: 4095 }),
    queues: withDefault(
      count(
        { describe: 'senders side by side, each with a core, socket and queue of its own; needs --size' },
        { min: 1, max: 64 },
      ),
      '1',
    ),
    destinationMac: mac({ describe: 'Ethernet address to send to, for a device without IP; needs -i' }),
    qdiscBypass: flag({ describe: 'packet-socket: past the queueing layer' }),
    plan: string({
      describe: 'what becomes of the fragments on purpose: steps like "reverse, drop(2)" (udp-ufo plan list)',
    }),
    verify: flagOrString({
      describe: 'prove it on the wire, on the sending interface or on IF (far0: far host of a lab)',
    }),
    pcap: string({ describe: 'write what --verify captures, or what --dry-run would send, to this file' }),
    dryRun: flag({ describe: 'send nothing; no privilege needed' }),
    interval: duration({ describe: 'report that often' }, { min: 100 }),
    json,
  },
  exclusive: [
    ['size', 'file'],
    ['size', 'datagramSize'],
    ['rate', 'gap'],
  ],
  examples: [
    ['lab -- udp-ufo send 192.0.2.2:9999 --size 65507 --verify', '45 fragments, held against what was sent'],
    ['send [2001:db8::2]:9999 --file photo.raw --datagram-size 60000', 'a file in datagrams'],
    ['send 192.0.2.2:9999 --size 1400 --duration 10s --rate 10kdps --interval 1s', 'a steady stream'],
    ['send 192.0.2.2:9999 --size 65507 --dry-run --pcap out.pcap', 'what would go out'],
  ],
  handler: async ({ df, options, duration, interval, gap, rate, datagramSize, ...values }, { output, signal }) => {
    if (datagramSize === 0) throw argumentError('--datagram-size', 0, '1 octet or more');
    if (values.seed !== undefined && values.size === undefined) {
      throw usageError('--seed: only generated payloads have one', 'add --size');
    }
    const { send } = await import('../app/send/send.js');
    const job = {
      ...values,
      datagramSize,
      dontFragment: df,
      ipOptions: options,
      rate: gap === undefined ? rate : { perSecond: 1000 / gap, unit: 'datagrams' as const },
      gapMs: gap,
      durationMs: duration,
      intervalMs: interval,
    };
    return send(job, output, signal);
  },
});
