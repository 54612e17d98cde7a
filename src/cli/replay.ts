import { argumentError } from '../errors.js';
import { choice, count, interfaceName, json, rate, required, string, withDefault } from '../options/builders.js';
import { defineCommand } from './command.js';

/** `udp-ufo replay FILE`. */
export const replay = defineCommand({
  name: 'replay',
  describe: 'Send the frames of a capture, of any protocol, with its timing; fragments as they are',
  positionals: { file: required(string({ describe: 'pcap or pcapng, compressed or not; - is standard input' })) },
  options: {
    interface: required(interfaceName({ describe: 'interface to send by', alias: 'i' })),
    driver: withDefault(
      choice({ describe: 'how frames leave; raw-socket sends the IP packets in them' }, [
        'packet-socket',
        'af-xdp',
        'raw-socket',
      ]),
      'packet-socket',
    ),
    rate: rate({ describe: 'so many frames a second (1000/s) instead of the timing of the capture' }),
    loop: withDefault(count({ describe: 'times that the file is sent' }, { min: 1, max: 1_000_000 }), '1'),
    rewrite: string({
      describe:
        'put others in: source=ADDRESS, destination=, source-mac=, destination-mac=, source-port=, destination-port=',
    }),
    json,
  },
  examples: [
    ['lab -- udp-ufo replay capture.pcapng -i near0', 'with the timing of the capture'],
    [
      'replay x.pcap -i eth1 --rate 10000/s --rewrite destination=192.0.2.2,destination-mac=02:00:5e:10:00:01',
      'elsewhere',
    ],
  ],
  handler: async ({ rate, rewrite, ...options }, { output, signal }) => {
    if (rate !== undefined && rate.unit === 'bits') throw argumentError('--rate', 'bits', 'frames a second: 1000/s');
    const { parseRewriting } = await import('../app/replay/rewrite.js');
    const { replay } = await import('../app/replay/replay.js');
    const rewriting = rewrite === undefined ? undefined : parseRewriting(rewrite, '--rewrite');
    await replay({ ...options, rate: rate?.perSecond, rewrite: rewriting }, output, signal);
  },
});
