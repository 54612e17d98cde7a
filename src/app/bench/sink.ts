import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { farCommand, LAB } from '../../host/lab.js';
import { runTool } from '../../host/run-tool.js';

/** How the far host is made to drop what arrives. */
type DropRule = 'nft' | 'tc' | 'plain';

/**
 * Makes the far host drop everything at ingress of `devices`: behind the counters, in front of the IP layer. The receiver's
 * work would be done on the sender's core, and a receiver that reassembles halves every figure. Captures still see every frame.
 * Where the kernel lets a table have an owner, it goes with this process, however that ends.
 */
export async function installSink(devices: readonly string[] = [LAB.far.interface]): Promise<DropRule> {
  for (const [sink, install] of ATTEMPTS) {
    try {
      await install(devices);
      return sink;
    } catch {
      // the next one may be possible
    }
  }
  return 'plain';
}

export function describeSink(sink: DropRule): string {
  if (sink === 'plain') return 'a plain host that reassembles (neither nft nor tc could be used): figures are low';
  return `dropped at the far end's ingress (${sink}), on the sender's core`;
}

const chain = (devices: readonly string[]): string =>
  `{ type filter hook ingress devices = { ${devices.join(', ')} } priority 0; policy drop; }`;
const dropByTc = (device: string): string =>
  `tc qdisc add dev ${device} clsact && tc filter add dev ${device} ingress matchall action drop`;
const ATTEMPTS: readonly (readonly [DropRule, (devices: readonly string[]) => Promise<unknown>])[] = [
  ['nft', ownTable],
  ['nft', (devices) => runFar('nft', ['-f', '-'], `table netdev bench { chain sink ${chain(devices)}; }`)],
  ['tc', (devices) => runFar('sh', ['-c', devices.map(dropByTc).join(' && ')])],
];
const TABLE_WITHIN_MS = 2000;

/** A table is its owner's, which is a netlink socket (Linux 5.12): that of an nft(8) which reads from us until we are gone. */
async function ownTable(devices: readonly string[]): Promise<void> {
  const owner = spawn(...farCommand('nft', ['-i']), { stdio: ['pipe', 'ignore', 'ignore'] });
  owner.on('error', () => undefined); // not installed: the table does not come
  owner.stdin.on('error', () => undefined);
  owner.stdin.write(`add table netdev bench { flags owner; }\nadd chain netdev bench sink ${chain(devices)}\n`);
  owner.unref();
  (owner.stdin as Socket).unref();
  try {
    await installedBy(owner);
  } catch (error) {
    owner.kill('SIGKILL');
    throw error;
  }
}

/** @throws where it does not come, and what running nft(8) throws */
async function installedBy(owner: ChildProcess): Promise<void> {
  for (const end = performance.now() + TABLE_WITHIN_MS; ; await sleep(20)) {
    const listed = await runFar('nft', ['list', 'tables']);
    const table = listed.includes('netdev bench') ? await runFar('nft', ['list', 'table', 'netdev', 'bench']) : '';
    const ended = owner.exitCode !== null;
    if (table.includes('policy drop') && !ended) return;
    if (performance.now() >= end || ended) throw new Error('this nft or this kernel knows no owners');
  }
}

/** A file as the far host sees it. */
export function readFar(path: string): Promise<string> {
  return runFar('cat', [path]);
}

function runFar(command: string, args: readonly string[], input?: string): Promise<string> {
  const [program, words] = farCommand(command, args);
  return runTool(program, words, input === undefined ? {} : { input });
}
