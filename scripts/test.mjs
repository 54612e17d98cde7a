// Typecheck, lint, then every compiled test on an explicit list of files (directories and globs differ between Node versions).
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (command, ...args) => spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;
const files = (under) =>
  readdirSync(`${root}dist/test/${under}`, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => `dist/test/${under}${name}`)
    .sort();
const live = files('live/');
const unit = files('').filter((name) => !name.startsWith('dist/test/live/'));

const node = process.execPath;
let ok =
  run(node, 'node_modules/typescript/bin/tsc', '--noEmit') &&
  run('node_modules/.bin/biome', 'check', '--error-on-warnings', '.');
ok = run(node, '--test', '--test-reporter=spec', ...unit) && ok;
if (live.length > 0)
  ok = run(node, 'dist/src/cli/main.js', 'lab', '--', node, '--test', '--test-concurrency=1', ...live) && ok;
process.exitCode = ok ? 0 : 1;
