// The package as others get it: `npm pack`, an empty project, the tarball and nothing else installed by each Node that there is a
// binary of on npm, with a compiler and libpcap's headers, without these headers, and without either; then the command line and the
// library at work there. NODES=20,26 chooses, TARBALL=FILE takes one that was packed before. Needs the package registry, some
// minutes, and 1 GB of room meanwhile.
import { spawnSync } from 'node:child_process';
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

const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-matrix-'));
const npm = realpathSync(process.env.npm_execpath ?? join(process.execPath, '../npm'));
const rows = [];
try {
  const tarball = process.env.TARBALL ?? pack();
  const plainPath = withoutCompiler();
  for (const version of NODES) {
    const node = fetchNode(version);
    for (const [machine, { loads, hides }] of Object.entries(MACHINES)) {
      const began = performance.now();
      const problems = tryOut({ node, tarball, machine, loads, hides, plainPath });
      rows.push(problems);
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      console.log(`Node ${version}, ${machine}: ${problems.length === 0 ? 'right' : 'WRONG'} (${seconds} s)`);
      for (const problem of problems) console.log(`  ${problem}`);
    }
    const other = otherNode(version);
    for (const problem of other) console.log(`  ${problem}`);
    rows.push(other);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = rows.every((problems) => problems.length === 0) ? 0 : 1;

function pack() {
  const words = ['pack', '--json', '--pack-destination', folder];
  const { stdout } = must(
    spawnSync(process.execPath, [npm, ...words], { cwd: root, encoding: 'utf8', timeout: 900_000 }),
  );
  return join(folder, JSON.parse(stdout.slice(stdout.indexOf('[\n')))[0].filename);
}

/** The folder of a Node of that version, headers included. */
function fetchNode(version) {
  const at = join(folder, `node-${version}`);
  mkdirSync(at);
  writeFileSync(join(at, 'package.json'), '{"private":true}');
  const words = [
    'install',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `node@npm:node-linux-${process.arch}@${version}`,
  ];
  must(spawnSync(process.execPath, [npm, ...words], { cwd: at, encoding: 'utf8', timeout: 300_000 }));
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
function tryOut({ node, tarball, machine, loads, hides, plainPath }) {
  const project = join(folder, `${node.split('/').at(-3)} ${machine}`.replaceAll(' ', '-'));
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"name":"empty","version":"1.0.0","private":true,"type":"module"}');
  const path = hides === 'compiler' ? plainPath : process.env.PATH;
  const env = { ...process.env, PATH: `${node}/bin${delimiter}${path}`, npm_config_nodedir: node, NO_COLOR: '1' };
  if (hides === 'compiler') Object.assign(env, { CC: '/bin/false', CXX: '/bin/false' });
  const run = (words) => spawnSync(words[0], words.slice(1), { cwd: project, env, encoding: 'utf8', timeout: 300_000 });
  const install = ['node', npm, 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball];
  const installed = run(hides === 'headers' ? withoutHeaders(install) : install);
  if (installed.status !== 0) return [`npm install: exit ${installed.status}: ${installed.stderr}`];
  return [...native(run, loads), ...atWork(run, project, loads)];
}

/** An empty folder lies over that of the headers, for this command only. */
function withoutHeaders(words) {
  const script = `mount -t tmpfs none ${HEADERS} && exec "$@"`;
  return existsSync(HEADERS) ? ['unshare', '-Urm', 'sh', '-c', script, 'sh', ...words] : words;
}

function native(run, loads) {
  const { stdout } = run(['node_modules/.bin/udp-ufo', 'doctor', '--json']);
  const checks = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  return ['koffi', 'raw-socket', 'cap'].flatMap((name) => {
    const text = JSON.stringify(checks).match(new RegExp(`{"name":"${name}","state":"(\\w+)","value":"([^"]*)"`)) ?? [];
    const want = loads.includes(name) ? 'ok' : 'missing';
    return text[1] === want ? [] : [`doctor: ${name} is ${text[1]} (${text[2]}), want ${want}`];
  });
}

/** Each command line with the exit code and the words that it must give. */
function atWork(run, project, loads) {
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
  return cases.flatMap(([words, code, text]) => {
    const { status, stdout, stderr } = run(words);
    const said = `${stdout}${stderr}`;
    if (status === code && said.includes(text)) return [];
    return [`${words.slice(0, 4).join(' ')}: exit ${status}, want ${code} and "${text}": ${said.slice(-600)}`];
  });
}

/** What one Node has installed, run by another: it must say so, and go on without. */
function otherNode(version) {
  const project = join(folder, `node-${version}-compiler-and-headers`);
  const main = join(project, 'node_modules/udp-ufo/dist/bundle/entry/main.js');
  if (process.versions.node.split('.')[0] === version || !existsSync(main)) return [];
  const { status, stderr } = spawnSync(
    process.execPath,
    [main, 'lab', '--', process.execPath, main, 'send', '192.0.2.2:9', '--size', '9'],
    {
      ...{ cwd: project, encoding: 'utf8', timeout: 60_000 },
    },
  );
  if (status === 3 && /built for another Node[\s\S]*npm explore udp-ufo\/node_modules\/raw-socket/.test(stderr))
    return [];
  return [`built by Node ${version}, run by ${process.version}: exit ${status}: ${stderr}`];
}

function must(result) {
  if (result.status === 0) return result;
  throw new Error(`exit ${result.status ?? result.signal}: ${result.stdout}${result.stderr}${result.error ?? ''}`);
}
