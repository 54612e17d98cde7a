import { setMaxListeners } from 'node:events';
import { abortable } from '../../socket/waiting/abortable.js';
import { WireWitness } from './check.js';
import type { Contestant, Runner } from './contestants/contestant.js';
import type { Scenario } from './scenario.js';
import { warmUp } from './warm-up.js';
import { type Arrivals, arrivedSince } from './wire.js';

/** One contestant's stretch within a round, with what arrived. */
export interface Round {
  /** Octets of UDP payload a second that arrived, as far as frames tell. */
  readonly octetsPerSecond: number;
  readonly packetsPerSecond: number;
  /** Packets that the kernel took and the far interface never saw, as a share. */
  readonly lostShare: number;
  /** Processor seconds for 10⁹ octets of payload; null where unknown. */
  readonly cpuSecondsPerGb: number | null;
}

export interface Measured {
  readonly name: string;
  readonly kind: Contestant['kind'];
  readonly rounds: readonly Round[];
  /** Octets; null where unknown. */
  readonly peakRss: number | null;
  /** Why there are no rounds: it could not start, or the wire showed it wrong. */
  readonly fault: string | null;
}

interface MeasurePlan {
  readonly rounds: number;
  /** Milliseconds of sending within a round; a command's start is taken off, what compiling takes (0.2 s) is not. */
  readonly ms: Readonly<Record<Contestant['kind'], number>>;
  /** And before the first, milliseconds of processor time. */
  readonly warmUpMs: MeasurePlan['ms'];
  /** Counts at the end of the scenario's wire. */
  readonly arrivals: Arrivals;
  readonly signal: AbortSignal;
  /** Told before every stretch. */
  readonly onStep: (name: string) => void;
}

interface Entry {
  readonly contestant: Contestant;
  readonly runner: Runner | null;
  readonly rounds: Round[];
  peakRss: number | null;
  fault: string | null;
}

/** Starts, checks and times all contestants of a scenario, round by round, each once in every round. */
export async function measure(
  scenario: Scenario,
  contestants: readonly Contestant[],
  plan: MeasurePlan,
): Promise<Measured[]> {
  setMaxListeners(0, plan.signal); // each contestant has some, as long as it takes part
  const entries = await startAll(contestants, scenario, plan.signal);
  try {
    // A stretch under way, or a look at fragments, is not waited for: it ends with the runners.
    await abortable(timeAll(scenario, entries, plan), plan.signal);
    return entries.map(({ contestant: { name, kind }, rounds, peakRss, fault }) => ({
      ...{ name, kind, rounds, peakRss, fault },
    }));
  } finally {
    await Promise.all(entries.map(({ runner }) => runner?.stop()));
  }
}

async function timeAll(scenario: Scenario, entries: readonly Entry[], plan: MeasurePlan): Promise<void> {
  await checkAll(scenario, entries, plan);
  for (let round = -1; round < plan.rounds; round++) {
    for (const entry of entries) {
      if (entry.runner === null || entry.fault !== null) continue;
      plan.signal.throwIfAborted();
      plan.onStep(entry.contestant.name);
      await faultIn(
        entry,
        round < 0
          ? warmUp(entry.runner, plan.warmUpMs[entry.contestant.kind])
          : oneStretch(scenario, entry, entry.runner, plan),
      );
    }
  }
}

/** Commands one after the other, when all else is up: each is told by its processor time what its start takes. */
async function startAll(contestants: readonly Contestant[], scenario: Scenario, signal: AbortSignal): Promise<Entry[]> {
  const started = new Map<Contestant, Entry>();
  const start = async (one: Contestant): Promise<void> => {
    started.set(one, await startEntry(one, scenario, signal));
  };
  await Promise.all(contestants.filter(({ kind }) => kind !== 'command').map(start));
  for (const one of contestants) if (one.kind === 'command') await start(one);
  return contestants.map((one) => started.get(one)!);
}

async function startEntry(contestant: Contestant, scenario: Scenario, signal: AbortSignal): Promise<Entry> {
  const entry = { contestant, rounds: [], peakRss: null, fault: null };
  try {
    return { ...entry, runner: await contestant.start(scenario, signal) };
  } catch (error) {
    return { ...entry, runner: null, fault: (error as Error).message };
  }
}

/**
 * The capture ends before anything is timed: it would double the work per packet. A null device has no far end to look at;
 * what goes there was seen on the wire in other scenarios, and is counted.
 */
async function checkAll(scenario: Scenario, entries: readonly Entry[], plan: MeasurePlan): Promise<void> {
  if (scenario.sink === 'null') return;
  await using witness = await WireWitness.open(scenario);
  for (const entry of entries) {
    if (entry.runner === null) continue;
    plan.signal.throwIfAborted();
    plan.onStep(`${entry.contestant.name} (looking at its fragments)`);
    try {
      entry.fault = await witness.judge(entry.runner);
    } catch (error) {
      entry.fault = (error as Error).message;
    }
  }
}

/** What breaks a contestant down is its fault, and it takes no further part. */
async function faultIn(entry: Entry, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    entry.fault = (error as Error).message;
  }
}

async function oneStretch(
  { size }: Scenario,
  entry: Entry,
  runner: Runner,
  { ms, arrivals }: MeasurePlan,
): Promise<void> {
  const before = await arrivals.count();
  const { datagrams, packets, seconds, cpuSeconds, peakRss } = await runner.forMs(ms[entry.contestant.kind]);
  const arrived = Math.min(packets, await arrivedSince(arrivals, before, packets));
  if (peakRss !== null) entry.peakRss = Math.max(entry.peakRss ?? 0, peakRss);
  const octets = datagrams * size;
  const share = packets === 0 ? 0 : arrived / packets;
  entry.rounds.push({
    octetsPerSecond: (octets * share) / seconds,
    packetsPerSecond: arrived / seconds,
    lostShare: 1 - share,
    cpuSecondsPerGb: cpuSeconds === null || octets === 0 ? null : (cpuSeconds * 1e9) / octets,
  });
}
