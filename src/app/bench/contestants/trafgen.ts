import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UfoError } from '../../../errors.js';
import { childrenCpuSeconds } from '../../../host/processor-time.js';
import { runTool } from '../../../host/run-tool.js';
import { packetsOf, type Scenario } from '../scenario.js';
import { endsOf } from '../wire.js';
import type { Runner, Sent } from './contestant.js';
import { readyFrames } from './ready-frames.js';

/** Datagrams of the first run, which only tells how fast it is. */
const FIRST = 400;

/**
 * trafgen (netsniff-ng) replaying frames that were cut beforehand: no segmentation, no checksum, a transmit ring past the
 * queueing discipline. It knows counts only, so the time asked for is turned into one by the speed of the run before.
 */
export class Trafgen implements Runner {
  readonly #words: readonly string[];
  readonly #packets: number;
  #perMs = 0;

  private constructor(config: string, packets: number, scenario: Scenario) {
    const jumbo = scenario.mtu > 1500 ? ['--jumbo-support'] : []; // slots of its ring are 2,048 octets without
    this.#words = ['--dev', endsOf(scenario).near.interface, '--conf', config, '--cpus', '1', ...jumbo];
    this.#packets = packets;
  }

  static async start(scenario: Scenario, folder: string): Promise<Trafgen> {
    const config = join(folder, `trafgen-${scenario.family}-${scenario.mtu}-${scenario.size}.cfg`);
    await writeFile(config, trafgenConfig(readyFrames(scenario)));
    return new Trafgen(config, packetsOf(scenario, scenario.mtu), scenario);
  }

  async forMs(ms: number): Promise<Sent> {
    if (this.#perMs === 0) await this.count(Math.ceil((FIRST * 45) / this.#packets));
    return this.count(Math.max(1, Math.round(this.#perMs * ms)));
  }

  async count(datagrams: number): Promise<Sent> {
    const packets = datagrams * this.#packets;
    const args = [...this.#words, '--num', String(packets)];
    const before = childrenCpuSeconds();
    const text = await runTool('trafgen', args, { timeoutMs: 20_000 });
    const [, whole, micro] = /(\d+) sec, (\d+) usec on CPU/.exec(text) ?? [];
    if (whole === undefined) throw new UfoError('ERR_UFO_BENCH', `trafgen: no figures in ${text.slice(-200)}`);
    const seconds = Number(whole) + Number(micro) / 1e6;
    this.#perMs = datagrams / (seconds * 1000);
    return { datagrams, packets, seconds, cpuSeconds: childrenCpuSeconds() - before, peakRss: null };
  }

  async stop(): Promise<void> {}
}

/** The frames as trafgen's own language has them, one block of octets a frame, sent in turn. */
export function trafgenConfig(frames: readonly Uint8Array[]): string {
  return frames.map((frame) => `{ ${[...frame].join(',')} }\n`).join('');
}
