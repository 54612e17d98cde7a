import { UfoError, usageError } from '../../errors.js';
import { counted, figure, perSecond } from '../common/figures.js';
import type { Output } from '../common/output.js';
import { type QueueResult, QueueSenders } from '../queues/queues.js';
import { type SendOptions, type SendTarget, sendTarget } from './options.js';

/** `udp-ufo send --queues N`: generated payloads from N senders at once. @throws what stopped the first one that failed */
export async function sendOnQueues(
  options: SendOptions,
  queues: number,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  refuseWithQueues(options);
  const { size = 0, seed = 1, durationMs, rate } = options;
  const count = options.count ?? (durationMs === undefined ? queues : undefined);
  await using senders = await QueueSenders.open(
    queueOptions(await sendTarget(options), { queues, size, seed, signal }),
  );
  const begin = performance.now();
  const results = await senders.send({ count, durationMs, rate });
  const seconds = (performance.now() - begin) / 1000;
  const summary = { type: 'summary', ...totals(results), seconds, queues: results };
  if (options.json) await output.json(summary);
  else for (const line of textOf(results, seconds)) await output.line(line);
  signal.throwIfAborted();
}

interface QueueWork {
  readonly queues: number;
  readonly size: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

function queueOptions({ socket, source, sourcePort, address, port }: SendTarget, work: QueueWork) {
  const { idents: _, signal: __, ...plain } = socket;
  const { queues, size, seed, signal } = work;
  return {
    queues,
    socket: plain,
    source: { address: source, port: sourcePort },
    destination: { address, port },
    payload: { size, seed },
    signal,
  };
}

/** What needs one sender that knows of every datagram, or one order of them. */
function refuseWithQueues(options: SendOptions): void {
  const { size, verify, dryRun, pcap, idents, intervalMs, gapMs, plan, save } = options;
  if (size === undefined) throw usageError('--queues: only generated payloads can be shared out', 'add --size');
  const alone = { verify: verify !== false, dryRun, pcap, ident: idents, interval: intervalMs, gap: gapMs, plan, save };
  for (const [name, value] of Object.entries(alone)) {
    if (value === undefined || value === false) continue;
    const option = name.replace('R', '-r');
    throw usageError(`--queues does not go with --${option}`, 'send without --queues');
  }
}

function totals(results: readonly QueueResult[]) {
  const sum = (key: 'datagrams' | 'failed' | 'fragments' | 'octets'): number =>
    results.reduce((total, one) => total + one[key], 0);
  return { datagrams: sum('datagrams'), failed: sum('failed'), fragments: sum('fragments'), octets: sum('octets') };
}

function textOf(results: readonly QueueResult[], seconds: number): string[] {
  const { datagrams, fragments, octets } = totals(results);
  const [first] = results;
  if (first === undefined) throw new UfoError('ERR_UFO_QUEUE', 'no sender answered');
  const rate = (count: number): string => figure(perSecond(count, seconds));
  return [
    `${results.length} senders by ${first.driver}`,
    ...first.ways.map(({ way, why }) => `  ${way}: ${why}`),
    `  ${counted(datagrams, 'datagram')}, ${counted(octets, 'octet')} of payload, ${counted(fragments, 'packet')}`,
    `  ${seconds.toFixed(3)} s: ${rate(datagrams)} datagrams/s, ${rate(fragments)} packets/s, ${rate((8 * octets) / 1e6)} Mbit/s`,
    ...results.map((one, index) => `  sender ${index}: ${rate(one.fragments)} packets/s`),
  ];
}
