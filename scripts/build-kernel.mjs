// Assembles the .wat files of src/ by wabt and writes the octets as TypeScript files, which are committed: building or
// using udp-ufo needs no assembler. `--check` only compares. Run it after changing a .wat file.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const src = fileURLToPath(new URL('../src/', import.meta.url));
const features = { simd: true, threads: true, bulk_memory: true };
const { parseWat } = await wabt();

for (const path of ['memory/sum', 'memory/summary', 'memory/segment', 'tx/af-xdp/frame']) {
  const source = `${src}${path}-kernel.wat`;
  const target = `${src}${path}-kernel-bytes.generated.ts`;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const kernel = parseWat(source, readFileSync(source, 'utf8'), features);
  kernel.validate(features);
  const { buffer } = kernel.toBinary({});
  const lines = [];
  for (let at = 0; at < buffer.length; at += 20) lines.push(`  ${[...buffer.subarray(at, at + 20)].join(', ')},`);
  const text = `// Made by scripts/build-kernel.mjs from ${name}-kernel.wat. Do not edit.
/** The SIMD kernel as a WebAssembly module, ${buffer.length} octets. */
export const ${name.toUpperCase()}_KERNEL_BYTES: Uint8Array = Uint8Array.of(
${lines.join('\n')}
);
`;
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${target} is not what ${name}-kernel.wat gives: run scripts/build-kernel.mjs`);
    process.exitCode = 1;
  }
}
