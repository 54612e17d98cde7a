import { json, string } from '../options/builders.js';
import { defineCommand } from './command.js';

/** `udp-ufo demo`, which is `npm start`. */
export const demo = defineCommand({
  name: 'demo',
  endsInOrder: true,
  describe: 'Show the whole way in a lab of its own: build, cut, send, capture, prove, deliver; no root needed',
  options: {
    pcap: string({ describe: 'folder that keeps the captures' }),
    json,
  },
  examples: [
    ['demo', 'a table; exit 0 if every fragment is right'],
    ['demo --pcap captures', 'and captures/mtu-1500.pcap, for tshark to judge'],
    ['demo --json', 'one object per datagram, then a summary'],
  ],
  handler: async (values, { output, signal }) => {
    const { demo } = await import('../app/demo/demo.js');
    return demo(values, output, signal);
  },
});
