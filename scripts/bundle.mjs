// Bundles the programs of dist/src/entry/ into dist/bundle/entry/: node then reads a dozen files instead of hundreds. All lie in
// one folder, for each finds the others beside itself (src/entry/programs.ts), and as deep as before, for package.json is
// found by counting folders. Native packages stay outside.
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const entries = `${root}dist/src/entry/`;
const { optionalDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

await build({
  entryPoints: readdirSync(entries)
    .filter((name) => name.endsWith('.js'))
    .map((name) => entries + name),
  outdir: `${root}dist/bundle/entry`,
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: ['koffi', ...Object.keys(optionalDependencies)],
  // CommonJS packages in an ES module still ask for node's own modules by require.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  logLevel: 'warning',
});
chmodSync(`${root}dist/bundle/entry/main.js`, 0o755);
