import { count, flag, string, withDefault } from '../options/builders.js';
import { defineCommand } from './command.js';
import { middleboxNames } from './names.js';

/** `udp-ufo lab [--mtu N] [--queues N] [-- COMMAND …]`. Signals go to the command, which decides when to end. */
export const lab = defineCommand({
  name: 'lab',
  endsInOrder: true,
  describe: 'Run a command (or a shell) in a network of its own with two hosts, near and far; no root needed',
  options: {
    mtu: withDefault(
      count({ describe: 'MTU of the wire; IPv6 needs 1280' }, { min: 68, max: 65535, unit: 'octets' }),
      '1500',
    ),
    queues: withDefault(count({ describe: 'queues at each end of the wire' }, { min: 1, max: 1024 }), '1'),
    router: string({
      describe: 'a router between the two: none, a middlebox (list names them), or words of sh(1)',
      completes: middleboxNames,
    }),
    'real-root': flag({
      describe: "no user namespace: root in the lab is the machine's own, as BPF programs (xdp-live) want; needs root",
    }),
  },
  rest: 'COMMAND [ARGUMENT …]',
  examples: [
    ['lab -- udp-ufo send 192.0.2.2:9999 --size 65507 --verify', 'from near (192.0.2.1, 2001:db8::1) to far (.2, ::2)'],
    ['lab -- nsenter --net=/run/netns/far ip addr', 'something on the far host'],
    ['lab --mtu 9000', 'a shell, on near0'],
    ['lab --router nat -- udp-ufo path 198.51.100.2', 'a router that translates addresses in between'],
  ],
  handler: async ({ mtu, queues, router, 'real-root': realRoot }, { rest, output, signal }) => {
    const { lab, listMiddleboxes } = await import('../app/lab/lab.js');
    if (router === 'list') return listMiddleboxes(output);
    return lab({ command: rest, mtu, queues, realRoot, stop: signal, ...(router === undefined ? {} : { router }) });
  },
});
