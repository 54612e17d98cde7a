// Where mutants are tried: src and test as JavaScript in a folder of its own, what each test file covers and how long it takes.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Rooms whose tests are asked. */
const ROOMS = ['wire', 'memory', 'skb', 'payload', 'ufo', 'faults', 'tx', 'capture', 'verify', 'compare', 'socket'];
/** Those above, for mutants of their own; but those of whole commands start processes by the dozen and say little about a line. */
const ABOVE = ['options', 'host', 'companion', 'report', 'app', 'cli'];
/** What of the live tests is about drivers, which without a network do little that a test could see. */
const LIVE =
  /^live\/(af-xdp|kernel-udp|links|losses|own-address|packet-socket|raw-ip|raw-socket|virtio-ufo|xdp-live|zero-copy)\./;
/** Of processor time: how long anything takes by the clock is the other work's of the machine. */
const SLOW_MS = 20_000;
const MEASURED_MS = 10 * SLOW_MS;
const LATE = 'it takes too long';
const KNOWN = join(ROOT, 'node_modules/.cache/udp-ufo-mutation.json');
/** By the clock, for so much processor time; a mutant that runs for ever is noticed all the same. */
const patience = (ms) => 20_000 + 20 * ms;
/** Notes the processor time of the process that loads it, in the folder where its coverage goes. */
const CLOCK = `data:text/javascript,${encodeURIComponent(
  `import { writeFileSync } from 'node:fs';
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    writeFileSync(process.env.NODE_V8_COVERAGE + '/cpu-ms', String((user + system) / 1000));
  });`,
)}`;

/** Folders for the time being, and tests that run: what ends this process takes them along (`removeAll`). */
const folders = new Set();
const running = new Set();

/** A folder with the emitted code beside links to what does not change. */
export async function makeBench() {
  const folder = makeFolder('udp-ufo-mutants-');
  const names = ['src', 'test'].flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map((name) => join(ROOT, top, name)),
  );
  const format = { format: 'esm', platform: 'node', target: 'node20', logLevel: 'warning' };
  await build({ entryPoints: names, outdir: join(folder, 'dist'), outbase: ROOT, ...format });
  for (const name of readdirSync(ROOT))
    if (!['dist', '.git'].includes(name)) symlinkSync(join(ROOT, name), join(folder, name));
  return folder;
}

/** A second one beside it, for another worker. */
export function copyBench(bench) {
  const folder = makeFolder('udp-ufo-mutants-');
  cpSync(bench, folder, { recursive: true, verbatimSymlinks: true });
  return folder;
}

function makeFolder(prefix) {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  folders.add(folder);
  return folder;
}

function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** Ends every test that runs, and takes away what all this has made. */
export function removeAll() {
  for (const child of running) killGroup(child);
  for (const folder of folders) removeFolder(folder);
}

/**
 * The unit tests with what they cover. One that fails without a mutant, three times in a row, or takes too long is left out,
 * and that is said.
 * What is known from the last time is kept.
 */
export async function measureTests(bench, workers, live = false) {
  const names = readdirSync(join(bench, 'dist/test'), { recursive: true }).filter((name) => name.endsWith('.js'));
  const isTest = (name) => name.endsWith('.test.js');
  const common = digest(bench, [
    ...sourcesOf(bench),
    ...names.filter((name) => !isTest(name)).map((name) => `test/${name}`),
  ]);
  const known = readKnown();
  const files = names.filter(
    (name) => isTest(name) && (ROOMS.includes(roomOf(name)) || isAbove(bench, name) || (live && LIVE.test(name))),
  );
  const queue = files.map((name) => ({ file: `dist/test/${name}`, key: common + digest(bench, [`test/${name}`]) }));
  const tests = [];
  const next = async () => {
    for (let one = queue.shift(); one; one = queue.shift()) {
      const before = known.find(({ key }) => key === one.key) ?? (await measure(bench, one.file));
      if (before === null) continue;
      tests.push({ ...one, ...before });
      writeFileSync(
        KNOWN,
        JSON.stringify([...tests, ...known.filter(({ key }) => !tests.some((test) => test.key === key))]),
      );
    }
  };
  mkdirSync(dirname(KNOWN), { recursive: true });
  await Promise.all(Array.from({ length: workers }, next));
  return tests.filter(({ ms }) => ms < SLOW_MS);
}

function roomOf(name) {
  return name.split('/')[0];
}

function isAbove(bench, name) {
  if (!ABOVE.includes(roomOf(name))) return false;
  return !/child_process/.test(readFileSync(join(bench, 'dist/test', name), 'utf8'));
}

/** Whether a test is asked about a mutant in `room`. */
export function isAsked({ file }, room) {
  return ABOVE.includes(room) || !ABOVE.includes(roomOf(file.slice('dist/test/'.length)));
}

function sourcesOf(bench) {
  const names = readdirSync(join(bench, 'dist/src'), { recursive: true });
  return names.filter((name) => name.endsWith('.js')).map((name) => `src/${name}`);
}

function digest(bench, names) {
  const hash = createHash('sha256');
  for (const name of names.sort()) hash.update(name).update(readFileSync(join(bench, 'dist', name)));
  return hash.digest('hex').slice(0, 20);
}

function readKnown() {
  try {
    return JSON.parse(readFileSync(KNOWN, 'utf8'));
  } catch {
    return []; // the first time
  }
}

async function measure(bench, file) {
  let failure = null;
  for (let times = 0; times < 3 && failure !== LATE; times++) {
    const coverage = makeFolder('udp-ufo-coverage-');
    try {
      failure = await failureOf(bench, file, MEASURED_MS, coverage);
      const ms = () => Number(readFileSync(join(coverage, 'cpu-ms'), 'utf8'));
      if (failure === null) return { ms: ms(), covered: readCoverage(coverage, bench) };
    } finally {
      removeFolder(coverage);
    }
  }
  console.error(`left out: ${file}, without a mutant: ${failure}`);
  return null;
}

/** By source file: lists of `[start, end, whether it ran]`, within each the inner ones behind those around them. */
function readCoverage(folder, bench) {
  const prefix = pathToFileURL(join(bench, 'dist/')).href;
  const covered = {};
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    for (const { url, functions } of result) {
      if (!url.startsWith(`${prefix}src/`)) continue;
      const ranges = functions.flatMap((one) => one.ranges);
      const list = ranges.map(({ startOffset, endOffset, count }) => [startOffset, endOffset, count > 0]);
      covered[url.slice(prefix.length)] ??= [];
      covered[url.slice(prefix.length)].push(list);
    }
  }
  return covered;
}

/** Whether the test runs the code at `at` of `file`: the innermost range tells. */
export function reaches({ covered }, file, at) {
  return (covered[file] ?? []).some((ranges) => {
    if (at === null) return true;
    let inner = [0, Number.POSITIVE_INFINITY, false];
    for (const range of ranges) {
      const [start, end] = range;
      if (start <= at && at < end && end - start <= inner[1] - inner[0]) inner = range;
    }
    return inner[2];
  });
}

/** The test that notices the mutant, twice: on a machine with other work one may fail now and then. Null for none. */
export async function noticedBy(bench, target, octets, tests) {
  const path = join(bench, target);
  const before = readFileSync(path);
  writeFileSync(path, octets);
  try {
    const fails = async ({ file, ms }) => (await failureOf(bench, file, patience(ms))) !== null;
    for (const test of tests) if ((await fails(test)) && (await fails(test))) return test;
    return null;
  } finally {
    writeFileSync(path, before);
  }
}

/** Runs one test file, with its coverage to go to a folder where one is given; what fails, or null. The rest is not waited for. */
function failureOf(bench, file, limit, coverage) {
  mkdirSync(join(bench, 'tmp'), { recursive: true });
  const measured = coverage === undefined ? [] : ['--import', CLOCK];
  const child = spawn(process.execPath, [...measured, '--test-reporter=tap', file], {
    cwd: bench,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, TMPDIR: join(bench, 'tmp'), ...(coverage && { NODE_V8_COVERAGE: coverage }) },
  });
  running.add(child);
  return new Promise((resolve) => {
    const end = (failure) => {
      clearTimeout(timer);
      running.delete(child);
      killGroup(child);
      resolve(failure);
    };
    const timer = setTimeout(() => end(LATE), limit);
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      const [line] = /^\s*not ok.*/m.exec(chunk) ?? [];
      if (line !== undefined) end(line.trim());
    });
    child.on('exit', (code, signal) => end(code === 0 ? null : `exit ${code ?? signal}`));
  });
}

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}
