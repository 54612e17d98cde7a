// `npm run soak [-- --seconds N | --fragments N] [--driver NAME …] [--svg FILE]`: every driver sends for long in the lab while
// the far end is captured. Memory, descriptors and threads must stay flat, and every packet that was sent be seen or named as
// lost. Ten minutes in all; `--long` is 10⁸ fragments by each fast driver and 10⁷ by raw-socket.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawRuns } from './soak-chart.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = `${ROOT}dist/src/entry/main.js`;
const isRoot = process.getuid() === 0;
const ALL = ['packet-socket', 'af-xdp', 'virtio-ufo', ...(isRoot ? ['xdp-live'] : []), 'raw-socket'];
const LONG = { fast: 1e8, 'raw-socket': 1e7 };
const TEN_MINUTES = 600;

/** By what a line through the samples may rise from one end of the run to the other. */
const MOST_RISE = { memory: 24 << 20, descriptors: 0.9, threads: 0.9 };
/** The beginning, while pools and compiled code grow, is left out of the line. */
const SETTLED = 0.3;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    fragments: { type: 'string' },
    long: { type: 'boolean', default: false },
    driver: { type: 'string', multiple: true, default: ALL },
    svg: { type: 'string', default: 'soak.svg' },
  },
});

const runs = [];
for (const driver of values.driver) {
  let run = await soak(driver);
  if (run.samples.length === 0) run = await soak(driver); // a machine with other work may not have had the capture ready in time
  runs.push(run);
  report(run);
  writeFileSync(values.svg, drawRuns(runs)); // what is done is drawn, whatever becomes of the rest
}
console.log(`drawn: ${values.svg}`);
process.exitCode = runs.every(({ faults }) => faults.length === 0) ? 0 : 1;

/** One driver in a lab and a process of its own. */
async function soak(driver) {
  const fragments = values.long ? (LONG[driver] ?? LONG.fast) : Number(values.fragments ?? Number.POSITIVE_INFINITY);
  const bounded = Number.isFinite(fragments);
  const seconds = Number(values.seconds ?? (bounded ? 24 * 3600 : TEN_MINUTES / values.driver.length));
  // With root of its own a lab may load BPF programs.
  const lab = [MAIN, 'lab', ...(isRoot ? ['--real-root'] : []), '--'];
  const sender = [
    process.execPath,
    `${ROOT}scripts/soak-sender.mjs`,
    driver,
    `${seconds}`,
    `${bounded ? fragments : -1}`,
  ];
  const child = spawn(process.execPath, [...lab, ...sender], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const samples = [];
  let result = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line);
    if (told.sample === undefined) result = told;
    else samples.push(told.sample);
  }
  return { driver, samples, result, faults: faultsOf(samples, result) };
}

function faultsOf(samples, result) {
  if (result === null) return ['it ended before it was done'];
  const faults = Object.entries(MOST_RISE)
    .map(([name, most]) => [name, rise(samples, name), most])
    .filter(([, rose, most]) => !(rose <= most))
    .map(
      ([name, rose]) => `${name} rose by ${name === 'memory' ? `${(rose / 2 ** 20).toFixed(0)} MiB` : rose.toFixed(1)}`,
    );
  const { sent, seen, lost } = result;
  const named = Object.values(lost).reduce((sum, count) => sum + count, 0);
  if (sent !== seen + named) faults.push(`${sent} sent, but ${seen} seen and ${named} named as lost`);
  return faults;
}

/** How much the least-squares line through the settled samples rises from its first to its last. */
function rise(samples, name) {
  const settled = samples.slice(Math.floor(samples.length * SETTLED));
  if (settled.length < 3) return Number.NaN; // too short a run shows nothing
  const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [times, figures] = [settled.map(({ seconds }) => seconds), settled.map((one) => one[name])];
  const [time, figure] = [mean(times), mean(figures)];
  const across = times.reduce((sum, one, i) => sum + (one - time) * (figures[i] - figure), 0);
  const along = times.reduce((sum, one) => sum + (one - time) ** 2, 0);
  return (across / along) * (times.at(-1) - times[0]);
}

function report({ driver, samples, result, faults }) {
  if (result !== null) {
    const { sent, seen, lost, seconds } = result;
    const losses = Object.entries(lost).filter(([, count]) => count > 0);
    const rose = Object.keys(MOST_RISE).map((name) => {
      const by = rise(samples, name);
      return `${name} ${name === 'memory' ? `${(by / 2 ** 20).toFixed(1)} MiB` : by.toFixed(2)}`;
    });
    console.log(
      `${driver}: ${sent} fragments in ${seconds.toFixed(0)} s, ${seen} seen, lost ` +
        `${losses.length === 0 ? 'none' : losses.map(([where, count]) => `${count} (${where})`).join(', ')}; rise: ${rose.join(', ')}`,
    );
  }
  for (const fault of faults) console.log(`${driver}: ${fault}`);
}
