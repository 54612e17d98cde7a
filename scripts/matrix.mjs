// The package as others get it: `npm pack`, an empty project, the tarball and nothing else installed by each Node that there is a
// binary of on npm, with a compiler and libpcap's headers, without these headers, and without either; then the command line and the
// library at work there. NODES=20,26 chooses, TARBALL=FILE takes one that was packed before. Needs the package registry, some
// minutes, and 1 GB of room meanwhile.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const NODES = (process.env.NODES ?? '20,22,24,26').split(',');
const COMPILERS = /^(.*-)?(g\+\+|gcc|cc|c\+\+|clang|clang\+\+|cpp|make|gmake)(-[\d.]+)?$/;
const HEADERS = '/usr/include/pcap';
/** What a project may find on its machine, and which native packages must load there. */
const MACHINES = {
  'compiler and headers': { loads: ['koffi', 'raw-socket', 'cap'] },
  'no headers': { loads: ['koffi', 'raw-socket'], hides: 'headers' },
  'no compiler': { loads: ['koffi'], hides: 'compiler' },
};

const USE = `import { segment } from 'udp-ufo';
const ends = { source: { address: '192.0.2.1', port: 1 }, destination: { address: '192.0.2.2', port: 9 } };
console.log([...segment({ ...ends, payload: new Uint8Array(4000) })].length, 'fragments');
`;

/** The command that runs now, in a process group of its own, and the signal that has ended it and what would come after it. */
let running;
let stopped;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    stopped = signal;
    killGroup(running);
  });
}

const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-matrix-'));
const npm = realpathSync(process.env.npm_execpath ?? join(process.execPath, '../npm'));
const rows = [];
try {
  const tarball = process.env.TARBALL ?? (await pack());
  const plainPath = withoutCompiler();
  for (const version of NODES) await tryNode(version, tarball, plainPath);
} catch (error) {
  if (stopped === undefined) throw error;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = rows.every((problems) => problems.length === 0) ? 0 : 1;
if (stopped !== undefined) process.kill(process.pid, stopped);

/** npm prints what the package's own scripts print in front of its JSON: the folder says what it has packed. */
async function pack() {
  must(await run([process.execPath, npm, 'pack', '--pack-destination', folder], { cwd: root }, 900));
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz')),
  );
}

/** A Node that cannot be had is a problem of its own: the others are tried all the same. */
async function tryNode(version, tarball, plainPath) {
  let node;
  try {
    node = await fetchNode(version);
  } catch (error) {
    if (stopped !== undefined) throw error;
    return report(`Node ${version}`, [error.message]);
  }
  for (const [machine, { loads, hides }] of Object.entries(MACHINES)) {
    const began = performance.now();
    const problems = await tryOut({ node, tarball, machine, loads, hides, plainPath });
    report(`Node ${version}, ${machine}`, problems, `(${((performance.now() - began) / 1000).toFixed(0)} s)`);
  }
  const other = await otherNode(version);
  if (other !== null) report(`Node ${version}'s, run by ${process.version}`, other);
}

function report(what, problems, took = '') {
  rows.push(problems);
  console.log(`${what}: ${problems.length === 0 ? 'right' : 'WRONG'} ${took}`.trimEnd());
  for (const problem of problems) console.log(`  ${problem}`);
}

/** The folder of a Node of that version, headers included. */
async function fetchNode(version) {
  const at = join(folder, `node-${version}`);
  mkdirSync(at);
  writeFileSync(join(at, 'package.json'), '{"private":true}');
  const options = ['--no-audit', '--no-fund', '--ignore-scripts'];
  const words = ['install', ...options, `node@npm:node-linux-${process.arch}@${version}`];
  must(await run([process.execPath, npm, ...words], { cwd: at }, 300));
  return join(at, 'node_modules/node');
}

/** A PATH with everything that this one has but compilers and make. */
function withoutCompiler() {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const from of `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter)) {
    for (const name of existsSync(from) ? readdirSync(from) : []) {
      if (COMPILERS.test(name) || name === 'node' || existsSync(join(bin, name))) continue;
      try {
        symlinkSync(join(from, name), join(bin, name));
      } catch {} // a dangling one that there is already
    }
  }
  return bin;
}

/** What is not as it should be in an empty project that installs the tarball. */
async function tryOut({ node, tarball, machine, loads, hides, plainPath }) {
  const project = join(folder, `${node.split('/').at(-3)} ${machine}`.replaceAll(' ', '-'));
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"name":"empty","version":"1.0.0","private":true,"type":"module"}');
  const path = hides === 'compiler' ? plainPath : process.env.PATH;
  const env = { ...process.env, PATH: `${node}/bin${delimiter}${path}`, npm_config_nodedir: node, NO_COLOR: '1' };
  if (hides === 'compiler') Object.assign(env, { CC: '/bin/false', CXX: '/bin/false' });
  const runThere = (words) => run(words, { cwd: project, env }, 300);
  const install = ['node', npm, 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball];
  const installed = await runThere(hides === 'headers' ? withoutHeaders(install) : install);
  if (installed.status !== 0) return [`npm install: exit ${installed.status}: ${installed.stderr}`];
  return [...(await native(runThere, loads)), ...(await atWork(runThere, project, loads))];
}

/** An empty folder lies over that of the headers, for this command only. */
function withoutHeaders(words) {
  const script = `mount -t tmpfs none ${HEADERS} && exec "$@"`;
  return existsSync(HEADERS) ? ['unshare', '-Urm', 'sh', '-c', script, 'sh', ...words] : words;
}

async function native(runThere, loads) {
  const { status, stdout, stderr } = await runThere(['node_modules/.bin/udp-ufo', 'doctor', '--json']);
  let packages;
  try {
    ({ packages } = JSON.parse(stdout));
  } catch (error) {
    return [`doctor --json: exit ${status}: ${error.message}: ${stdout}${stderr}`];
  }
  return ['koffi', 'raw-socket', 'cap'].flatMap((name) => {
    const { state, value } = packages.find((one) => one.name === name) ?? {};
    const want = loads.includes(name) ? 'ok' : 'missing';
    return state === want ? [] : [`doctor: ${name} is ${state} (${value}), want ${want}`];
  });
}

/** Each command line with the exit code and the words that it must give. */
async function atWork(runThere, project, loads) {
  const ufo = (...words) => ['node_modules/.bin/udp-ufo', ...words];
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const driver = loads.includes('raw-socket') ? 'raw-socket' : 'packet-socket';
  writeFileSync(join(project, 'use.js'), USE);
  const cases = [
    [ufo('--version'), 0, version],
    [
      ufo('segment', '--source', '192.0.2.1:1', '--destination', '192.0.2.2:9', '--size', '65507', '-w', 'x.pcap'),
      0,
      '45 packets',
    ],
    [ufo('verify', '-r', 'x.pcap'), 0, 'good'],
    [['node', 'use.js'], 0, '3 fragments'],
    [
      ufo('lab', '--', ...ufo('send', '192.0.2.2:9', '--size', '65507', '--driver', driver, '--verify=far0')),
      0,
      'good',
    ],
    // The default driver is what the demo is about: without it there is none, and it says so.
    driver === 'raw-socket'
      ? [ufo('lab', '--', ...ufo('demo')), 0, 'Proven:']
      : [ufo('lab', '--', ...ufo('demo')), 3, 'npm leaves an optional package out'],
    ...(driver === 'raw-socket'
      ? []
      : [[ufo('lab', '--', ...ufo('send', '192.0.2.2:9', '--size', '9')), 3, 'packet-socket']]),
  ];
  const problems = [];
  for (const [words, code, text] of cases) {
    const { status, stdout, stderr } = await runThere(words);
    const said = `${stdout}${stderr}`;
    if (status === code && said.includes(text)) continue;
    problems.push(`${words.slice(0, 4).join(' ')}: exit ${status}, want ${code} and "${text}": ${said.slice(-600)}`);
  }
  return problems;
}

/** What one Node has installed, run by another: it must say so, and go on without. Null where there is nothing to try. */
async function otherNode(version) {
  const project = join(folder, `node-${version}-compiler-and-headers`);
  const main = join(project, 'node_modules/udp-ufo/dist/bundle/entry/main.js');
  if (major(process.versions.node) === major(version) || !existsSync(main)) return null;
  const send = [process.execPath, main, 'send', '192.0.2.2:9', '--size', '9'];
  const { status, stderr } = await run([process.execPath, main, 'lab', '--', ...send], { cwd: project }, 60);
  const told = /built for another Node[\s\S]*npm explore udp-ufo\/node_modules\/raw-socket/.test(stderr);
  return status === 3 && told ? [] : [`exit ${status}: ${stderr}`];
}

/** What native packages are built for: 20 of 20, of 20.19.0 and of v20.19. */
function major(version) {
  return /^v?(\d+)/.exec(version)?.[1];
}

/** Runs `words` to their end; after `seconds` they are ended, with all that they have started. */
async function run(words, options, seconds) {
  if (stopped !== undefined) throw new Error(stopped);
  const child = spawn(words[0], words.slice(1), { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  running = child;
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      said[name] += text;
    });
  }
  const timer = setTimeout(() => {
    said.stderr += `not done after ${seconds} s, ended`;
    killGroup(child);
  }, seconds * 1000);
  const [code, signal] = await once(child, 'close').catch((error) => [error.code, null]);
  clearTimeout(timer);
  running = undefined;
  if (stopped !== undefined) throw new Error(stopped);
  return { status: code ?? signal, ...said };
}

function killGroup(child) {
  try {
    if (child?.pid) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has gone by itself
  }
}

function must({ status, stdout, stderr }) {
  if (status !== 0) throw new Error(`exit ${status}: ${stdout}${stderr}`);
}
