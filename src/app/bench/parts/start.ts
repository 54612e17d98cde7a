import { programPath } from '../../../host/programs.js';
import { runNode } from '../contestants/command.js';
import { BENCH_PORT } from '../contestants/ready-frames.js';
import { MAIN } from '../scenario.js';
import { median } from '../statistics.js';
import { destinationOf } from '../wire.js';
import type { Part, PartPlan } from './part.js';

/** Processor time from the first instruction to the last, with that of the programs asked on the way. */
export async function timeStart({ quick, signal }: PartPlan): Promise<Part[]> {
  const destination = `${destinationOf(MAIN)}:${BENCH_PORT}`;
  const main = programPath('main');
  const send = [main, 'send', destination, '--size', String(MAIN.size)];
  const commands = [
    ['startSend', 'send of one datagram, raw-socket', send],
    ['startSendPacket', 'send of one datagram, packet-socket', [...send, '--driver', 'packet-socket']],
    ['startHelp', '--help', [main, '--help']],
    ['startVersion', '--version', [main, '--version']],
    ['startNode', 'nothing but Node', ['-e', '0']],
  ] as const;
  const parts: Part[] = [];
  for (const [name, what, words] of commands) {
    const times: number[] = [];
    for (let run = 0; run < (quick ? 3 : 9); run++) {
      times.push((await runNode(words, signal)).cpuSeconds);
    }
    parts.push({ type: 'part', name, what: `start: ${what}`, value: median(times), unit: 's of processor time' });
  }
  return parts;
}
