import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LAB, scratchFolder } from '../../../host/lab.js';
import { grouped } from '../../../report/grouped.js';
import { runProgram, sentIn } from '../contestants/command.js';
import { BENCH_PORT } from '../contestants/ready-frames.js';
import { MAIN } from '../scenario.js';
import { median } from '../statistics.js';
import { destinationOf } from '../wire.js';
import { meanwhile } from './meanwhile.js';
import type { Part, PartPlan } from './part.js';

const FRAMES_A_SECOND = 400_000;
/** Of the rate asked for: what a pacer that keeps it comes to in so short a run. */
const HELD_SHARE = 0.98;

/** `udp-ufo capture` into files while `udp-ufo send` on the same machine keeps its rate: what it costs, and what it loses. */
export async function timeCapture(plan: PartPlan): Promise<Part[]> {
  const folder = await mkdtemp(join(scratchFolder(), 'udp-ufo-bench-'));
  try {
    const parts: Part[] = [];
    const [lost, rates]: [number[], number[]] = [[], []];
    const idle = await captured(join(folder, 'idle'), null, plan); // its start and end, whatever the file's kind
    for (const kind of ['pcap', 'pcapng']) {
      const runs = [];
      for (let run = 0; run < (plan.quick ? 1 : 5); run++) {
        runs.push(await captured(join(folder, `busy.${kind}`), plan.quick ? 0.5 : 2, plan));
      }
      lost.push(...runs.map(({ sent, frames }) => sent - frames));
      rates.push(...runs.map(({ rate }) => rate));
      const value = median(runs.map(({ cpuSeconds, frames }) => ((cpuSeconds - idle.cpuSeconds) * 1e9) / frames));
      const name = kind === 'pcap' ? 'capturePcap' : 'capturePcapng';
      parts.push({ type: 'part', name, what: `capture into a ${kind} file`, value, unit: 'ns/frame' });
    }
    const what = `capture at ${grouped(FRAMES_A_SECOND)} frames/s, worst run`;
    const worst = { type: 'part', name: 'captureLost', what, value: Math.max(...lost), unit: 'frames lost' } as const;
    return [...parts, { ...worst, ...slowText(Math.min(...rates)) }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a sender that is slower than the goal asks for leaves open. */
export function slowText(rate: number): Pick<Part, 'unknown'> {
  if (rate >= HELD_SHARE * FRAMES_A_SECOND) return {};
  return { unknown: `the sender reached ${grouped(Math.round(rate))} frames/s in its slowest run` };
}

interface Captured {
  /** Packets that the kernel took of the sender. */
  readonly sent: number;
  /** Of these a second, as the sender says. */
  readonly rate: number;
  readonly frames: number;
  /** Of the capturing command and its child. */
  readonly cpuSeconds: number;
}

/** One capture on the far side, while so many seconds are sent; null: of silence. The file is only counted by its own writer. */
async function captured(file: string, seconds: number | null, { signal }: PartPlan): Promise<Captured> {
  const words = ['capture', '-i', LAB.far.interface, '-w', file, '--filter', `host ${destinationOf(MAIN)}`, '--json'];
  const work = async (): Promise<Paced> => (seconds === null ? { sent: 0, rate: 0 } : sendPaced(seconds, signal));
  const { done, summary, cpuSeconds } = await meanwhile<Paced, { frames: number }>(words, signal, work);
  return { ...done, frames: summary.frames, cpuSeconds };
}

type Paced = Pick<Captured, 'sent' | 'rate'>;

async function sendPaced(seconds: number, signal: AbortSignal): Promise<Paced> {
  const destination = `${destinationOf(MAIN)}:${BENCH_PORT}`;
  const pace = ['--rate', `${FRAMES_A_SECOND}fps`, '--count', String(Math.round((FRAMES_A_SECOND * seconds) / 45))];
  const words = ['send', destination, '--driver', 'af-xdp', '--size', String(MAIN.size), ...pace];
  const { text } = await runProgram(words, signal);
  const { packets, packetsPerSecond } = sentIn(text);
  return { sent: packets, rate: packetsPerSecond };
}
