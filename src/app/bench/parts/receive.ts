import { farCommand, LAB } from '../../../host/lab.js';
import { programPath } from '../../../host/programs.js';
import { runTool } from '../../../host/run-tool.js';
import { grouped } from '../../../report/grouped.js';
import type { ReceiveSummary } from '../../receive/summary.js';
import { BENCH_PORT } from '../contestants/ready-frames.js';
import { MAIN } from '../scenario.js';
import { median } from '../statistics.js';
import { meanwhile } from './meanwhile.js';
import type { Part, PartPlan } from './part.js';

const A_SECOND = 3000;

/**
 * `udp-ufo receive`, sent large datagrams by the far host (at its own end everything is dropped). What is counted is between two
 * runs of different length, so neither its start, nor what the first second is compiled in.
 */
export async function timeReceive({ quick, signal }: PartPlan): Promise<Part[]> {
  const micros: number[] = [];
  const lost: number[] = [];
  for (let run = 0; run < (quick ? 1 : 3); run++) {
    const short = await received(quick ? 0.5 : 2, signal);
    const long = await received(quick ? 1.5 : 7, signal);
    micros.push(((long.cpuSeconds - short.cpuSeconds) * 1e6) / (long.datagrams - short.datagrams));
    lost.push(short.lost, long.lost);
  }
  const what = `receive of ${grouped(MAIN.size)} octets`;
  return [
    { type: 'part', name: 'receive', what: `${what}, judged`, value: median(micros), unit: 'µs' },
    {
      ...{ type: 'part', name: 'receiveLost', what: `${what}, ${grouped(A_SECOND)}/s, worst run` },
      ...{ value: Math.max(...lost), unit: 'datagrams lost' },
    },
  ];
}

interface Received {
  readonly datagrams: number;
  readonly lost: number;
  readonly cpuSeconds: number;
}

async function received(seconds: number, signal: AbortSignal): Promise<Received> {
  const words = ['receive', String(BENCH_PORT), '--address', LAB.near.ipv4, '--quiet', '--json'];
  const count = A_SECOND * seconds;
  const pace = ['--size', String(MAIN.size), '--count', String(count), '--rate', `${A_SECOND}/s`];
  const { summary, cpuSeconds } = await meanwhile<string, ReceiveSummary>(words, signal, () => {
    const send = ['send', `${LAB.near.ipv4}:${BENCH_PORT}`, ...pace, '--driver', 'virtio-ufo'];
    return runTool(...farCommand(process.execPath, [programPath('main'), ...send]), { timeoutMs: 60_000 });
  });
  return { datagrams: summary.datagrams, lost: count - summary.good, cpuSeconds };
}
