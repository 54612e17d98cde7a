import { setTimeout as sleep } from 'node:timers/promises';
import { farCommand, LAB } from '../../host/lab.js';
import { runTool } from '../../host/run-tool.js';

const FAR = LAB.far.interface;
/** Frames under way when a sender has ended are through within this, milliseconds. */
const SETTLE_STEP_MS = 5;
const SETTLE_STEPS = 40;

/** What the far host does with what arrives. */
export type Sink = 'nft' | 'tc' | 'plain';

/**
 * Makes the far host drop everything at ingress: behind the counters, in front of the IP layer. The receiver's work would
 * be done on the sender's core, and a receiver that reassembles halves every figure. Captures still see every frame.
 */
export async function installSink(): Promise<Sink> {
  const chain = `{ type filter hook ingress device "${FAR}" priority 0; policy drop; }`;
  const attempts: [Sink, string, string[]][] = [
    ['nft', 'nft', [`table netdev bench { chain sink ${chain}; }`]],
    ['tc', 'sh', ['-c', `tc qdisc add dev ${FAR} clsact && tc filter add dev ${FAR} ingress matchall action drop`]],
  ];
  for (const [sink, command, args] of attempts) {
    try {
      if (sink === 'nft') await runFar(command, ['-f', '-'], args[0]);
      else await runFar(command, args);
      return sink;
    } catch {
      // the next one may be installed
    }
  }
  return 'plain';
}

export function describeSink(sink: Sink): string {
  if (sink === 'plain') return 'a plain host that reassembles (neither nft nor tc could be used): figures are low';
  return `dropped at the far end's ingress (${sink}), on the sender's core`;
}

/** Frames that the far interface has received. */
export async function arrivedFrames(): Promise<number> {
  const text = await runFar('cat', ['/proc/net/dev']);
  const line = text.split('\n').find((one) => one.trim().startsWith(`${FAR}:`)) ?? '';
  return Number(line.split(':')[1]?.trim().split(/\s+/)[1]);
}

/** Waits until `want` frames more than `before` have arrived, at most 200 ms; how many have. */
export async function arrivedSince(before: number, want: number): Promise<number> {
  let arrived = (await arrivedFrames()) - before;
  for (let step = 0; step < SETTLE_STEPS && arrived < want; step++) {
    await sleep(SETTLE_STEP_MS);
    arrived = (await arrivedFrames()) - before;
  }
  return arrived;
}

function runFar(command: string, args: readonly string[], input?: string): Promise<string> {
  const [program, words] = farCommand(command, args);
  return runTool(program, words, input === undefined ? {} : { input });
}
