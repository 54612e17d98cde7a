import { usageError } from '../../errors.js';
import { dropPrivileges } from '../../host/drop-privileges.js';
import type { SendSummary } from '../../socket/flight/datagram.js';
import { DRIVER_TRAITS } from '../../tx/drivers.js';
import type { LostFrames } from '../../tx/net-device.js';
import type { FlowCount } from '../common/flows.js';
import type { Output } from '../common/output.js';
import type { WireCheck } from '../common/wire-check.js';
import { type QueueOptions, type QueueResult, QueueSenders } from '../queues/queues.js';
import { QueueTally } from '../queues/tally.js';
import { holdPorts } from './flows.js';
import { heldRate } from './held-rate.js';
import { inputsOf, type SendRequest, type SendTarget, sendTarget } from './options.js';
import type { SendPage } from './page.js';
import { finishCheck, startCheck } from './proof.js';
import { heldOutside } from './reach.js';
import type { SendOutcome } from './report.js';
import { SendWatch } from './watch.js';

/** `udp-ufo send --queues N`: generated payloads from N senders at once. @throws what stopped it before anything had gone */
export async function sendOnQueues(
  request: SendRequest,
  queues: number,
  output: Output,
  signal: AbortSignal,
  page: SendPage | null,
): Promise<SendOutcome> {
  refuseWithQueues(request);
  const count = request.count ?? (request.durationMs === undefined ? queues : undefined);
  const target = await sendTarget(request);
  const options = heldOutside(request, target, output);
  const tally = new QueueTally(queues);
  const check: { wire: WireCheck | null } = { wire: null };
  using _held = holdPorts(options, target.family, queues);
  await using senders = await QueueSenders.open({
    ...queueOptions(target, options, queues, count),
    signal,
    onReport(index, { at, counts, told }) {
      tally.set(index, at, counts);
      for (const expected of told) check.wire?.expectation.add(expected);
    },
  });
  const { paths, flowPaths } = senders;
  const watched = flowPaths.length === 0 ? paths : flowPaths.map((ends) => ({ ...paths[0]!, ...ends }));
  try {
    check.wire = await startCheck(options, watched, signal, { toldUntil: () => tally.toldUntil, onHeld: page?.add });
    check.wire?.broken.addEventListener('abort', senders.stop);
    // What stays stays with the main thread alone.
    if (DRIVER_TRAITS[paths[0]!.driver].needsForEach === undefined) dropPrivileges({ reads: inputsOf(options) });
    const { timeUp, ...sent } = await sendAndCount(senders, tally, count, options, output);
    if (sent.failure !== null && tally.fragments === 0) throw sent.failure;
    const byTime = count === undefined;
    const wish = sent.failure === null ? options.rate : undefined;
    const rate = heldRate(wish, tally, sent.seconds, { ...paths[0]!, byTime });
    const cutShort = !timeUp && !(tally.datagrams >= (count ?? Number.POSITIVE_INFINITY));
    const shown = await finishCheck(check.wire, { failure: sent.failure, cutShort }, signal);
    const each = tally.each.map((counts, index) => ({ sourcePort: paths[index]!.sourcePort, ...counts }));
    return { path: paths[0]!, tally, ...sent, rate, ...shown, echo: null, queues: each };
  } finally {
    tally.ended();
    await check.wire?.close();
  }
}

async function sendAndCount(
  senders: QueueSenders,
  tally: QueueTally,
  count: number | undefined,
  options: SendRequest,
  output: Output,
): Promise<Pick<SendOutcome, 'seconds' | 'failure' | 'lost' | 'flows'> & { readonly timeUp: boolean }> {
  const { durationMs, rate } = options;
  const watch = new SendWatch(tally, count ?? Number.POSITIVE_INFINITY, options, output);
  const begin = performance.now();
  let results: readonly QueueResult[] = [];
  let failure: unknown = null;
  try {
    results = await senders.send({ count, durationMs, rate });
  } catch (error) {
    failure = error;
  } finally {
    tally.ended();
    watch.stop();
  }
  const clock = (performance.now() - begin) / 1000;
  const seconds = failure === null ? Math.max(...results.map((one) => one.seconds)) : clock;
  const timeUp = durationMs !== undefined && 1000 * clock >= durationMs;
  return { seconds, failure, timeUp, lost: lostOf(results), flows: flowsOf(results) };
}

function queueOptions(
  { socket, source, sourcePort, address, port, flows }: SendTarget,
  { size = 0, seed = 1, verify, timestamps, sourcePorts, broadcast }: SendRequest,
  queues: number,
  count = Number.POSITIVE_INFINITY,
): QueueOptions {
  const { idents, signal: _, ...plain } = socket;
  return {
    queues,
    ...(typeof idents === 'number' && { idents: { first: idents, length: Math.ceil(count / queues) } }),
    tells: verify !== false,
    ...{ socket: plain, broadcast },
    source: {
      address: source,
      port: sourcePort,
      ports: (sourcePorts?.length ?? 0) > 1 ? sourcePorts : undefined,
    },
    flows,
    destination: { address, port },
    payload: { size, seed, timestamps },
  };
}

/** What needs one sender, or one order of all datagrams. */
function refuseWithQueues({ size, dryRun, gapMs, plan, save, echoCheckMs }: SendRequest): void {
  if (size === undefined) throw usageError('--queues: only generated payloads can be shared out', 'add --size');
  for (const [name, value] of Object.entries({
    'dry-run': dryRun,
    gap: gapMs,
    plan,
    save,
    'echo-check': echoCheckMs,
  })) {
    if (value === undefined || value === false) continue;
    throw usageError(`--queues does not go with --${name}`, 'send without --queues');
  }
}

/** What each flow came to by all senders; a flow without a source port of its own is another one of each sender. */
function flowsOf(results: readonly QueueResult[]): readonly FlowCount[] | null {
  const all = results.flatMap(({ flows }) => flows ?? []);
  if (all.length === 0) return null;
  const sums = new Map<string, FlowCount>();
  for (const one of all) {
    const key = `${one.source} ${one.sourcePort} ${one.destination} ${one.destinationPort}`;
    sums.set(key, { ...one, datagrams: one.datagrams + (sums.get(key)?.datagrams ?? 0) });
  }
  return [...sums.values()];
}

/**
 * Each socket counts its own losses, and an interface those of all, which every sender has looked at; which of the packets
 * that an interface has not counted are whose nobody can say.
 */
function lostOf(results: readonly SendSummary[]): LostFrames {
  const known = (place: keyof LostFrames): number[] | null => {
    const each = results.map(({ lost }) => lost[place]);
    return each.length === 0 || each.includes(null) ? null : (each as number[]);
  };
  const most = (place: keyof LostFrames): number | null => {
    const each = known(place);
    return each && Math.max(...each);
  };
  return {
    socket: known('socket')?.reduce((sum, one) => sum + one, 0) ?? null,
    ...{ qdisc: most('qdisc'), driver: most('driver'), neighbour: most('neighbour'), backlog: most('backlog') },
    unknown: null,
  };
}
