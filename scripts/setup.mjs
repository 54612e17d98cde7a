// Makes a machine and a checkout ready to run: system packages, npm packages, the build. Says what it does, does only what is
// missing, and takes well under a second when nothing is. Plain JavaScript without dependencies: it runs before they exist.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (text) => console.error(`setup: ${text}`);

/** Commands and headers that building and the lab need, and the Debian packages they come in. */
const SYSTEM = [
  { what: 'g++', package: 'g++', there: () => onPath('g++') || onPath('clang++'), builds: true },
  { what: 'make', package: 'make', there: () => onPath('make'), builds: true },
  { what: 'python3', package: 'python3', there: () => onPath('python3'), builds: true },
  { what: 'pcap/pcap.h', package: 'libpcap-dev', there: () => header('pcap/pcap.h'), builds: true },
  { what: 'ip', package: 'iproute2', there: () => onPath('ip'), builds: false },
  {
    what: 'unshare, nsenter, setpriv',
    package: 'util-linux',
    there: () => ['unshare', 'nsenter', 'setpriv'].every(onPath),
    builds: false,
  },
];
/** Programs that judge us from outside in the tests. Elsewhere such a test says that it is skipped; in CI none may be. */
const WITNESSES = [
  { what: 'tcpdump', package: 'tcpdump', there: () => onPath('tcpdump'), builds: false },
  { what: 'tshark', package: 'tshark', there: () => onPath('tshark'), builds: false },
  { what: 'nft', package: 'nftables', there: () => onPath('nft'), builds: false },
  { what: 'groff', package: 'groff-base', there: () => onPath('groff'), builds: false },
  { what: 'chromium', package: 'chromium', there: () => onPath('chromium'), builds: false },
];
/** SYSTEM for other distributions, where we don't install but can say what is wanted. */
const ELSEWHERE = [
  ['dnf', 'sudo dnf install gcc-c++ make python3 libpcap-devel iproute util-linux'],
  ['zypper', 'sudo zypper install gcc-c++ make python3 libpcap-devel iproute2 util-linux'],
  ['pacman', 'sudo pacman -S base-devel python libpcap iproute2 util-linux'],
  ['apk', 'doas apk add build-base python3 libpcap-dev iproute2 util-linux linux-headers'],
];

process.exitCode = checkNode() && installSystem() && installPackages() && build() && (await keepCode()) ? 0 : 1;

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (process.platform === 'linux' && (major > 20 || (major === 20 && minor >= 19))) return true;
  say(`needs Linux and Node 20.19 or newer; this is ${process.platform} and Node ${process.versions.node}`);
  return false;
}

/** What builds is only wanted while the native packages are not built. */
function installSystem() {
  const built = ['raw-socket/build/Release/raw.node', 'cap/build/Release/cap.node'].every(inModules);
  const wanted = inCi() ? [...SYSTEM, ...WITNESSES] : SYSTEM;
  const missing = wanted.filter(({ there, builds }) => !(builds && built) && !there());
  if (missing.length === 0) return true;
  const packages = missing.map((one) => one.package);
  say(`missing: ${missing.map(({ what }) => what).join(', ')}`);
  if (!onPath('apt-get')) {
    const [, command] = ELSEWHERE.find(([tool]) => onPath(tool)) ?? [];
    say(command ? `please run: ${command}` : `please install what Debian calls ${packages.join(' ')}`);
    return false;
  }
  const asRoot = process.getuid() === 0 ? [] : sudo();
  if (asRoot === undefined) {
    say(`please run as root: apt-get update && apt-get install -y ${packages.join(' ')}`);
    return false;
  }
  const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  const install = [...apt, 'install', '-y', '--no-install-recommends', ...packages];
  // The package lists of a fresh machine are empty or old: fetch them only when what there is does not do.
  say(install.join(' '));
  if (run(install, true) || (run([...apt, 'update']) && run(install))) return wanted.every(({ there }) => there());
  say(`could not install them; please run: ${['sudo', ...install.slice(asRoot.length)].join(' ')}`);
  return false;
}

function inCi() {
  return !['', '0', 'false'].includes(process.env.CI ?? '');
}

/** How to become root: without a password, or by asking where somebody can answer. */
function sudo() {
  if (!onPath('sudo')) return undefined;
  if (spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) return ['sudo', '-n'];
  return process.stdin.isTTY ? ['sudo'] : undefined;
}

function installPackages() {
  if (!upToDate() && !run(['npm', 'ci'])) {
    say('npm ci failed: is the package registry reachable? See its messages above.');
    return false;
  }
  const broken = ['raw-socket', 'cap'].filter((name) => !loads(name));
  // npm may have been told to run no install scripts, or Node is another than the one it was built for. Not npm rebuild:
  // that passes over raw-socket, which is bundled, and calls it a success.
  for (const name of broken) run(['npm', 'explore', name, '--', 'node-gyp', 'rebuild']);
  for (const name of broken.filter((one) => !loads(one))) {
    const lacking = SYSTEM.filter(({ builds, there }) => builds && !there()).map((one) => one.package);
    const why = lacking.length > 0 ? `install ${lacking.join(' ')}, then` : 'the messages above say why; then';
    say(
      `${name} could not be built and is left out (the drivers that do without it work): ${why} node scripts/setup.mjs`,
    );
  }
  return true;
}

/**
 * npm writes what it installed to node_modules/.package-lock.json, last of all. What it has must be what the lockfile wants;
 * it leaves out only what is optional. Times of change would do, if every checkout did not change them.
 */
function upToDate() {
  if (!inModules('.package-lock.json')) return false;
  const packagesOf = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  const installed = packagesOf('node_modules/.package-lock.json');
  return Object.entries(packagesOf('package-lock.json')).every(
    ([path, { version, optional }]) =>
      path === '' || (installed[path] === undefined ? optional === true : installed[path].version === version),
  );
}

function loads(name) {
  // Where it is built the file loads; only a fresh process can tell without ending this one with it.
  const probe = spawnSync(process.execPath, ['-e', `require('${name}')`], { cwd: root, stdio: 'ignore' });
  return probe.status === 0;
}

function build() {
  const scripts = ['build', 'bundle', 'notices'].map((name) => `scripts/${name}.mjs`);
  const sources = ['src', 'test', 'examples', 'tsconfig.json', 'package.json', 'package-lock.json', ...scripts].map(
    newest,
  );
  const stamp = join(root, 'dist/bundle/udp-ufo.1'); // written last: without it a build failed, or was broken off
  if (existsSync(stamp) && statSync(stamp).mtimeMs > Math.max(...sources)) return true;
  say('building');
  return run([process.execPath, 'scripts/build.mjs']);
}

/** The build makes it, but another Node may have come since, which compiles until it has its own. */
async function keepCode() {
  const { CachedProgram } = await import(`${root}dist/src/cli/code-cache.js`);
  if (new CachedProgram(join(root, 'dist/bundle/entry/program.js')).isCached) return true;
  run([process.execPath, 'dist/bundle/entry/keep-code.js']); // without it all works, if slower
  return true;
}

/** When anything in `path` last changed, in ms; the folders count too, for files that have gone. */
function newest(path) {
  const full = join(root, path);
  if (!existsSync(full)) return 0;
  const { mtimeMs } = statSync(full);
  if (!statSync(full).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(full).map((name) => newest(join(path, name))));
}

function run(words, quiet = false) {
  const [command, ...args] = words;
  if (!quiet) say(words.join(' '));
  const env = { ...process.env, ...nodeHeaders() };
  return spawnSync(command, args, { cwd: root, stdio: quiet ? 'ignore' : ['inherit', 2, 2], env }).status === 0;
}

/** node-gyp downloads Node's headers unless it is told where they are; npm 11 warns about the name, and passes it on. */
function nodeHeaders() {
  const nodedir = join(dirname(process.execPath), '..');
  return existsSync(join(nodedir, 'include/node/node.h')) ? { npm_config_nodedir: nodedir } : {};
}

function onPath(name) {
  // /sbin is not on everybody's path, and `ip` lives there.
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function header(name) {
  return ['/usr/include', '/usr/local/include'].some((folder) => existsSync(join(folder, name)));
}

function inModules(name) {
  return existsSync(join(root, 'node_modules', name));
}
