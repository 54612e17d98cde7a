// What `npm publish` would send, judged by publint and by are-the-types-wrong: entry points that exist, types that resolve; with the
// licence of all that it has of others, and a bill of materials that names it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { LICENCES, SBOM } from './notices.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The package is for `import` alone; who requires it, or resolves as Node 10 did, is told so by Node itself. */
const NOT_FOR_US = ['CJSResolvesToESM', 'NoResolution'];

const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-package-'));
try {
  // The build that was just tested, without the scripts around packing.
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename, size, entryCount }] = JSON.parse(execFileSync('npm', words, { cwd: root, encoding: 'utf8' }));
  const tarball = readFileSync(join(folder, filename));
  const problems = [
    ...(await byPublint(tarball)),
    ...(await byTypes(tarball)),
    ...byDeclarations(join(folder, filename)),
    ...byNotices(join(folder, filename)),
  ];
  console.log(`package: ${entryCount} files, ${(size / 1e6).toFixed(2)} MB packed, ${problems.length} problems`);
  for (const problem of problems) console.log(`  ${problem}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function byPublint(tarball) {
  const { messages, pkg } = await publint({ pack: { tarball: Uint8Array.from(tarball).buffer }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, pkg)}`);
}

/** Whoever compiles against our declarations needs the types of Node that they name, and whoever does not, does not. */
function byDeclarations(tarball) {
  const inside = (...words) =>
    execFileSync('tar', ['-xzOf', tarball, ...words], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const named = /from ['"]node:|\bBuffer\b|\bNodeJS\./.test(inside('--wildcards', 'package/dist/src/*.d.ts'));
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(inside('package/package.json'));
  const wanted = peerDependencies?.['@types/node'] !== undefined;
  if (named !== wanted)
    return [`package.json: @types/node is ${wanted ? 'wanted and not needed' : 'needed by the types'}`];
  return wanted && peerDependenciesMeta?.['@types/node']?.optional !== true
    ? ['package.json: @types/node is not optional']
    : [];
}

/** Held against package.json and the lockfile, not against what made them. */
function byNotices(tarball) {
  const inside = (path) => execFileSync('tar', ['-xzOf', tarball, `package/${path}`], { encoding: 'utf8' });
  const { dependencies, optionalDependencies, bundleDependencies } = JSON.parse(inside('package.json'));
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { components, dependencies: edges } = JSON.parse(inside(`dist/bundle/${SBOM}`));
  const licences = inside(`dist/bundle/${LICENCES}`);
  const bom = new Map(components.map(({ name, version, properties }) => [`${name} ${version}`, properties[0].value]));
  const label = (path, version) => `${path.slice(path.lastIndexOf('node_modules/') + 13)} ${version}`;
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  const listed = installed.map(([path, { version }]) => label(path, version));
  // koffi and what is optional are native: npm installs them beside the package.
  const native = ['koffi', ...Object.keys(optionalDependencies)];
  const shipped = [...Object.keys(dependencies).filter((name) => !native.includes(name)), ...bundleDependencies];
  const refs = new Set(components.map((one) => one['bom-ref']));
  return [
    ...listed.filter((one) => !bom.has(one)).map((one) => `${SBOM}: does not name ${one}`),
    ...shipped
      .filter((name) => bom.get(label(`node_modules/${name}`, packages[`node_modules/${name}`].version)) !== 'true')
      .map((name) => `${SBOM}: does not say that ${name} is shipped`),
    ...edges.flatMap(({ dependsOn }) => dependsOn.filter((ref) => !refs.has(ref))).map((ref) => `${SBOM}: no ${ref}`),
    ...[...bom]
      .filter(([one, isShipped]) => isShipped === 'true' && !licences.includes(`\n${one} (`))
      .map(([one]) => `${LICENCES}: nothing of ${one}`),
    ...components.filter(({ licenses }) => !licenses).map(({ name }) => `${SBOM}: ${name} has no licence`),
  ];
}

async function byTypes(tarball) {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  if (analysis.types === false) return ['types: none found'];
  return analysis.problems
    .filter(({ kind }) => !NOT_FOR_US.includes(kind))
    .map((problem) => `types: ${JSON.stringify(problem)}`);
}
