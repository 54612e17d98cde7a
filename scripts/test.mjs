// Typecheck, lint, the package, then every compiled test on an explicit list of files (directories and globs differ between Node
// versions): the unit tests here, the live ones inside the lab, those that need the machine's own root in a lab of that. Every
// step is bounded; whatever ends this script ends its children.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const ci = ![undefined, '', '0', 'false'].includes(process.env.CI);
const node = process.execPath;
/** One hanging test is named and ended by the runner long before the step's own limit. */
const nodeTest = [node, '--test', '--test-reporter=spec', '--test-timeout=600000'];
const LAB_IMPOSSIBLE = 3;

let running;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    killGroup(running);
    process.kill(process.pid, signal);
  });
}

const { unit, live, liveRoot } = testFiles();
const failed = [];
/** How long each part took. */
const took = [];
await step('typecheck', 300, [node, 'node_modules/typescript/bin/tsc', '--noEmit']);
await step('lint', 120, [node, 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']);
await step('package', 120, [node, 'scripts/check-package.mjs']);
refuseSkipped((await step('unit tests', 900, [...nodeTest, ...unit])).output);
if (live.length > 0) await liveTests('live tests', [], live);
if (liveRoot.length > 0) await liveTests('live tests as root', ['--real-root'], liveRoot);
console.log(took.join(', '));
console.log(failed.length === 0 ? 'all green' : `failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Where this machine forbids the lab, a developer goes on with the unit tests; CI must not. */
async function liveTests(name, labOptions, files) {
  const lab = [node, 'dist/src/entry/main.js', 'lab', ...labOptions, '--'];
  const possible = (await run([...lab, node, '-e', '0'], 60)).code;
  if (possible === LAB_IMPOSSIBLE && !ci) {
    console.log(`${name} skipped: no such lab on this machine, see above why`);
    return;
  }
  const { output } = await step(name, 2400, [...lab, ...nodeTest, '--test-concurrency=1', ...files]);
  refuseSkipped(output);
}

/** Counted by the reporter's mark: its own count leaves out whole suites. */
function refuseSkipped(output) {
  const skipped = stripVTControlCharacters(output).match(/^\s*﹣ .*/gm) ?? [];
  if (ci && skipped.length > 0) failed.push(`skipped, which CI does not allow: ${skipped.map((one) => one.trim())}`);
}

function testFiles() {
  const all = readdirSync(`${root}dist/test`, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => `dist/test/${name}`)
    .sort();
  const isLive = (name) => name.startsWith('dist/test/live/');
  const isLiveRoot = (name) => name.startsWith('dist/test/live-root/');
  const unit = all.filter((name) => !isLive(name) && !isLiveRoot(name));
  return { unit, live: all.filter(isLive), liveRoot: all.filter(isLiveRoot) };
}

async function step(name, seconds, words) {
  const began = performance.now();
  const result = await run(words, seconds);
  took.push(`${name} ${((performance.now() - began) / 1000).toFixed(0)} s`);
  if (result.code !== 0) {
    failed.push(name);
    console.log(`${name}: ${result.late ? `not done after ${seconds} s, ended` : `exit ${result.code}`}`);
  }
  return result;
}

/** Runs `words` in a process group of its own, passes its output on and keeps it; ends the whole group after `seconds`. */
function run(words, seconds) {
  const [command, ...args] = bound(words);
  const env = process.stdout.isTTY ? { ...process.env, FORCE_COLOR: '1' } : process.env;
  const child = spawn(command, args, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'inherit'], env });
  running = child;
  let [output, late] = ['', false];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    process.stdout.write(text);
  });
  const timer = setTimeout(() => {
    late = true;
    killGroup(child);
  }, seconds * 1000);
  return new Promise((resolve) => {
    const done = (code) => {
      clearTimeout(timer);
      running = undefined;
      resolve({ code, output, late });
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
