import { FRAME_DRIVERS } from '../app/replay/drivers.js';
import { argumentError } from '../errors.js';
import {
  choice,
  count,
  htmlFile,
  inputFile,
  interfaceName,
  json,
  outputFile,
  rate,
  required,
  value,
  withDefault,
} from '../options/builders.js';
import { PROOF_OPTIONS } from '../options/proof.js';
import { REACH_OPTIONS } from '../options/reach.js';
import { parseRewriting } from '../options/rewriting.js';
import { defineCommand } from './command.js';

/** `udp-ufo replay FILE`. */
export const replay = defineCommand({
  name: 'replay',
  describe: 'Send the frames of a capture, of any protocol, with its timing; fragments as they are',
  positionals: { file: required(inputFile({ describe: 'pcap or pcapng, compressed or not; - is standard input' })) },
  options: {
    interface: interfaceName({ describe: 'interface to send by; left out only with --dry-run', alias: 'i' }),
    driver: withDefault(
      choice({ describe: 'how frames leave; raw-socket sends the IP packets in them' }, FRAME_DRIVERS),
      'packet-socket',
    ),
    rate: rate({ describe: 'so many frames a second (1000/s) instead of the timing of the capture' }),
    loop: withDefault(count({ describe: 'times that the file is sent' }, { min: 1, max: 1_000_000 }), '1'),
    rewrite: value(
      {
        describe:
          'put others in: source=ADDRESS, destination=, source-mac=, destination-mac=, source-port=, destination-port=, checksums=compute',
      },
      parseRewriting,
    ),
    ...REACH_OPTIONS,
    verify: {
      ...PROOF_OPTIONS.verify,
      describe: 'hold what arrives against the file, on the sending interface or on IF',
    },
    strict: PROOF_OPTIONS.strict,
    pcap: outputFile({ describe: 'with --dry-run: write what would go out to this file; - is stdout', alias: 'w' }),
    dryRun: PROOF_OPTIONS.dryRun,
    html: htmlFile,
    json,
  },
  examples: [
    ['lab -- udp-ufo replay capture.pcapng -i near0', 'with the timing of the capture'],
    ['replay capture.pcapng -i eth1 --verify=eth2', 'through what is between, and held against the file'],
    [
      'replay x.pcap -i eth1 --rate 10000/s --rewrite destination=192.0.2.2,destination-mac=02:00:5e:10:00:01',
      'elsewhere',
    ],
  ],
  handler: async ({ rate, ...options }, { output, signal }) => {
    if (rate !== undefined && rate.unit === 'bits')
      throw argumentError('--rate', `${rate.perSecond} bit/s`, 'frames a second: 1000/s');
    const { replay } = await import('../app/replay/replay.js');
    return replay({ ...options, rate: rate?.perSecond }, output, signal);
  },
});
