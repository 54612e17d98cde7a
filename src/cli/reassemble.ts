import { count, flag, inputFile, json, outputFile, required } from '../options/builders.js';
import { defineCommand } from './command.js';

/** `udp-ufo reassemble`: the way back from `segment`. */
export const reassemble = defineCommand({
  name: 'reassemble',
  describe: 'Put the fragments of a capture together: payloads into files, or whole packets into a pcap file',
  options: {
    read: required(inputFile({ describe: 'pcap file, - for standard input', alias: 'r' })),
    output: outputFile({ describe: 'directory for the payloads; with --datagram a file, - for stdout', alias: 'o' }),
    datagram: count({ describe: 'only this datagram, counted from 1 in the order of completion' }),
    pcap: outputFile({ describe: 'pcap file of whole raw IP packets, - for stdout', alias: 'w' }),
    allowZeroChecksum: flag({ describe: 'accept UDP checksum 0 over IPv6 (RFC 6935)' }),
    json,
  },
  exclusive: [
    ['output', 'pcap'],
    ['datagram', 'pcap'],
  ],
  examples: [
    ['reassemble -r fragments.pcap -o payloads', 'payloads/datagram-000001.bin, …'],
    ['reassemble -r fragments.pcap --datagram 1 -o - | sha256sum', 'one payload'],
    ['reassemble -r fragments.pcap -w whole.pcap', 'packets as they were before they were cut'],
  ],
  handler: async ({ read, pcap: write, allowZeroChecksum: allowZeroChecksum6, ...options }, { output, signal }) => {
    const { reassemble } = await import('../app/reassemble/reassemble.js');
    return reassemble({ file: read, write, allowZeroChecksum6, ...options }, output, signal);
  },
});
