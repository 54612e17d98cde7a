// What the tarball takes along: a fresh build, and raw-socket (bundled, see package.json) without what was compiled here.
// npm compiles it where it is installed; postpack, which is the set-up, does the same here again.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

await import('./build.mjs');
rmSync(fileURLToPath(new URL('../node_modules/raw-socket/build', import.meta.url)), { recursive: true, force: true });
