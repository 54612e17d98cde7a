/**
 * Makes the code that `main` starts the bundled program with (cli/code-cache): runs once after the build, and once where the
 * package is installed, for the code is of one Node. The program runs some command lines here, each in a process of its own that
 * begins with the code of those before; they need no privilege, send nothing, and write into a folder of their own.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CachedProgram } from '../cli/code-cache.js';

const PROGRAM = fileURLToPath(new URL('./program.js', import.meta.url));
const FLOW = '--source 192.0.2.1:1 --destination 192.0.2.2:2 --size 65507';
const LINES = [
  `segment ${FLOW} --pcap x.pcap`,
  'verify -r x.pcap',
  'send 127.0.0.1:9 --size 65507 --mtu 1500 --dry-run',
];
/** For each; whoever builds or installs shall not hang. */
const TIMEOUT_MS = 30_000;

if (process.argv.length > 2) keepCodeOf(new CachedProgram(PROGRAM));
else if (!new CachedProgram(PROGRAM).isCached) runAll();

function runAll(): void {
  const cwd = mkdtempSync(join(tmpdir(), 'udp-ufo-'));
  const self = fileURLToPath(import.meta.url);
  try {
    for (const line of LINES) {
      spawnSync(process.execPath, [self, ...line.split(' ')], { cwd, stdio: 'ignore', timeout: TIMEOUT_MS });
    }
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** The command line of this process is the program's. */
function keepCodeOf(program: CachedProgram): void {
  process.once('exit', () => program.keep());
  program.run();
}
