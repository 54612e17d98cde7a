// Bundles the programs of dist/src/entry/ into dist/bundle/entry/, each a single file: node reads one instead of hundreds, and
// what a command does not use is parsed but not run. All lie in one folder, for each finds the others beside itself
// (src/entry/programs.ts), and as deep as before, for package.json is found by counting folders. Native packages stay outside.
// They are CommonJS: V8 can keep the code of such a program (src/cli/code-cache.ts), and Node starts it without the loader of
// ES modules.
// `main` alone holds nothing but the way to the help texts, which are made here, and to `program`.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeNotices } from './notices.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const entries = `${root}dist/src/entry/`;
const bundle = `${root}dist/bundle`;
const { optionalDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

rmSync(bundle, { recursive: true, force: true });
const programs = readdirSync(entries).filter((name) => /^(?!programs\.).*\.js$/.test(name));
/**
 * Node's own modules are asked for where a module of ours that needs them begins to work. As imports they would all come first,
 * for every command: worker threads, zlib, readline, name service.
 */
const lazyBuiltins = {
  name: 'lazy builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, namespace }) =>
      namespace === 'builtin' ? { path, external: true } : { path, namespace: 'builtin' },
    );
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};
const common = {
  outdir: `${bundle}/entry`,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  minifyWhitespace: true,
  minifySyntax: true,
  supported: { 'dynamic-import': false }, // require does
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
  absWorkingDir: root,
  metafile: true,
  plugins: [lazyBuiltins],
};
mkdirSync(bundle, { recursive: true });
writeFileSync(`${bundle}/package.json`, '{ "type": "commonjs" }\n');
const parts = await build({
  ...common,
  entryPoints: programs.filter((name) => name !== 'main.js').map((name) => entries + name),
  external: ['koffi', ...Object.keys(optionalDependencies)],
});
const main = await build({ ...common, entryPoints: [`${entries}main.js`], external: ['./program.js'] });
chmodSync(`${bundle}/entry/main.js`, 0o755);
writeNotices(
  bundle,
  [parts, main].flatMap(({ metafile }) => Object.keys(metafile.inputs)),
);

const cli = `${root}dist/src/cli`;
const { READY_WIDTHS, readyFile } = await import(`${cli}/ready-text.js`);
const { helpText } = await import(`${cli}/help.js`);
const { COMMANDS } = await import(`${cli}/commands.js`);
for (const width of READY_WIDTHS) {
  const names = [undefined, ...COMMANDS.map(({ name }) => name)];
  const texts = await Promise.all(names.map(async (name) => [name ?? '', await helpText(name, COMMANDS, width)]));
  writeFileSync(`${bundle}/${readyFile(width)}`, JSON.stringify(Object.fromEntries(texts)));
}

spawnSync(process.execPath, [`${bundle}/entry/keep-code.js`], { stdio: 'inherit' }); // without it all works, if slower

const { manPage } = await import(`${cli}/man-page.js`);
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
writeFileSync(`${bundle}/udp-ufo.1`, manPage(COMMANDS, version, new Date().toISOString().slice(0, 10)));
