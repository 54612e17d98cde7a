import { defineCommand } from './command.js';
import { flag, json, required, string } from './options.js';

/** `udp-ufo verify`: offline; what live captures need comes with them. */
export const verify = defineCommand({
  name: 'verify',
  describe: 'Judge every datagram of a capture: fragments, offsets, lengths, checksums',
  options: {
    read: required(string({ describe: 'pcap file, - for standard input', alias: 'r' })),
    generated: flag({ describe: 'payloads are generated ones: hold each against its seed and sequence' }),
    allowZeroChecksum: flag({ describe: 'accept UDP checksum 0 over IPv6 (RFC 6935)' }),
    json,
  },
  examples: [
    ['verify -r capture.pcap', 'a line per datagram; exit 0 good, 1 bad, 4 inconclusive'],
    ['verify -r - --json', 'a capture from a pipe, one JSON object per datagram and a summary'],
  ],
  handler: async ({ read, generated, allowZeroChecksum, json }, { output, signal }) => {
    const { verifyFile } = await import('../app/verify-file.js');
    return verifyFile({ file: read, json, generated, allowZeroChecksum6: allowZeroChecksum }, output, signal);
  },
});
