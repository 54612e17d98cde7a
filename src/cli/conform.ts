import {
  choice,
  endpoint,
  flag,
  htmlFile,
  inputFile,
  interfaceName,
  json,
  outputFile,
  required,
  withDefault,
} from '../options/builders.js';
import { outsideLab } from '../options/reach.js';
import { defineCommand } from './command.js';

/** `udp-ufo conform HOST:PORT`. */
export const conform = defineCommand({
  name: 'conform',
  describe: 'How a receiver puts fragments together: the RFCs rule by rule, and its policy for overlaps by name',
  positionals: {
    destination: required(
      endpoint({ describe: 'ADDRESS:PORT, [IPv6]:PORT of a UDP echo, of receive --report, or of a closed port' }),
    ),
  },
  options: {
    interface: interfaceName({ describe: 'interface to send by; default: where the routes lead', alias: 'i' }),
    driver: withDefault(
      choice({ describe: 'how packets leave' }, ['packet-socket', 'raw-socket', 'af-xdp', 'virtio-ufo']),
      'packet-socket',
    ),
    fast: flag({ describe: 'leave out what waits for reassembly times (up to 125 s)' }),
    deep: flag({ describe: 'overlaps of three fragments as well: 1,636 datagrams more' }),
    outsideLab: outsideLab('so many broken fragments may upset it, or whoever watches it'),
    policy: outputFile({ describe: 'write the overlap policy to this file (JSON)' }),
    compare: inputFile({ describe: 'hold the policy against the one in this file' }),
    pcap: outputFile({ describe: 'every frame of the conversation into this file; frame numbers count in it' }),
    html: htmlFile,
    json,
  },
  examples: [
    ['lab -- udp-ufo conform 192.0.2.2:9 --fast', 'Linux, with nothing installed over there: a closed port'],
    ['conform [2001:db8::7]:7 --policy host.json', 'a UDP echo; the policy kept'],
    ['conform [2001:db8::7]:7 --compare last-week.json', 'exit code 1 where it differs'],
  ],
  handler: async ({ destination, ...options }, { output, signal }) => {
    const { conform } = await import('../app/conform/conform.js');
    return conform({ ...options, host: destination.host, port: destination.port }, output, signal);
  },
});
