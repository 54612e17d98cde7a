import { flag, htmlFile, json, outputFile, string } from '../options/builders.js';
import { defineCommand } from './command.js';

/** `udp-ufo bench`: in a lab of its own. */
export const bench = defineCommand({
  name: 'bench',
  describe: 'Time every driver beside the peers found on this machine, in a network of its own',
  options: {
    only: string({ describe: 'contestants and parts to take, NAME,NAME…; a ratio needs its yardstick too' }),
    quick: flag({ describe: 'less of everything: under a minute' }),
    svg: outputFile({ describe: 'write a bar chart to this file' }),
    markdown: outputFile({ describe: 'write the tables to this file, as Markdown' }),
    html: htmlFile,
    json,
  },
  examples: [
    ['bench --quick', 'the largest datagrams only'],
    ['bench --only packet-socket,c-kernel-udp', 'one driver beside a UDP socket in C'],
    ['bench --svg bench.svg --json > bench.jsonl', 'figures for programs, and a picture'],
  ],
  handler: async ({ only, ...options }, { output, signal }) => {
    const { bench } = await import('../app/bench/bench.js');
    const names = (only ?? '').split(',').filter((name) => name !== '');
    return bench({ ...options, only: names }, output, signal);
  },
});
