import { writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { argumentError } from '../../errors.js';
import { exitStatus, insideLab, pinNeighbours, runInLab, setLabMtu } from '../../host/lab.js';
import { programPath } from '../../host/programs.js';
import { EXIT } from '../common/exit-codes.js';
import type { Output } from '../common/output.js';
import { type Field, gatherField, NAMES } from './contestants/contestants.js';
import { type Measured, measure } from './measure.js';
import type { Part } from './parts/part.js';
import { measureParts, PART_NAMES } from './parts/parts.js';
import { goalsOf } from './report/goals.js';
import { type Result, summarize } from './report/summary.js';
import { barChart } from './report/svg.js';
import { goalTable, partTable, resultTable } from './report/table.js';
import { describeScenario, isMain, type Scenario, scenarios } from './scenario.js';
import { describeSink, installSink } from './sink.js';

export interface BenchOptions {
  /** Contestants and parts to take; all where empty. */
  readonly only: readonly string[];
  /** Less of everything: under a minute. */
  readonly quick: boolean;
  /** A file for the chart. */
  readonly svg?: string | undefined;
  readonly json: boolean;
}

/** Rounds, and milliseconds of sending within one. */
const FULL = { rounds: 5, ms: 200 };
const QUICK = { rounds: 3, ms: 120 };
/** Of the wire: one for a sender alone, two for two side by side. */
const QUEUES = 3;

/** `udp-ufo bench`: outside a lab it runs itself again inside one. Returns the exit code. */
export async function bench(options: BenchOptions, output: Output, signal: AbortSignal): Promise<number> {
  const unknown = options.only.find((name) => !NAMES.includes(name) && !PART_NAMES.includes(name));
  if (unknown !== undefined) throw argumentError('--only', unknown, [...NAMES, ...PART_NAMES].join(', '));
  if (insideLab() === null) return inNewLab(options, signal);
  return new Bench(options, output, signal).run();
}

async function inNewLab({ only, quick, svg, json }: BenchOptions, signal: AbortSignal): Promise<number> {
  const words = [
    ...(only.length > 0 ? ['--only', only.join(',')] : []),
    ...(quick ? ['--quick'] : []),
    ...(svg === undefined ? [] : ['--svg', svg]),
    ...(json ? ['--json'] : []),
  ];
  return exitStatus(
    await runInLab(process.execPath, [programPath('main'), 'bench', ...words], { queues: QUEUES, signal }),
  );
}

class Bench {
  readonly #options: BenchOptions;
  readonly #output: Output;
  readonly #signal: AbortSignal;
  readonly #results: Result[] = [];
  /** What was measured in the scenario that the goals are about. */
  #main: readonly Measured[] = [];

  constructor(options: BenchOptions, output: Output, signal: AbortSignal) {
    this.#options = options;
    this.#output = output;
    this.#signal = signal;
  }

  async run(): Promise<number> {
    const { only, quick, json, svg } = this.#options;
    await using field = await gatherField(only.filter((name) => NAMES.includes(name)));
    await this.#printHost(field);
    const wantsSenders = only.length === 0 || only.some((name) => NAMES.includes(name));
    if (wantsSenders) for (const scenario of scenarios(quick)) await this.#scenario(scenario, field);
    const parts = await this.#parts();
    const goals = goalsOf(this.#main, parts);
    if (json) for (const line of [...parts, ...goals]) await this.#output.json(line);
    else await this.#output.line(`${parts.length === 0 ? '' : `${partTable(parts)}\n\n`}${goalTable(goals)}`);
    if (svg !== undefined) await writeFile(svg, barChart(this.#results));
    return this.#results.some(({ fault }) => fault !== null) ? EXIT.verificationFailed : EXIT.ok;
  }

  async #printHost({ missing }: Field): Promise<void> {
    const sink = await installSink();
    const [cpu] = cpus();
    const host = { cpu: cpu?.model.trim() ?? '', cores: cpus().length, kernel: release(), node: process.version };
    if (this.#options.json) {
      await this.#output.json({ type: 'host', ...host, sink, missing });
      return;
    }
    const { cores, kernel, node } = host;
    await this.#output.line(`${host.cpu}, ${cores} core(s), Linux ${kernel}, Node ${node}`);
    await this.#output.line(`veth pair, sink: ${describeSink(sink)}\n`);
    for (const text of missing) this.#output.note(text);
  }

  async #scenario(scenario: Scenario, { contestants }: Field): Promise<void> {
    await setLabMtu(scenario.mtu);
    await pinNeighbours();
    const plan = { ...(this.#options.quick ? QUICK : FULL), signal: this.#signal };
    const onStep = (name: string): void => this.#step(`${describeScenario(scenario)}: ${name}`);
    const measured = await measure(scenario, contestants, { ...plan, onStep });
    this.#step('');
    if (isMain(scenario)) this.#main = measured;
    const results = summarize(scenario, measured);
    this.#results.push(...results);
    if (this.#options.json) for (const result of results) await this.#output.json(result);
    else await this.#output.line(`${resultTable(scenario, results)}\n`);
  }

  async #parts(): Promise<Part[]> {
    const { only, quick } = this.#options;
    const names = only.length === 0 ? PART_NAMES : PART_NAMES.filter((name) => only.includes(name));
    if (names.length === 0) return [];
    await setLabMtu(1500);
    await pinNeighbours();
    const size = quick ? { ms: 100, fileDatagrams: 500 } : { ms: 250, fileDatagrams: 2000 };
    const parts = await measureParts(names, { ...size, signal: this.#signal, onStep: (name) => this.#step(name) });
    this.#step('');
    return parts;
  }

  /** Where it has got to, on a terminal only: a line that the next one overwrites. */
  #step(text: string): void {
    if (process.stderr.isTTY && !this.#options.json) process.stderr.write(`\r\x1b[K${text}`);
  }
}
