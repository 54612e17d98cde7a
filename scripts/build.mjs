// Compiles src/, test/ and examples/ into dist/, from scratch so that nothing deleted lives on.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', root], { stdio: 'inherit' });
if (existsSync(`${root}dist/src/cli/main.js`)) chmodSync(`${root}dist/src/cli/main.js`, 0o755);
process.exitCode = tsc.status ?? 1;
