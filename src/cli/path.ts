import {
  choice,
  endpointOrHost,
  flag,
  htmlFile,
  interfaceName,
  json,
  required,
  withDefault,
} from '../options/builders.js';
import { defineCommand } from './command.js';

/** `udp-ufo path HOST[:PORT] …`. */
export const path = defineCommand({
  name: 'path',
  describe: 'Ask a path which sizes, orders and kinds of fragments pass, and say where they die',
  positionals: { host: required(endpointOrHost({ describe: 'HOST, HOST:PORT, [IPv6]:PORT' })) },
  options: {
    interface: interfaceName({ describe: 'interface to send by; default: where the routes lead', alias: 'i' }),
    driver: withDefault(
      choice({ describe: 'how packets leave' }, ['raw-socket', 'packet-socket', 'af-xdp', 'auto']),
      'raw-socket',
    ),
    family: choice({ describe: 'only this family; default: all that the name has' }, ['4', '6']),
    fast: flag({ describe: "leave out what waits for the far end's reassembly time" }),
    limits: flag({
      describe:
        "the far end's limits as well: fragments of a datagram, and how long it waits for missing ones (a minute)",
    }),
    pmtu: flag({ describe: 'only how large packets may be' }),
    html: htmlFile,
    json,
  },
  examples: [
    ['path 192.0.2.2', 'where nothing runs over there: port 33434 is closed mostly, and its ICMP answers'],
    ['path host.example:9999', 'where udp-ufo receive 9999 --report runs, which tells most, or any UDP echo'],
    ['path host.example --pmtu', 'the path MTU'],
  ],
  handler: async ({ host: destination, family, ...options }, { output, signal }) => {
    const { path } = await import('../app/path/path.js');
    const { host, port = TRACEROUTE_PORT } = destination;
    return path(
      { ...options, host, port, family: family === undefined ? undefined : family === '4' ? 4 : 6 },
      output,
      signal,
    );
  },
});

/** The first port that traceroute(8) takes, because hardly anything listens there. */
const TRACEROUTE_PORT = 33_434;
