import { setTimeout as sleep } from 'node:timers/promises';
import { udpFilter } from '../../capture/filter.js';
import { type LiveCapture, openCapture } from '../../capture/open-capture.js';
import { differenceText } from '../../compare/difference.js';
import { Expectation } from '../../compare/expectation.js';
import { netnsPrefix } from '../../host/lab.js';
import type { DatagramVerdict } from '../../verify/verdict.js';
import { Verifier } from '../../verify/verifier.js';
import * as udp from '../../wire/udp.js';
import type { Runner } from './contestants/contestant.js';
import { describeScenario, type Scenario } from './scenario.js';
import { endsOf } from './wire.js';

/** Datagrams of the run that is looked at. */
const DATAGRAMS = 2;
const ARRIVE_WITHIN_MS = 1500;
const STEP_MS = 5;

/**
 * Looks at what a contestant really sends, before it is timed: a short run of the same path, captured on the far interface,
 * reassembled and judged. A sink at ingress hides nothing, captures come first.
 */
export class WireWitness implements AsyncDisposable {
  readonly #capture: LiveCapture;
  readonly #scenario: Scenario;
  readonly #done: Promise<void>;
  #verifier = new Verifier({ hash: false, sightings: true });
  #verdicts: DatagramVerdict[] = [];
  #frames = 0;

  private constructor(capture: LiveCapture, scenario: Scenario) {
    this.#capture = capture;
    this.#scenario = scenario;
    this.#done = this.#pump();
  }

  static async open(scenario: Scenario): Promise<WireWitness> {
    const { near, far } = endsOf(scenario);
    const hosts = scenario.family === 4 ? [near.ipv4, far.ipv4] : [near.ipv6, far.ipv6];
    const capture = await openCapture({
      interface: far.interface,
      filter: udpFilter({ hosts }),
      spawnPrefix: netnsPrefix(far),
    });
    return new WireWitness(capture, scenario);
  }

  /** What is wrong with the datagrams that `runner` sends; null where nothing is. */
  async judge(runner: Runner): Promise<string | null> {
    this.#verifier = new Verifier({ hash: false, sightings: true });
    this.#verdicts = [];
    this.#frames = 0;
    const { datagrams, packets } = await runner.count(DATAGRAMS);
    for (let waited = 0; waited < ARRIVE_WITHIN_MS && this.#frames < packets; waited += STEP_MS) await sleep(STEP_MS);
    const verdicts = [...this.#verdicts, ...this.#verifier.end()].filter(({ protocol }) => protocol === udp.PROTOCOL);
    return faultIn(verdicts, { ...this.#scenario, datagrams, packets });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#capture.close();
    await this.#done;
  }

  async #pump(): Promise<void> {
    for await (const frames of this.#capture) {
      this.#frames += frames.length;
      this.#verdicts.push(...this.#verifier.push(frames));
    }
  }
}

/** What should have been seen. */
interface Wanted extends Scenario {
  readonly datagrams: number;
  readonly packets: number;
}

/** A replay sends the same identification again: what comes twice is one datagram with duplicates. */
export function faultIn(verdicts: readonly DatagramVerdict[], want: Wanted): string | null {
  const where = describeScenario(want);
  const bad = verdicts.find(({ verdict }) => verdict !== 'good');
  if (bad !== undefined) return `${where}: a datagram is ${bad.verdict}: ${bad.mismatches.join('; ')}`;
  // Two of the same octets are two datagrams: how many there are is told by the packets.
  const expected = Array.from({ length: Math.max(1, verdicts.length) }, () => {
    return { payload: { length: want.size }, mtu: want.mtu };
  });
  const expectation = new Expectation(expected, { repeats: true });
  for (const verdict of verdicts) expectation.take(verdict);
  const { verdict, mismatches, differences, packets } = expectation.result({ captureLost: 0 });
  if (verdict !== 'good') return `${where}: ${[...mismatches, ...differences.map(differenceText)][0] ?? verdict}`;
  if (packets === want.packets) return null;
  return `${where}: got ${packets} packets of ${verdicts.length} datagram(s) at the far end, want ${want.packets} of ${want.datagrams}`;
}
