import { usageError } from '../errors.js';
import {
  choice,
  endpointOrHost,
  flag,
  htmlFile,
  inputFile,
  interfaceName,
  json,
  outputFile,
  sizes,
} from '../options/builders.js';
import { HEADER_OPTIONS } from '../options/headers.js';
import { outsideLab } from '../options/reach.js';
import { defineCommand, optionName } from './command.js';

const { mtu, ttl, tos, dontFragment, options, extensionHeaders, flowLabel, checksum } = HEADER_OPTIONS;
/** Header fields that everybody who cuts can be told. */
const HEADERS = { ttl, tos, dontFragment, options, extensionHeaders, flowLabel, checksum };

/** `udp-ufo compare [HOST[:PORT]]`. */
export const compare = defineCommand({
  name: 'compare',
  describe: "The same datagrams cut by software UFO, the kernel's UFO and the kernel, or by another: field by field",
  positionals: { host: endpointOrHost({ describe: 'HOST, HOST:PORT, [IPv6]:PORT; default: a lab of its own' }) },
  options: {
    size: sizes({ describe: 'payload sizes: 1473, 64,1473,8192 or 1000-9000 (eight of these)', group: 'payload' }),
    mtu: { ...mtu, describe: 'largest IP packet; in the lab the wire gets it; of a file the one it was cut for' },
    ...HEADERS,
    interface: interfaceName({ describe: 'interface to send by and to capture on', alias: 'i', group: 'way' }),
    family: choice({ describe: 'only this family', group: 'way' }, ['4', '6']),
    deep: flag({ describe: 'sweep sizes, MTUs, options and extension headers', group: 'proof' }),
    outsideLab: outsideLab('hundreds of datagrams, some that nobody can put together'),
    against: inputFile({ describe: 'send nothing: hold what this capture has against our cut of it', group: 'proof' }),
    fields: flag({ describe: 'every field of every fragment, side by side', group: 'output' }),
    pcap: outputFile({ describe: 'a capture of it all in this file', group: 'output' }),
    html: htmlFile,
    json,
  },
  exclusive: [
    ['against', 'size'],
    ['against', 'interface'],
    ['against', 'family'],
    ['against', 'deep'],
    ['against', 'pcap'],
    ['deep', 'size'],
    ...(Object.keys(HEADERS) as (keyof typeof HEADERS)[]).flatMap((name) => [
      ['against', name] as const,
      ['deep', name] as const,
    ]),
  ],
  examples: [
    ['compare', 'in a lab of its own: whole, just cut, large; exit 0 where all differences are known'],
    ['compare --deep', 'sizes × MTUs × options × extension headers × families; differences by cause'],
    ['compare --size 2953 --mtu 1499', 'one size, its fields side by side'],
    ['compare --against nic.pcap', 'what a NIC, a hypervisor or another tool has cut, against our cut of it'],
    ['compare 192.0.2.7 -i eth0', 'on a wire of yours'],
  ],
  handler: async ({ host, against, family, ...values }, { output, signal }) => {
    if (against !== undefined && host !== undefined) throw usageError('HOST: not with --against, which sends nothing');
    const { compare } = await import('../app/compare/compare.js');
    const { size, mtu, ttl, tos, dontFragment, options, extensionHeaders, flowLabel, checksum, ...how } = values;
    const headers = { ttl, tos, dontFragment, options, extensionHeaders, flowLabel, checksum };
    return compare(
      {
        ...how,
        mtu,
        headers,
        host: host && { host: host.host, port: host.port },
        family: familyOf(family, headers),
        sizes: size,
        against: against === undefined ? undefined : { file: against, mtu },
      },
      output,
      signal,
    );
  },
});

/** The one asked for, or the one that has the headers asked for. */
function familyOf(asked: '4' | '6' | undefined, headers: object): 4 | 6 | undefined {
  const given = Object.entries(HEADERS).filter(([key]) => Reflect.get(headers, key) !== undefined);
  const wanted = new Set(given.flatMap(([, { family }]) => (family === undefined ? [] : [family])));
  if (asked !== undefined) wanted.add(asked === '4' ? 4 : 6);
  if (wanted.size > 1) {
    const names = given.filter(([, { family }]) => family !== undefined).map(([key, one]) => optionName(key, one));
    throw usageError(`${names.join(', ')}${asked === undefined ? '' : `, --family ${asked}`}: of two families`);
  }
  return [...wanted][0];
}
