// What `npm publish` would send, judged by publint and by are-the-types-wrong: entry points that exist, types that resolve.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The package is for `import` alone; who requires it, or resolves as Node 10 did, is told so by Node itself. */
const NOT_FOR_US = ['CJSResolvesToESM', 'NoResolution'];

const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-package-'));
try {
  // The build that was just tested, without the scripts around packing.
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename, size, entryCount }] = JSON.parse(execFileSync('npm', words, { cwd: root, encoding: 'utf8' }));
  const tarball = readFileSync(join(folder, filename));
  const problems = [...(await byPublint(tarball)), ...(await byTypes(tarball))];
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

async function byTypes(tarball) {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  if (analysis.types === false) return ['types: none found'];
  return analysis.problems
    .filter(({ kind }) => !NOT_FOR_US.includes(kind))
    .map((problem) => `types: ${JSON.stringify(problem)}`);
}
