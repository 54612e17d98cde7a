// Makes a checkout ready to run: npm packages, then the build. Quick when nothing is missing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (command, ...args) => spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;
let ok = existsSync(`${root}node_modules/koffi`) || run('npm', 'ci');
ok = ok && run(process.execPath, 'scripts/build.mjs');
process.exitCode = ok ? 0 : 1;
