// Compiles src/, test/ and examples/ into dist/, from scratch so that nothing deleted lives on.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', root], { stdio: 'inherit' });
if (tsc.status === 0) {
  chmodSync(`${root}dist/src/entry/main.js`, 0o755);
  // What npm does with "bin" for those who install: the command by its name, also for commands inside the lab.
  mkdirSync(`${root}dist/bin`);
  symlinkSync('../bundle/entry/main.js', `${root}dist/bin/udp-ufo`);
  await import('./bundle.mjs'); // last: what it writes at its end says to setup.mjs that all is built
}
process.exitCode = tsc.status ?? 1;
