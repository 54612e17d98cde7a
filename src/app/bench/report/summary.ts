import { C_UDP, TRAFGEN } from '../contestants/yardsticks.js';
import type { Measured } from '../measure.js';
import type { Scenario } from '../scenario.js';
import { median, medianRatio, spread } from '../statistics.js';

/** One line of the result: a contestant in a scenario, medians over the rounds. */
export interface Result extends Scenario {
  readonly type: 'result';
  readonly name: string;
  readonly kind: Measured['kind'];
  readonly rounds: number;
  /** Payload, bit/s. */
  readonly bitsPerSecond: number | null;
  readonly packetsPerSecond: number | null;
  /** Largest deviation of a round from the median, as a share. */
  readonly spread: number | null;
  /** Payload rate over that of the yardstick within the same round. */
  readonly toC: number | null;
  readonly toTrafgen: number | null;
  readonly lostShare: number | null;
  readonly cpuSecondsPerGb: number | null;
  /** As `toC`, by processor time instead of the clock: what others do on the machine does not show. */
  readonly toCByCpu: number | null;
  readonly peakRss: number | null;
  readonly fault: string | null;
}

export function summarize(scenario: Scenario, measured: readonly Measured[]): Result[] {
  const ratesOf = (name: string) => rates(measured.find((one) => one.name === name));
  const c = measured.find(({ name }) => name === C_UDP);
  return measured.map((one) => {
    const { name, kind, rounds, peakRss, fault } = one;
    const values = rates(one);
    const costs = rounds.map((round) => round.cpuSecondsPerGb).filter((cost) => cost !== null);
    return {
      type: 'result',
      ...scenario,
      ...{ name, kind, rounds: rounds.length },
      bitsPerSecond: orNull(median(values) * 8),
      packetsPerSecond: orNull(median(rounds.map((round) => round.packetsPerSecond))),
      spread: rounds.length === 0 ? null : spread(values),
      toC: name === C_UDP ? null : medianRatio(values, ratesOf(C_UDP)),
      toTrafgen: name === TRAFGEN ? null : medianRatio(values, ratesOf(TRAFGEN)),
      lostShare: orNull(median(rounds.map((round) => round.lostShare))),
      cpuSecondsPerGb: orNull(median(costs)),
      toCByCpu: name === C_UDP ? null : medianRatio(costsOf(one), costsOf(c)),
      ...{ peakRss, fault },
    };
  });
}

/** The ratio of two contestants' payload rates, round by round: by the clock, or by processor time. */
export function ratioOf(
  measured: readonly Measured[],
  name: string,
  yardstick: string,
  by: 'clock' | 'cpu' = 'clock',
): number | null {
  const find = (wanted: string) => {
    const found = measured.find((one) => one.name === wanted);
    return by === 'clock' ? rates(found) : costsOf(found);
  };
  return medianRatio(find(name), find(yardstick));
}

/** Payload for a second of processor time. */
function costsOf(measured: Measured | undefined): number[] {
  return (measured?.rounds ?? []).map(({ cpuSecondsPerGb }) => 1 / (cpuSecondsPerGb ?? Number.NaN));
}

function rates(measured: Measured | undefined): number[] {
  return (measured?.rounds ?? []).map(({ octetsPerSecond }) => octetsPerSecond);
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
