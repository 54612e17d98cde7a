// Typecheck, lint, the package, then every compiled test on an explicit list of files (directories and globs differ between Node
// versions): the unit tests here, the live ones inside labs, those that need the machine's own root in a lab of that. Every step is
// bounded; whatever ends this script ends its children.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const ci = ![undefined, '', '0', 'false'].includes(process.env.CI);
const node = process.execPath;
/** One hanging test is named and ended by the runner long before the step's own limit. */
const nodeTest = [node, '--test', '--test-reporter=spec', '--test-timeout=600000'];
const LAB_IMPOSSIBLE = 3;
/**
 * Live tests that send little and wait much, those that take longest first: each has a lab of its own, several at once. All others
 * have the machine to themselves, for they hold to its clock, or fill what all labs share: processors and receive backlogs.
 */
const WAITING = [
  ...['path', 'conform', 'send-proof', 'send', 'failing-calls', 'signals', 'readme', 'failing-capture', 'conform-tun'],
  ...[
    'plan',
    'replay',
    'compare',
    'full-disk',
    'lab-router',
    'failures',
    'lab-end',
    'receive',
    'doc-examples',
    'raw-socket',
  ],
  ...[
    'links',
    'lab',
    'routes',
    'virtio-ufo',
    'af-xdp',
    'kernel-udp',
    'packet-socket',
    'socket',
    'ufo-vectors',
    'start',
  ],
  ...['companion', 'raw-ip', 'own-address', 'unwritable', 'xdp-live'],
].map((name) => `dist/test/live/${name}.test.js`);
const AT_ONCE = Math.min(4, availableParallelism() + 1);

const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const child of running) killGroup(child);
    process.kill(process.pid, signal);
  });
}

const { unit, alone, asRoot } = testFiles();
const failed = [];
/** How long each part took. */
const took = [];
await step('typecheck', run([node, 'node_modules/typescript/bin/tsc', '--noEmit'], 300));
await step('lint', run([node, 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'], 120));
await step('package', run([node, 'scripts/check-package.mjs'], 120));
await step('unit tests', run([...nodeTest, `--test-concurrency=${availableParallelism()}`, ...unit], 900));
if (await labIsPossible('live tests')) {
  await step(`live tests ${AT_ONCE} at once`, sideBySide(WAITING));
  await step('live tests alone', oneByOne(alone));
}
if (await labIsPossible('live tests as root', '--real-root')) {
  await step('live tests as root', oneByOne(asRoot, '--real-root'));
}
console.log(took.join(', '));
console.log(failed.length === 0 ? 'all green' : `failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function testFiles() {
  const all = readdirSync(`${root}dist/test`, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => `dist/test/${name}`)
    .sort();
  const gone = WAITING.filter((name) => !all.includes(name));
  if (gone.length > 0) throw new Error(`no such test: ${gone}`);
  const isLive = (name) => name.startsWith('dist/test/live/');
  const isAsRoot = (name) => name.startsWith('dist/test/live-root/');
  return {
    unit: all.filter((name) => !isLive(name) && !isAsRoot(name)),
    alone: all.filter((name) => isLive(name) && !WAITING.includes(name)),
    asRoot: all.filter(isAsRoot),
  };
}

function inLab(words, ...options) {
  return [node, 'dist/src/entry/main.js', 'lab', ...options, '--', ...words];
}

/** Where this machine forbids the lab, a developer goes on with the unit tests; CI must not. */
async function labIsPossible(name, ...options) {
  const { code } = await run(inLab([node, '-e', '0'], ...options), 60);
  if (code !== LAB_IMPOSSIBLE || ci) return true;
  console.log(`${name} skipped: no such lab on this machine, see above why`);
  return false;
}

function oneByOne(files, ...options) {
  return run(inLab([...nodeTest, '--test-concurrency=1', ...files], ...options), 1800);
}

/** Each file in a lab of its own. What it prints is passed on in one piece, once it has ended. */
async function sideBySide(files) {
  const left = [...files];
  const ends = [];
  const lane = async () => {
    for (let file = left.shift(); file !== undefined; file = left.shift()) {
      const began = performance.now();
      const end = await run(inLab([...nodeTest, file]), 900, { apart: true });
      console.log(`${end.output}${file}: ${seconds(began)}`);
      ends.push({ file, ...end });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const wrong = ends.filter(({ code }) => code !== 0);
  const how = wrong.map((end) => `${end.file}: ${end.how}`).join(', ');
  return { code: wrong.length === 0 ? 0 : 1, how, output: ends.map(({ output }) => output).join('') };
}

async function step(name, work) {
  const began = performance.now();
  const { code, how, output } = await work;
  took.push(`${name} ${seconds(began)}`);
  if (code !== 0) {
    failed.push(name);
    console.log(`${name}: ${how}`);
  }
  // Counted by the reporter's mark: its own count leaves out whole suites.
  const skipped = stripVTControlCharacters(output).match(/^\s*﹣ .*/gm) ?? [];
  if (ci && skipped.length > 0) failed.push(`skipped, which CI does not allow: ${skipped.map((one) => one.trim())}`);
}

function seconds(began) {
  return `${((performance.now() - began) / 1000).toFixed(0)} s`;
}

/**
 * Runs `words` in a process group of its own, keeps its output and passes it on, unless that is kept `apart`; ends the whole group
 * after `limit` seconds.
 */
function run(words, limit, { apart = false } = {}) {
  const [command, ...args] = bound(words);
  const env = process.stdout.isTTY ? { ...process.env, FORCE_COLOR: '1' } : process.env;
  const child = spawn(command, args, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'inherit'], env });
  running.add(child);
  let [output, late] = ['', false];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    if (!apart) process.stdout.write(text);
  });
  const timer = setTimeout(() => {
    late = true;
    killGroup(child);
  }, limit * 1000);
  return new Promise((resolve) => {
    const done = (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, output, how: late ? `not done after ${limit} s, ended` : `exit ${code}` });
    };
    child.once('error', (error) => {
      console.log(error.message);
      done(127);
    });
    child.once('exit', () => killGroup(child)); // what it left behind would keep the pipe open
    child.once('close', (code, signal) => done(code ?? signal));
  });
}

/** Lets the kernel end the child when this script is killed by what can't be caught. */
function bound(words) {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
  return setpriv === undefined ? words : [setpriv, '--pdeathsig', 'KILL', ...words];
}

function killGroup(child) {
  try {
    if (child?.pid) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has gone by itself
  }
}
