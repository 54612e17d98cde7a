/**
 * Makes the code that `main` starts the bundled program with (cli/code-cache): runs once after the build, and once where the
 * package is installed, for the code is of one Node. The program runs some command lines here, each in a process of its own that
 * begins with the code of those before; they need no privilege, send nothing, and write into a folder of their own.
 */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CachedProgram, keepCode } from '../cli/code-cache.js';

const PROGRAM = fileURLToPath(new URL('./program.js', import.meta.url));
const FLOW = '--source 192.0.2.1:1 --destination 192.0.2.2:2 --size 65507';
const LINES = [
  `segment ${FLOW} --pcap x.pcap`,
  'verify -r x.pcap',
  'send 127.0.0.1:9 --size 65507 --mtu 1500 --dry-run',
];
/** For each; whoever builds or installs shall not hang. */
const TIMEOUT_MS = 30_000;
/** Where a process that runs one of them writes the code. */
const CODE_FD = 3;

if (process.argv.length > 2) keepCodeOf(new CachedProgram(PROGRAM));
else if (!new CachedProgram(PROGRAM).isCached) runAll();

function runAll(): void {
  const cwd = mkdtempSync(join(tmpdir(), 'udp-ufo-'));
  const self = fileURLToPath(import.meta.url);
  try {
    for (const line of LINES) {
      keepCode(PROGRAM, (fd) => {
        const options: SpawnSyncOptions = { cwd, stdio: ['ignore', 'ignore', 'ignore', fd], timeout: TIMEOUT_MS };
        const { status } = spawnSync(process.execPath, [self, ...line.split(' ')], options);
        if (status !== 0) failed(line);
        return status === 0;
      });
    }
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** No harm is done: what is not kept is compiled. */
function failed(line: string): void {
  console.error(`udp-ufo ${line}: failed, and its code is not kept`);
  process.exitCode = 1;
}

/** The command line of this process is the program's, which may give its privileges up. */
function keepCodeOf(program: CachedProgram): void {
  process.once('exit', () => writeFileSync(CODE_FD, program.code()));
  program.run();
}
