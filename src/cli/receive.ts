import { usageError } from '../errors.js';
import {
  address,
  count,
  duration,
  flag,
  interfaceName,
  json,
  outputFile,
  port,
  required,
  withDefault,
} from '../options/builders.js';
import { defineCommand } from './command.js';

/** `udp-ufo receive PORT …`: an ordinary UDP socket that counts and judges. */
export const receive = defineCommand({
  name: 'receive',
  endsInOrder: true,
  describe: 'Receive datagrams on an ordinary UDP socket, judge generated payloads, say what was lost and where',
  positionals: { port: required(port({ describe: 'UDP port to listen on' })) },
  options: {
    address: withDefault(address({ describe: 'address to listen on; :: takes IPv4 too, a group is joined' }), '::'),
    interface: interfaceName({
      describe: 'interface to join by, where the address is a group; that of a link-local address',
      alias: 'i',
    }),
    echo: flag({ describe: 'send every datagram back' }),
    report: flag({ describe: 'answer each with how it arrived, for udp-ufo path and conform' }),
    interval: duration({ describe: 'a line on stderr every so often' }, { min: 10 }),
    count: count({ describe: 'stop after that many datagrams' }),
    timeout: duration({ describe: 'stop after that long without a datagram' }),
    output: outputFile({ describe: 'payloads into a file, or a file each into a folder (DIR/)', alias: 'o' }),
    bufferSize: withDefault(
      count({ describe: 'octets of receive buffer to ask for' }, { min: 2304, max: 2 ** 30, unit: 'octets' }),
      '32M',
    ),
    hash: flag({ describe: 'SHA-256 of every payload in what --json prints; costs more than all the rest' }),
    quiet: flag({ describe: 'with --json, only what is not good, and the summary', alias: 'q' }),
    json,
  },
  examples: [
    ['receive 9999 --count 10 --timeout 5s', 'ten datagrams, or as many as come'],
    ['receive 9999 --json --hash', 'a line a datagram with its SHA-256'],
    ['receive 9999 --echo -o received/', 'send back, and keep a file of each'],
    ['receive 9999 --report', 'the far end of udp-ufo path'],
  ],
  handler: async ({ timeout: timeoutMs, interval: intervalMs, output: write, ...options }, { output, signal }) => {
    if (options.hash && !options.json) throw usageError('--hash: only with --json', 'add --json, whose lines have it');
    if (options.quiet && !options.json) throw usageError('--quiet: only with --json', 'add --json, or leave it out');
    const { receive } = await import('../app/receive/receive.js');
    return receive({ ...options, timeoutMs, intervalMs, write }, output, signal);
  },
});
