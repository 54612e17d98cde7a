// Assembles the .wat files of src/ by wabt and writes the octets as TypeScript files, which are committed: building or
// using udp-ufo needs no assembler. `--check` only compares. Run it after changing a .wat file.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { kernelModule } from './kernel.mjs';

const src = fileURLToPath(new URL('../src/', import.meta.url));

for (const path of [
  'memory/sum',
  'memory/summary',
  'memory/segment',
  'memory/match',
  'tx/frame',
  'verify/whole/judge',
]) {
  const source = `${src}${path}-kernel.wat`;
  const target = `${src}${path}-kernel-bytes.generated.ts`;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const text = kernelModule(source, readFileSync(source, 'utf8'));
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${target} is not what ${name}-kernel.wat gives: run scripts/build-kernel.mjs`);
    process.exitCode = 1;
  }
}
