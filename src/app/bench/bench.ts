import { cpus, release } from 'node:os';
import { argumentError, UfoError } from '../../errors.js';
import { setFeature } from '../../host/device-features.js';
import { exitStatus, insideLab, LAB, type LabExit, pinNeighbours, runInLab, setLabMtu } from '../../host/lab.js';
import { OutputFile } from '../../host/output-file.js';
import { readPrivileges } from '../../host/privileges.js';
import { programPath } from '../../host/programs.js';
import { describeError, EXIT, exitCodeOf } from '../common/exit-codes.js';
import { HtmlReport } from '../common/html-report.js';
import type { Output } from '../common/output.js';
import { type Field, gatherField, NAMES, QUICK_NAMES } from './contestants/contestants.js';
import { type Measured, measure } from './measure.js';
import type { Part } from './parts/part.js';
import { measureParts, PART_NAMES, type PartsMeasured } from './parts/parts.js';
import { type Goal, goalsOf } from './report/goals.js';
import { markdownReport } from './report/markdown.js';
import { benchDocument } from './report/page.js';
import { sinkCost } from './report/sink-cost.js';
import { type Result, summarize } from './report/summary.js';
import { barChart } from './report/svg.js';
import { goalTable, partTable, resultTable } from './report/table.js';
import { describeScenario, inQuickRun, type Scenario, type Sink, scenarios } from './scenario.js';
import { describeSink, installSink } from './sink.js';
import { type Arrivals, addNullDevice, addRedirectWire, farArrivals, nullArrivals, REDIRECT_ENDS } from './wire.js';

interface BenchOptions {
  /** Contestants and parts to take; all where empty. */
  readonly only: readonly string[];
  /** Less of everything: under a minute. */
  readonly quick: boolean;
  /** A file for the chart. */
  readonly svg?: string | undefined;
  /** A file for the tables. */
  readonly markdown?: string | undefined;
  /** A file for a page of it all. */
  readonly html?: string | undefined;
  readonly json: boolean;
}

/**
 * Rounds, milliseconds of sending within one, and of processor time before the first. A command is a new process each time:
 * before the first it only tells its pace.
 */
const FULL = {
  rounds: 5,
  ms: { driver: 200, yardstick: 200, command: 1600 },
  warmUpMs: { driver: 1000, yardstick: 1000, command: 500 },
};
const QUICK = {
  rounds: 3,
  ms: { driver: 80, yardstick: 80, command: 200 },
  warmUpMs: { driver: 300, yardstick: 150, command: 50 },
};
/** Of the wire: one for a sender alone, two for two side by side. */
const QUEUES = 3;

/** `udp-ufo bench`: outside a lab it runs itself again inside one. Returns the exit code. */
export async function bench(options: BenchOptions, output: Output, signal: AbortSignal): Promise<number> {
  const unknown = options.only.find((name) => !NAMES.includes(name) && !PART_NAMES.includes(name));
  if (unknown !== undefined) throw argumentError('--only', unknown, [...NAMES, ...PART_NAMES].join(', '));
  if (insideLab() === null) return exitStatus(await inNewLab(options, signal));
  return new Bench(options, output, signal).run();
}

/** Root's own lab where there is root: only there xdp-live takes part. */
async function inNewLab(
  { only, quick, svg, markdown, html, json }: BenchOptions,
  signal: AbortSignal,
): Promise<LabExit> {
  const words = [
    ...(only.length > 0 ? ['--only', only.join(',')] : []),
    ...(quick ? ['--quick'] : []),
    ...(svg === undefined ? [] : ['--svg', svg]),
    ...(markdown === undefined ? [] : ['--markdown', markdown]),
    ...(html === undefined ? [] : ['--html', html]),
    ...(json ? ['--json'] : []),
  ];
  const start = (realRoot: boolean): Promise<LabExit> =>
    runInLab(process.execPath, [programPath('main'), 'bench', ...words], { queues: QUEUES, realRoot, signal });
  const { capabilities, inUserNamespace } = readPrivileges();
  if (inUserNamespace || !capabilities.has('CAP_SYS_ADMIN')) return start(false);
  return start(true).catch((error: unknown) => {
    if (error instanceof UfoError && error.code === 'ERR_UFO_LAB_FORBIDDEN') return start(false);
    throw error;
  });
}

/** Opened before the work begins: a file that can't be written is no news after ten minutes. */
async function writeText(file: OutputFile | null, text: () => string): Promise<void> {
  await file?.write(Buffer.from(text()));
  await file?.finish();
}

class Bench {
  readonly #options: BenchOptions;
  readonly #output: Output;
  readonly #signal: AbortSignal;
  readonly #results: Result[] = [];
  readonly #measured = new Map<string, readonly Measured[]>();
  /** Yardsticks that broke down: said once, and then left out. */
  readonly #broken = new Set<string>();
  #host = '';
  /** Wires that are there. */
  readonly #arrivals = new Map<Sink, Arrivals>([['far', farArrivals(LAB.far)]]);

  constructor(options: BenchOptions, output: Output, signal: AbortSignal) {
    this.#options = options;
    this.#output = output;
    this.#signal = signal;
  }

  async run(): Promise<number> {
    const { only, quick, svg, markdown, html } = this.#options;
    await using page = await HtmlReport.open(html, this.#signal);
    await using chart = svg === undefined ? null : await OutputFile.open(svg, this.#signal);
    await using tables = markdown === undefined ? null : await OutputFile.open(markdown, this.#signal);
    const names = only.filter((name) => NAMES.includes(name));
    await using field = await gatherField(quick && names.length === 0 ? QUICK_NAMES : names);
    await this.#printHost(field);
    if (only.length === 0 || names.length > 0) await this.#scenarios(field);
    const { parts: timed, failures } = await this.#parts();
    const parts = [...sinkCost(this.#measured), ...timed];
    const goals = goalsOf(this.#measured, parts);
    await this.#say(parts, goals);
    for (const { name, error } of failures) this.#output.note(describeError(error, `the part ${name}`));
    await writeText(chart, () => barChart(this.#results));
    await writeText(tables, () => markdownReport(this.#host, this.#results, parts, goals));
    await page?.write(benchDocument({ results: this.#results, parts, goals, machine: this.#host }));
    if (failures[0] !== undefined) return exitCodeOf(failures[0].error);
    const failed = this.#results.some(({ kind, fault }) => kind !== 'yardstick' && fault !== null);
    return failed ? EXIT.verificationFailed : EXIT.ok;
  }

  async #say(parts: readonly Part[], goals: readonly Goal[]): Promise<void> {
    const { only, json } = this.#options;
    if (json) {
      for (const line of [...parts, ...goals]) await this.#output.json(line);
      return;
    }
    if (parts.length > 0) await this.#output.line(`${partTable(parts)}\n`);
    await this.#output.line(goalTable(only.length === 0 ? goals : goals.filter(({ got }) => got !== null)));
  }

  async #printHost({ missing }: Field): Promise<void> {
    const redirected = await addRedirectWire();
    const ends = redirected ? [LAB.far, REDIRECT_ENDS.far] : [LAB.far];
    const sink = await installSink(ends.map((end) => end.interface));
    if (redirected) this.#arrivals.set('redirect', farArrivals(REDIRECT_ENDS.far));
    const device = await addNullDevice();
    if (device !== null) this.#arrivals.set('null', nullArrivals(device.column));
    const [cpu] = cpus();
    const host = { cpu: cpu?.model.trim() ?? '', cores: cpus().length, kernel: release(), node: process.version };
    const nullDevice = device?.kind ?? null;
    const { cores, kernel, node } = host;
    this.#host = `${host.cpu}, ${cores} core(s), Linux ${kernel}, Node ${node}; veth pair, sink: ${describeSink(sink)}`;
    if (this.#options.json) {
      await this.#output.json({ type: 'host', ...host, sink, nullDevice, missing });
      return;
    }
    await this.#output.line(
      `${this.#host}; null device: ${nullDevice ?? 'none, this kernel has neither ifb nor dummy'}\n`,
    );
    for (const text of missing) this.#output.note(text);
  }

  async #scenarios(field: Field): Promise<void> {
    for (const scenario of scenarios(this.#options.quick)) {
      const arrivals = this.#arrivals.get(scenario.sink);
      if (arrivals !== undefined) await this.#scenario(scenario, field, arrivals);
    }
  }

  async #scenario(scenario: Scenario, field: Field, arrivals: Arrivals): Promise<void> {
    const { quick, json } = this.#options;
    const taking = field.contestants.filter(
      ({ name, skips }) =>
        !this.#broken.has(name) && (!quick || inQuickRun(name, scenario)) && skips(scenario) === null,
    );
    if (taking.length === 0) return;
    await setLabMtu(scenario.mtu);
    await pinNeighbours();
    setFeature(LAB.near.interface, 'tx-udp-segmentation', !scenario.uso);
    await field.prepare(scenario);
    const plan = { ...(quick ? QUICK : FULL), arrivals, signal: this.#signal };
    const onStep = (name: string): void => this.#step(`${describeScenario(scenario)}: ${name}`);
    const measured = await measure(scenario, taking, { ...plan, onStep });
    this.#step('');
    this.#measured.set(describeScenario(scenario), measured);
    const results = summarize(scenario, measured);
    this.#results.push(...results);
    if (json) for (const result of results) await this.#output.json(result);
    else await this.#output.line(`${resultTable(scenario, results)}\n`);
    for (const { kind, name, fault } of results) if (kind === 'yardstick' && fault !== null) this.#broken.add(name);
  }

  async #parts(): Promise<PartsMeasured> {
    const { only, quick } = this.#options;
    const names = only.length === 0 ? PART_NAMES : PART_NAMES.filter((name) => only.includes(name));
    if (names.length === 0) return { parts: [], failures: [] };
    await setLabMtu(1500);
    await pinNeighbours();
    const size = quick ? { ms: 60, fileDatagrams: 500 } : { ms: 250, fileDatagrams: 2000 };
    const onStep = (name: string): void => this.#step(name);
    const measured = await measureParts(names, { ...size, quick, signal: this.#signal, onStep });
    this.#step('');
    return measured;
  }

  /** Where it has got to, on a terminal only: a line that the next one overwrites. */
  #step(text: string): void {
    if (process.stderr.isTTY && !this.#options.json) process.stderr.write(`\r\x1b[K${text}`);
  }
}
