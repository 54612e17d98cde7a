import { farCommand, LAB } from '../../host/lab.js';
import { runTool } from '../../host/run-tool.js';

const FAR = LAB.far.interface;

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

/** A file as the far host sees it. */
export function readFar(path: string): Promise<string> {
  return runFar('cat', [path]);
}

function runFar(command: string, args: readonly string[], input?: string): Promise<string> {
  const [program, words] = farCommand(command, args);
  return runTool(program, words, input === undefined ? {} : { input });
}
