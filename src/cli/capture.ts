import {
  choice,
  count,
  duration,
  interfaceName,
  json,
  outputFile,
  required,
  string,
  withDefault,
} from '../options/builders.js';
import { defineCommand } from './command.js';

/** `udp-ufo capture -i IF …`: frames as text, JSON or pcap. */
export const capture = defineCommand({
  name: 'capture',
  endsInOrder: true,
  describe: 'Capture frames on an interface, as text, JSON, pcap or pcapng; by libpcap, and lost frames are counted',
  options: {
    interface: required(interfaceName({ describe: 'interface to capture on', alias: 'i' })),
    filter: string({ describe: 'BPF filter; by host and protocol, for later fragments have no port' }),
    pcap: outputFile({ describe: 'write a pcap file, pcapng where its name ends so; - is stdout', alias: 'w' }),
    count: count({ describe: 'stop after that many frames' }),
    duration: duration({ describe: 'stop after that time' }),
    bufferSize: count(
      { describe: "octets of the kernel's ring (64M)" },
      { min: 2 ** 20, max: 2 ** 30, unit: 'octets' },
    ),
    engine: withDefault(choice({ describe: 'what captures' }, ['auto', 'libpcap', 'cap']), 'auto'),
    direction: choice({ describe: 'only frames that come in, or go out; default both' }, ['in', 'out']),
    json,
  },
  examples: [
    ['capture -i eth0 --filter "ip proto 17 and host 192.0.2.2" --count 100', 'a line a frame'],
    ['capture -i eth0 --duration 10s -w out.pcapng', 'ten seconds into a file'],
    ['capture -i eth0 -w - | tshark -r -', 'into another program'],
    ['lab -- udp-ufo capture -i far0', 'on the far host of a lab'],
  ],
  handler: async ({ duration: durationMs, pcap: write, ...options }, { output, signal }) => {
    const { capture } = await import('../app/capture/capture.js');
    return capture({ ...options, write, durationMs }, output, signal);
  },
});
